/** The live picture of the chain: a tree in time, the newest at the right, only what is seen drawn. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ForkJson } from '../../client/fork-schemas.ts';
import {
  type BlockView,
  blockById,
  blocksAt,
  blocksVersion,
  REORGANISATION_SHOWN_MS,
  reorganisation,
  tip,
  wantHeights,
} from '../state/blocks.ts';
import { now } from '../state/clock.ts';
import { BlockCard } from './block-card.tsx';
import { frontHeight, heightsInView, isFollowing, lookAt, position, scrollBy } from './camera.ts';
import { ChainControls } from './controls.tsx';
import { useDrag } from './drag.ts';
import { geometryFor, stepOf } from './geometry.ts';
import { neighbour, useBlockFocus } from './keyboard.ts';
import { placeInLanes } from './lanes.ts';
import { NEXT, NextBlock } from './next-block.tsx';
import { useForkShown } from './shown-fork.ts';

/** Drawn beyond what is seen, so that nothing pops up at the edge; also, branches near it keep their lane. */
const MARGIN_HEIGHTS = 3;
/** Coordinates stay near zero, where the compositor is exact. */
const REBASE_BEYOND = 4_000;

interface Props {
  /** To be looked at; without one, the newest block is. */
  readonly fork?: ForkJson;
  /** Told below the blocks: nothing stands over them. */
  readonly children?: ComponentChildren;
}

export function ChainView({ children, fork }: Props) {
  const stage = useRef<HTMLElement>(null);
  const world = useRef<HTMLDivElement>(null);
  const width = useSignal(1_000);
  const base = useSignal(0);
  const selected = useSignal<string | undefined>(fork?.branch.last.id);
  const geometry = geometryFor(width.value);
  const step = stepOf(geometry);
  const wasDragged = useDrag(stage, step);
  const focusOn = useBlockFocus(stage, selected);

  useLayoutEffect(() => {
    const element = stage.current;
    if (element === null) return;
    width.value = element.clientWidth;
    const observer = new ResizeObserver(() => {
      width.value = element.clientWidth;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [width]);

  // Moves the whole world; the blocks in it are drawn again only when others come into sight.
  const shown = useSignal({ from: 0, to: 0 });
  useSignalEffect(() => {
    const { card, gap } = geometryFor(width.value);
    const at = position.value;
    if (Math.abs(at - base.value) > REBASE_BEYOND) base.value = Math.round(at);
    const room = width.value - card - gap / 2;
    heightsInView.value = width.value / (card + gap);
    world.current?.style.setProperty(
      'transform',
      `translate3d(${room - (at - base.value) * (card + gap)}px, 0, 0)`,
    );
    const from = Math.max(0, Math.floor(at - room / (card + gap)) - MARGIN_HEIGHTS);
    const to = Math.ceil(at) + MARGIN_HEIGHTS;
    if (from !== shown.value.from || to !== shown.value.to) shown.value = { from, to };
  });
  useSignalEffect(() => wantHeights(shown.value.from, shown.value.to));

  const ofFork = useForkShown(fork);
  const recent = useRecentReorganisation();
  void blocksVersion.value;
  const { from, to } = shown.value;
  const blocks: BlockView[] = [];
  const missing: number[] = [];
  for (let height = from; height <= to; height++) {
    const here = blocksAt(height).filter(isDrawn);
    blocks.push(...here);
    if (here.length === 0 && height < frontHeight.value) missing.push(height);
  }
  // The focused block stays, however far the chain has gone on: keys must not lose their hold.
  const held = selected.value === undefined ? undefined : blockById(selected.value);
  if (held !== undefined && (held.height < from || held.height > to)) blocks.push(held);
  const { count, heads, laneOf } = placeInLanes(blocks, ofFork);
  const newest = tip.value;
  const isNextChosen = selected.value === NEXT && newest !== undefined;
  const chosen = isNextChosen ? NEXT : (blocks.find(({ id }) => id === selected.value)?.id ?? newest?.id);
  const leftOf = (height: number) => (height - base.value) * step;

  const onKeyDown = (event: KeyboardEvent) => {
    const screen = Math.floor(width.value / step);
    if (event.key === 'ArrowRight' && chosen === newest?.id) {
      event.preventDefault();
      lookAt(frontHeight.value);
      focusOn(NEXT);
      return;
    }
    const next =
      isNextChosen && event.key === 'ArrowLeft' ? newest : neighbour(event.key, blocks, laneOf, chosen);
    if (event.key === 'Home') lookAt(screen);
    else if (event.key === 'End') lookAt(frontHeight.value);
    else if (event.key === 'PageUp') scrollBy(-screen);
    else if (event.key === 'PageDown') scrollBy(screen);
    else if (next === undefined) return;
    event.preventDefault();
    if (event.key === 'Home') focusOn(0);
    if (event.key === 'End') focusOn(frontHeight.value - 1);
    if (next === undefined) return;
    const rightmost = position.value;
    const leftmost = rightmost - width.value / step + 2;
    if (next.height > rightmost - 1) lookAt(next.height + 1);
    else if (next.height < leftmost) scrollBy(next.height - leftmost);
    focusOn(next.id);
  };

  return (
    <section class="chain" aria-label="The chain, live">
      <section
        ref={stage}
        class={`stage ${isFollowing.value ? 'is-live' : ''}`}
        style={{ height: `${geometry.top + count * geometry.lane + geometry.bottom}px` }}
        aria-label="Blocks, the newest at the right. Arrow keys move between blocks, Home and End to the first and the last, Enter opens one."
        tabIndex={-1}
        onKeyDown={onKeyDown}
        onFocusCapture={({ target }) => {
          const id = target instanceof HTMLElement ? target.dataset.block : undefined;
          if (id !== undefined) selected.value = id;
        }}
        onClickCapture={(event) => {
          if (wasDragged()) event.preventDefault();
        }}
      >
        <div ref={world} class="world">
          {missing.map((height) => (
            <div
              key={`missing-${height}`}
              class="block-place"
              style={{ left: `${leftOf(height)}px`, transform: `translateY(${geometry.top}px)` }}
            >
              <span
                class="block-skeleton"
                style={{ width: `${geometry.card}px`, height: `${geometry.cardHeight}px` }}
              >
                {height.toLocaleString('en')}
              </span>
            </div>
          ))}
          {blocks.map((block) => (
            <BlockCard
              key={block.id}
              block={block}
              lane={laneOf.get(block.id) ?? 0}
              parentLane={laneOf.get(block.parent)}
              isHead={heads.has(block.id)}
              isTip={block.id === newest?.id}
              isSelected={block.id === chosen}
              isOfFork={ofFork.has(block.id)}
              left={leftOf(block.height)}
              geometry={geometry}
              reorganisation={recent}
            />
          ))}
          {newest !== undefined && (
            <NextBlock geometry={geometry} left={leftOf(frontHeight.value)} isSelected={isNextChosen} />
          )}
        </div>
        {!isFollowing.value && <Behind />}
      </section>
      {children}
      <ChainControls />
    </section>
  );
}

/** Headers above the tip are on their way to the chain; beside it they are a branch that never came whole. */
function isDrawn({ height, state }: BlockView): boolean {
  return state !== 'header' || height <= (tip.value?.height ?? 0);
}

/** How many blocks came since somebody looked away. */
function Behind() {
  const behind = Math.max(0, Math.round(frontHeight.value - position.value));
  if (behind === 0) return null;
  return <p class="behind">{behind.toLocaleString('en')} newer to the right</p>;
}

function useRecentReorganisation() {
  const last = reorganisation.value;
  if (last === undefined || now.value - last.atMs > REORGANISATION_SHOWN_MS) return undefined;
  return last;
}
