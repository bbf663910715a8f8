/** Which heights a small tree shows: the newest, and whatever one needs to see where branches part and end. Pure. */

/** The place of one branch's end. */
export interface BranchEnd {
  readonly height: number;
  /** Of the last block it shares with the chain drawn straight. */
  readonly forkHeight: number;
}

/**
 * @param top the highest height there is
 * @param most how many there is room for
 * @param ends of branches; those that matter most come first
 * @returns in rising order
 */
export function columnsFor(top: number, most: number, ends: readonly BranchEnd[]): number[] {
  const shown = new Set([top]);
  for (const { forkHeight, height } of ends) {
    for (const wanted of [height, forkHeight, forkHeight + 1]) {
      // At least half of the room is for what is new.
      if (wanted >= 0 && wanted <= top && shown.size < Math.max(3, most / 2 + 1)) shown.add(wanted);
    }
  }
  for (let height = top; height >= 0 && shown.size < most; height--) shown.add(height);
  return [...shown].sort((a, b) => a - b);
}
