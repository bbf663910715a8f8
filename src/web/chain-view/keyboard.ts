/** Walks from block to block by keys. */
import type { Signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { type BlockView, blocksAt } from '../state/blocks.ts';

interface Stage {
  readonly current: HTMLElement | null;
}

/**
 * Focuses a block as soon as it is drawn: one far away comes into sight only later. Until then the stage itself
 * has the focus, so that no key is lost.
 *
 * @returns takes an id, or the height of a block on the chain
 */
export function useBlockFocus(
  stage: Stage,
  selected: Signal<string | undefined>,
): (goal: string | number) => void {
  const wanted = useRef<string | number | undefined>(undefined);
  const reach = () => {
    const goal = wanted.current;
    const id = typeof goal === 'number' ? blocksAt(goal).find(({ state }) => state === 'chain')?.id : goal;
    const card = stage.current?.querySelector<HTMLElement>(`[data-block="${id}"]`);
    if (goal === undefined || card === null || card === undefined) return;
    wanted.current = undefined;
    selected.value = id;
    card.focus({ preventScroll: true });
  };
  // After every drawing.
  useLayoutEffect(reach);
  return (goal) => {
    wanted.current = goal;
    if (typeof goal === 'number') stage.current?.focus({ preventScroll: true });
    reach();
  };
}

/** The block an arrow key leads to. */
export function neighbour(
  key: string,
  blocks: readonly BlockView[],
  laneOf: ReadonlyMap<string, number>,
  from: string | undefined,
): BlockView | undefined {
  const at = blocks.find(({ id }) => id === from);
  if (at === undefined) return undefined;
  const lane = laneOf.get(at.id) ?? 0;
  const nearest = (candidates: readonly BlockView[]) =>
    [...candidates].sort(
      (a, b) => Math.abs((laneOf.get(a.id) ?? 0) - lane) - Math.abs((laneOf.get(b.id) ?? 0) - lane),
    )[0];
  if (key === 'ArrowLeft') {
    return (
      blocks.find(({ id }) => id === at.parent) ??
      nearest(blocks.filter(({ height }) => height === at.height - 1))
    );
  }
  if (key === 'ArrowRight') return nearest(blocks.filter(({ height }) => height === at.height + 1));
  const beside = blocks.filter(({ height, id }) => height === at.height && id !== at.id);
  if (key === 'ArrowUp') return nearest(beside.filter(({ id }) => (laneOf.get(id) ?? 0) < lane));
  if (key === 'ArrowDown') return nearest(beside.filter(({ id }) => (laneOf.get(id) ?? 0) > lane));
  return undefined;
}
