/** The live picture of the chain: a tree in time, the newest at the right, only what is seen drawn. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import {
  type BlockView,
  blocksAt,
  blocksVersion,
  REORGANISATION_SHOWN_MS,
  reorganisation,
  tip,
  wantHeights,
} from '../state/blocks.ts';
import { now } from '../state/clock.ts';
import { BlockCard } from './block-card.tsx';
import { frontHeight, isFollowing, lookAt, position, scrollBy } from './camera.ts';
import { ChainControls } from './controls.tsx';
import { geometryFor, stepOf } from './geometry.ts';
import { placeInLanes } from './lanes.ts';
import { NextBlock } from './next-block.tsx';
import { ReorganisationNote } from './reorganisation-note.tsx';

/** Drawn beyond what is seen, so that nothing pops up at the edge; also, branches near it keep their lane. */
const MARGIN_HEIGHTS = 3;
/** Coordinates stay near zero, where the compositor is exact. */
const REBASE_BEYOND = 4_000;
/** A press that moves less is a click. */
const DRAG_BEYOND_PX = 5;

export function ChainView() {
  const stage = useRef<HTMLElement>(null);
  const world = useRef<HTMLDivElement>(null);
  const width = useSignal(1_000);
  const base = useSignal(0);
  const selected = useSignal<string | undefined>(undefined);
  const geometry = geometryFor(width.value);
  const step = stepOf(geometry);
  const wasDragged = useDrag(stage, step);

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
    world.current?.style.setProperty(
      'transform',
      `translate3d(${room - (at - base.value) * (card + gap)}px, 0, 0)`,
    );
    const from = Math.max(0, Math.floor(at - room / (card + gap)) - MARGIN_HEIGHTS);
    const to = Math.ceil(at) + MARGIN_HEIGHTS;
    if (from !== shown.value.from || to !== shown.value.to) shown.value = { from, to };
  });
  useSignalEffect(() => wantHeights(shown.value.from, shown.value.to));

  const recent = useRecentReorganisation();
  void blocksVersion.value;
  const { from, to } = shown.value;
  const blocks: BlockView[] = [];
  const missing: number[] = [];
  for (let height = from; height <= to; height++) {
    const here = blocksAt(height).filter(({ state }) => state !== 'header');
    blocks.push(...here);
    if (here.length === 0 && height < frontHeight.value) missing.push(height);
  }
  const { count, heads, laneOf } = placeInLanes(blocks);
  const newest = tip.value;
  const chosen = blocks.find(({ id }) => id === selected.value)?.id ?? newest?.id;
  const leftOf = (height: number) => (height - base.value) * step;

  const onKeyDown = (event: KeyboardEvent) => {
    const next = neighbour(event.key, blocks, laneOf, chosen);
    if (event.key === 'Home') lookAt(Math.floor(width.value / step));
    else if (event.key === 'End') lookAt(frontHeight.value);
    else if (event.key === 'PageUp') scrollBy(-Math.floor(width.value / step));
    else if (event.key === 'PageDown') scrollBy(Math.floor(width.value / step));
    else if (next === undefined) return;
    event.preventDefault();
    if (event.key === 'Home') selected.value = blocksAt(0)[0]?.id;
    if (event.key === 'End') selected.value = newest?.id;
    if (next === undefined) return;
    selected.value = next.id;
    const rightmost = position.value;
    const leftmost = rightmost - width.value / step + 2;
    if (next.height > rightmost - 1) lookAt(next.height + 1);
    else if (next.height < leftmost) scrollBy(next.height - leftmost);
    requestAnimationFrame(() =>
      stage.current?.querySelector<HTMLElement>(`[data-block="${next.id}"]`)?.focus({ preventScroll: true }),
    );
  };

  return (
    <section class="chain" aria-label="The chain, live">
      <section
        ref={stage}
        class={`stage ${isFollowing.value ? 'is-live' : ''}`}
        style={{ height: `${geometry.top + count * geometry.lane + geometry.bottom}px` }}
        aria-label="Blocks, the newest at the right. Arrow keys move between blocks, Home and End to the first and the last, Enter opens one."
        onKeyDown={onKeyDown}
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
              left={leftOf(block.height)}
              geometry={geometry}
              reorganisation={recent}
            />
          ))}
          {newest !== undefined && <NextBlock geometry={geometry} left={leftOf(frontHeight.value)} />}
        </div>
        <ReorganisationNote shown={recent} />
        {!isFollowing.value && <Behind />}
      </section>
      <ChainControls />
    </section>
  );
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

/** The block an arrow key leads to. */
function neighbour(
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

/** Wheel, finger and mouse. @returns whether the last press was a drag */
function useDrag(stage: { readonly current: HTMLElement | null }, step: number): () => boolean {
  const dragged = useRef(false);
  useEffect(() => {
    const element = stage.current;
    if (element === null) return;
    let lastX: number | undefined;
    let moved = 0;
    const onWheel = (event: WheelEvent) => {
      const delta = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
      if (Math.abs(delta) < Math.abs(event.deltaY) && !event.shiftKey) return;
      event.preventDefault();
      scrollBy(delta / step);
    };
    const onDown = (event: PointerEvent) => {
      if (event.button !== 0) return;
      lastX = event.clientX;
      moved = 0;
      dragged.current = false;
    };
    const onMove = (event: PointerEvent) => {
      if (lastX === undefined) return;
      const delta = event.clientX - lastX;
      lastX = event.clientX;
      moved += Math.abs(delta);
      if (moved < DRAG_BEYOND_PX) return;
      dragged.current = true;
      element.setPointerCapture(event.pointerId);
      scrollBy(-delta / step);
    };
    const onUp = () => {
      lastX = undefined;
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    element.addEventListener('pointerdown', onDown);
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerup', onUp);
    element.addEventListener('pointercancel', onUp);
    return () => {
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('pointerdown', onDown);
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerup', onUp);
      element.removeEventListener('pointercancel', onUp);
    };
  }, [stage, step]);
  return () => dragged.current;
}
