/**
 * Loading the daemon's two thousand modules leaves more garbage behind than the daemon itself weighs, and V8 collects
 * only when more is allocated: a daemon with little to do would keep it for good.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects once, in about 50 ms; V8 gives the memory back a few seconds later, when nothing goes on. */
export function collectStartupGarbage(): void {
  // The flag gives new contexts the function; ours stays without.
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect();
}
