/** Where each block is drawn: the chain in lane 0, every branch beside it in a lane of its own. Pure. */

export interface Placeable {
  readonly id: string;
  readonly parent: string;
  readonly height: number;
  readonly state: 'chain' | 'branch' | 'header' | 'invalid';
}

export interface Lanes {
  readonly laneOf: ReadonlyMap<string, number>;
  /** Ids that no block here builds on. */
  readonly heads: ReadonlySet<string>;
  /** How many lanes there are, the chain's included. */
  readonly count: number;
}

/** Beside the chain. More branches at once than this are drawn over each other in the last lane. */
export const MAX_BRANCH_LANES = 4;

/** @param first ids of a branch that is to be next to the chain, whatever else is there */
export function placeInLanes(blocks: readonly Placeable[], first: ReadonlySet<string> = new Set()): Lanes {
  const laneOf = new Map<string, number>();
  const children = Map.groupBy(blocks, ({ parent }) => parent);
  const branches: (readonly Placeable[])[] = [];
  for (const block of blocks) {
    if (block.state === 'chain') laneOf.set(block.id, 0);
  }
  const known = new Map(blocks.map((block) => [block.id, block]));
  const beginsBranch = (block: Placeable) =>
    block.state !== 'chain' && (known.get(block.parent)?.state ?? 'chain') === 'chain';
  for (const root of blocks.filter(beginsBranch)) branches.push(...branchesFrom(root, children));
  const takenUntil: number[] = [];
  const isFirst = (branch: readonly Placeable[]) => branch.some(({ id }) => first.has(id));
  const inOrder = branches.sort(
    (a, b) => Number(isFirst(b)) - Number(isFirst(a)) || (a[0]?.height ?? 0) - (b[0]?.height ?? 0),
  );
  for (const branch of inOrder) {
    const from = (branch[0]?.height ?? 0) - 1;
    const free = takenUntil.findIndex((until) => until < from);
    const lane = Math.min(free < 0 ? takenUntil.length : free, MAX_BRANCH_LANES - 1);
    takenUntil[lane] = Math.max(takenUntil[lane] ?? 0, branch.at(-1)?.height ?? 0);
    for (const { id } of branch) laneOf.set(id, lane + 1);
  }
  const heads = new Set(blocks.filter(({ id }) => !children.has(id)).map(({ id }) => id));
  return { laneOf, heads, count: takenUntil.length + 1 };
}

/** A branch and those that leave it again: each goes on with its longest child. */
function branchesFrom(
  root: Placeable,
  children: ReadonlyMap<string, readonly Placeable[]>,
): (readonly Placeable[])[] {
  const depths = new Map<string, number>();
  const depthOf = (block: Placeable): number => {
    const found = depths.get(block.id);
    if (found !== undefined) return found;
    const depth = 1 + Math.max(0, ...(children.get(block.id) ?? []).map(depthOf));
    depths.set(block.id, depth);
    return depth;
  };
  const found: Placeable[][] = [];
  const begin = (from: Placeable): void => {
    const branch: Placeable[] = [];
    found.push(branch);
    for (let at: Placeable | undefined = from; at !== undefined; ) {
      branch.push(at);
      const [longest, ...others] = [...(children.get(at.id) ?? [])].sort((a, b) => depthOf(b) - depthOf(a));
      for (const other of others) begin(other);
      at = longest;
    }
  };
  begin(root);
  return found;
}
