/** The newest blocks that any daemon has, as a tree, and who stands where in it. */
import { useRef } from 'preact/hooks';
import type { NodeJson } from '../../client/nodes-json.ts';
import { placeInLanes } from '../chain-view/lanes.ts';
import { useWidth } from '../components/width.ts';
import { sightings, sightingsVersion } from '../state/nodes.ts';
import { type Branch, toneLetter } from './agreement.ts';
import type { SeenBlock } from './sightings.ts';
import { columnsFor } from './tree-columns.ts';

const BLOCK_WIDTH = 46;
const BLOCK_HEIGHT = 34;
/** From one height to the next, on a desk and on a phone. */
const STEP = 66;
const NARROW_STEP = 54;
const NARROW_BELOW = 560;
const LANE = 74;
/** Added where heights are left out. */
const GAP = 18;
/** A branch that lost is shown until the chain is higher by this. */
const LOST_HEIGHTS = 16;
/** Of the last lane, below its names. */
const SPARE = 14;
/** Written at one block. */
const MOST_NAMES = 4;
/** Blocks below the newest by more than this are of no interest here. */
const DEPTH = 120;

interface Props {
  readonly branches: readonly Branch[];
  readonly shown: readonly NodeJson[];
}

interface Placed extends SeenBlock {
  readonly state: 'chain' | 'branch';
  /** No daemon that is up builds on it. */
  readonly isLost: boolean;
}

export function BranchTree({ branches, shown }: Props) {
  const field = useRef<HTMLDivElement>(null);
  const width = useWidth(field);
  void sightingsVersion.value;
  const step = width.value < NARROW_BELOW ? NARROW_STEP : STEP;
  const roomFor = (gaps: number) =>
    Math.max(4, Math.floor((width.value + step - BLOCK_WIDTH - gaps * GAP) / step));
  const top = Math.max(0, ...branches.map(({ head }) => head.height));
  const blocks = placedBlocks(branches, top);
  const { heads, laneOf } = placeInLanes(blocks);
  const known = new Map(blocks.map((block) => [block.id, block]));
  const ends = branchEnds(blocks, heads, known, top - LOST_HEIGHTS);
  const most = columnsFor(top, roomFor(0), ends);
  const columns = columnsFor(top, roomFor(gapsBefore(most, most.length)), ends);
  const column = new Map(
    columns.map((height, index) => [height, index * step + GAP * gapsBefore(columns, index)]),
  );
  const drawn = blocks
    .filter(({ height }) => column.has(height))
    .toSorted((a, b) => a.height - b.height || (laneOf.get(a.id) ?? 0) - (laneOf.get(b.id) ?? 0));
  const place = ({ height, id }: SeenBlock) => ({
    x: column.get(height) ?? 0,
    y: (laneOf.get(id) ?? 0) * LANE,
  });
  const standing = Map.groupBy(
    shown.filter(({ state }) => state === 'up'),
    ({ number }) => sightings.tipOf(number)?.id,
  );
  const lanes = 1 + Math.max(0, ...drawn.map(({ id }) => laneOf.get(id) ?? 0));
  const height = lanes * LANE - SPARE;
  return (
    <div ref={field} class="branch-tree" style={{ height: `${height}px` }}>
      <svg width={width.value} height={height} aria-hidden="true">
        {drawn.map((block) => {
          const parent = drawnAncestor(block, known, column);
          if (parent === undefined) return null;
          const from = place(block);
          const to = place(parent);
          const y1 = from.y + BLOCK_HEIGHT / 2;
          const y2 = to.y + BLOCK_HEIGHT / 2;
          const x2 = to.x + BLOCK_WIDTH;
          const path = `M ${from.x} ${y1} C ${from.x - 14} ${y1} ${x2 + 14} ${y2} ${x2} ${y2}`;
          return (
            <path
              key={block.id}
              class={`tone-${block.tone} ${parent.id === block.parent ? '' : 'is-gap'}`}
              d={path}
              style={{ d: `path("${path}")` }}
            />
          );
        })}
      </svg>
      <ol>
        {drawn.map((block) => {
          const { x, y } = place(block);
          const label =
            namesAt(standing.get(block.id), shown.length) ??
            (block.isLost && heads.has(block.id) ? 'lost' : undefined);
          return (
            <li
              key={block.id}
              class={`tone-${block.tone} ${block.isLost ? 'is-lost' : ''}`}
              style={{ transform: `translate(${x}px, ${y}px)` }}
            >
              <span class="tree-block" title={block.id}>
                <span class="hidden">
                  Branch {toneLetter(block.tone)}
                  {block.isLost ? ', lost' : ''}, block{' '}
                </span>
                {block.height.toLocaleString('en')}
              </span>
              {label !== undefined && (
                <span class={`tree-names ${x > width.value / 2 ? 'at-end' : ''}`}>{label}</span>
              )}
            </li>
          );
        })}
      </ol>
    </div>
  );
}

/** Few enough for the room there is. */
function namesAt(here: readonly NodeJson[] | undefined, all: number): string | undefined {
  if (here === undefined) return undefined;
  if (here.length === all && all > 2) return `all ${all}`;
  const names = here.slice(0, MOST_NAMES).map(({ name }) => name);
  return here.length === names.length
    ? names.join(', ')
    : `${names.join(', ')} + ${here.length - names.length}`;
}

/** Drawn straight. It stays while anybody is on it: branches that overtake each other do not change places. */
let straightTone: number | undefined;

function placedBlocks(branches: readonly Branch[], top: number): Placed[] {
  const main = branches.find(({ head }) => head.tone === straightTone) ?? branches[0];
  straightTone = main?.head.tone;
  return [...sightings.blocks]
    .filter(({ height }) => height <= top && height > top - DEPTH)
    .map((block) => ({
      ...block,
      state: main !== undefined && sightings.leadsTo(block, main.head) ? 'chain' : 'branch',
      isLost: !branches.some(({ head }) => sightings.leadsTo(block, head)),
    }));
}

/** Where branches part and end; those somebody stands on first, of the others only what is new. */
function branchEnds(
  blocks: readonly Placed[],
  heads: ReadonlySet<string>,
  known: ReadonlyMap<string, Placed>,
  newFrom: number,
) {
  return blocks
    .filter(
      ({ id, height, isLost, state }) => state === 'branch' && heads.has(id) && (!isLost || height > newFrom),
    )
    .sort((a, b) => Number(a.isLost) - Number(b.isLost) || b.height - a.height)
    .map((head) => {
      let at: Placed | undefined = head;
      while (at !== undefined && at.state === 'branch') at = known.get(at.parent);
      return { height: head.height, forkHeight: at?.height ?? head.height };
    });
}

function gapsBefore(columns: readonly number[], index: number): number {
  return columns.slice(1, index + 1).filter((height, before) => height !== (columns[before] ?? 0) + 1).length;
}

/** The nearest block below that is drawn. */
function drawnAncestor(
  block: Placed,
  known: ReadonlyMap<string, Placed>,
  column: ReadonlyMap<number, number>,
): Placed | undefined {
  let at = known.get(block.parent);
  while (at !== undefined && !column.has(at.height)) at = known.get(at.parent);
  return at;
}
