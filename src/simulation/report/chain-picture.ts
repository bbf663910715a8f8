/** A picture of the chain where it forked most: the blocks that were kept in one line, the others below. */
import type { BlockId } from '../../core/identifiers.ts';
import type { PicturedBlock } from '../measurements-blocks.ts';
import { escapeHtml, figure } from './plot.ts';

const BLOCK = 16;
const COLUMN = 28;
const LANE = 28;
const MARGIN = 24;
/** Branches side by side: more would not be read. */
const MAX_LANES = 12;

/** @returns nothing if the chain never forked */
export function chainPicture(blocks: readonly PicturedBlock[]): string {
  const left = blocks.filter(({ isOnChain }) => !isOnChain).length;
  if (left === 0) return '';
  const lanes = lanesOf(blocks);
  const heights = blocks.map(({ height }) => height);
  const first = Math.min(...heights);
  const last = Math.max(...heights);
  const place = ({ height, id }: PicturedBlock) => ({
    x: MARGIN + (height - first) * COLUMN,
    y: MARGIN + (lanes.get(id) ?? 0) * LANE,
  });
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const shown = blocks.filter(({ id }) => (lanes.get(id) ?? 0) < MAX_LANES);
  const links = shown.map((block) => {
    const parent = byId.get(block.parent);
    const to = place(block);
    const from = parent === undefined ? { x: to.x - COLUMN, y: to.y } : place(parent);
    return `<path class="link" d="M${from.x} ${from.y}L${to.x} ${to.y}"/>`;
  });
  const squares = shown.map((block) => {
    const { x, y } = place(block);
    const kind = `block ${block.isHonest ? 'honest' : 'attacker'}${block.isOnChain ? '' : ' left'}`;
    const title = `height ${block.height}, ${(block.atMs / 1_000).toFixed(1)} s, ${block.isHonest ? 'honest' : 'of an attacker'}, ${block.isOnChain ? 'on the chain' : 'left behind'}: ${block.id}`;
    return `<rect class="${kind}" x="${x - BLOCK / 2}" y="${y - BLOCK / 2}" width="${BLOCK}" height="${BLOCK}" rx="3"><title>${escapeHtml(title)}</title></rect>`;
  });
  const depth = Math.max(...shown.map(({ id }) => lanes.get(id) ?? 0));
  const width = 2 * MARGIN + (last - first) * COLUMN;
  const height = 2 * MARGIN + depth * LANE + 18;
  const numbers = heights
    .filter((each, i) => heights.indexOf(each) === i && each % 5 === 0)
    .map(
      (each) =>
        `<text x="${MARGIN + (each - first) * COLUMN}" y="${height - 6}" text-anchor="middle">${each}</text>`,
    );
  const attackers = blocks.some(({ isHonest }) => !isHonest);
  const gist = `Heights ${first} to ${last}: ${left} of ${blocks.length} blocks were left behind (hollow).${attackers ? ' Attackers made the orange ones.' : ''}`;
  const svg = `<div class="wide"><svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(gist)}">${links.join('')}${squares.join('')}${numbers.join('')}</svg></div>`;
  return figure('Where the chain forked most', gist, svg);
}

/** The chain has lane 0; a branch goes on in its lane, a new one takes the first that is free. */
function lanesOf(blocks: readonly PicturedBlock[]): Map<BlockId, number> {
  const lanes = new Map<BlockId, number>();
  const taken = new Set<string>();
  for (const { height, id, isOnChain, parent } of blocks.toSorted((a, b) => a.height - b.height)) {
    let lane = isOnChain ? 0 : Math.max(1, lanes.get(parent) ?? 1);
    // Its place, and the one before it, from where its line comes.
    while (!isOnChain && taken.has(`${height} ${lane}`)) lane++;
    taken.add(`${height} ${lane}`);
    lanes.set(id, lane);
  }
  return lanes;
}
