/** Who agrees with whom: the branches that daemons stand on now. Pure. */
import type { SeenBlock, Sightings } from './sightings.ts';

export interface Branch {
  /** The highest block a daemon on it stands at. */
  readonly head: SeenBlock;
  /** Numbers of the daemons, in order. */
  readonly nodes: readonly number[];
}

/**
 * A daemon that is a block or two behind is on the branch of those ahead.
 *
 * @param nodes numbers of the daemons that count
 * @returns by the number of daemons, then by height
 */
export function branchesOf(sightings: Sightings, nodes: readonly number[]): Branch[] {
  const tips = nodes.flatMap((node) => {
    const tip = sightings.tipOf(node);
    return tip === undefined ? [] : [{ node, tip }];
  });
  const heads = new Map(tips.map(({ tip }) => [tip.id, tip]));
  for (const head of heads.values()) {
    const isBehind = tips.some(({ tip }) => tip.id !== head.id && sightings.leadsTo(head, tip));
    if (isBehind) heads.delete(head.id);
  }
  return [...heads.values()]
    .map((head) => ({
      head,
      nodes: tips.filter(({ tip }) => sightings.leadsTo(tip, head)).map(({ node }) => node),
    }))
    .sort((a, b) => b.nodes.length - a.nodes.length || b.head.height - a.head.height);
}

/** For people: `A`, `B`, … */
export function toneLetter(tone: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + tone);
}
