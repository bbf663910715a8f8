/**
 * How fast the heap of a daemon may grow. V8's own pace is that of a program that has the machine to itself: loading
 * alone would let the young generation grow to 64 MB, which it keeps, and a flood of garbage the old one to four times
 * what is in use.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** V8's own. */
const DEFAULT_FACTOR = 2;
/** Larger has fewer collections, and the daemon no faster. */
const MAX_YOUNG_BYTES = 16 * 1_024 * 1_024;
/** Of what is in use, that comes on top before it is collected. */
const OLD_GROWTH_PERCENT = 50;
/** A flood fills the young generation some fifty times in it. */
const LOOK_MS = 1_000;

/** While loading: a lot of garbage at once. */
export function holdHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** It may grow again as soon as there is work. */
export function releaseHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${OLD_GROWTH_PERCENT}`);
  setFlagsFromString(`--semi-space-growth-factor=${DEFAULT_FACTOR}`);
  const looking = setInterval(() => {
    if (youngBytes() < MAX_YOUNG_BYTES) return;
    holdHeap();
    clearInterval(looking);
  }, LOOK_MS);
  looking.unref();
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
