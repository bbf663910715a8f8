/** The rules a header must keep, given the two headers before it. */
import { nextBits } from './difficulty.ts';
import { RuleError } from './errors.ts';
import { targetFromBits } from './target.ts';
import type { Header, NetworkParams } from './types.ts';

/** How far a block may be ahead of the local clock (ms). More is not invalid, only early. */
export const MAX_FUTURE_MS = 60_000;

/**
 * Checks height, time and bits against the ancestors. Proof of work is `checkProofOfWork`; being early is
 * no rule, for it depends on the clock: `isEarly`.
 *
 * @param parent the header whose id is `header.parent`: the caller has looked it up
 * @param grandparent the parent's parent; undefined only if the parent is the genesis
 * @throws RuleError `wrong-height`, `timestamp-not-after-parent`, `wrong-bits`
 */
export function checkHeader(
  params: NetworkParams,
  header: Header,
  parent: Header,
  grandparent: Header | undefined,
): void {
  if (header.height !== parent.height + 1n) {
    throw new RuleError('wrong-height', `${header.height} after ${parent.height}`);
  }
  if (header.timestamp <= parent.timestamp) {
    throw new RuleError('timestamp-not-after-parent', `${header.timestamp} after ${parent.timestamp}`);
  }
  const bits = nextBits(params, parent, grandparent);
  if (header.bits !== bits) {
    throw new RuleError('wrong-bits', `0x${header.bits.toString(16)}, expected 0x${bits.toString(16)}`);
  }
}

/**
 * What can be said of a header's target before its ancestors are known: it is no easier than the network's limit. So
 * what is set aside for an unknown parent has cost its miner at least the work of the easiest block.
 *
 * @throws RuleError `wrong-bits`
 */
export function checkTargetLimit(params: NetworkParams, { bits }: Header): void {
  const target = targetFromBits(bits);
  const limit = targetFromBits(params.limitBits);
  if (target === undefined || limit === undefined || target > limit) {
    throw new RuleError(
      'wrong-bits',
      `0x${bits.toString(16)}, none is easier than 0x${params.limitBits.toString(16)}`,
    );
  }
}

/** True if the block must be set aside until its time comes. @param nowMs milliseconds since 1970 */
export function isEarly(header: Header, nowMs: number): boolean {
  return header.timestamp > nowMs + MAX_FUTURE_MS;
}
