/**
 * Loading the daemon makes a lot of garbage at once, for which V8 would let its young generation grow to
 * 64 MB; once grown it stays so in a daemon that has little to do. Held back while loading, it may grow again
 * as soon as there is work.
 */
import { setFlagsFromString } from 'node:v8';

/** V8's own. */
const DEFAULT_FACTOR = 2;

export function holdYoungMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

export function releaseYoungMemory(): void {
  setFlagsFromString(`--semi-space-growth-factor=${DEFAULT_FACTOR}`);
}
