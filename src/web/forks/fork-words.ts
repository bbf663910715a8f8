/** What became of a fork, in words: the same wherever the page tells of one. */
import type { ForkJson, ForkSideJson } from '../../client/fork-schemas.ts';
import { counted, leftBehind } from '../state/activity.ts';

/** One word, for a badge. */
export function stateWord({ decided, state }: ForkJson): string {
  if (state === 'invalid') return 'Refused';
  if (state === 'headers') return decided ? 'Headers only' : 'Being fetched';
  return state === 'lost' ? 'Lost' : 'Still open';
}

export function titleOf({ ancestor }: ForkJson): string {
  return `Fork after block ${ancestor.height.toLocaleString('en')}`;
}

/** How it ended, or what it waits for. */
export function endOf(fork: ForkJson): string {
  const { branch, chain, decided, leftChain, state } = fork;
  if (state === 'invalid')
    return 'Refused: a block of the branch broke a rule, so it can never become the chain.';
  if (state === 'headers') {
    return decided
      ? 'Only headers of the branch are here. The chain has more work, so its blocks were not fetched, or have been let go.'
      : 'The branch has no less work than the chain by its headers; its blocks are being fetched.';
  }
  if (state === 'open') return 'Still open: neither side has more work. The next block on either decides.';
  const decisive = `block ${chain.last.height.toLocaleString('en')} gave the chain more work`;
  const tookMs = Date.parse(chain.last.timestamp) - Date.parse(branch.first?.timestamp ?? '');
  // Miners choose the times of their blocks: what they say may run backwards.
  const after = tookMs > 0 ? `, ${formatSpan(tookMs)} after the branch began` : '';
  if (leftChain === 0) return `Lost when ${decisive}${after}. This daemon was never on the branch.`;
  return `Lost when ${decisive}${after}. Until then this daemon was on the branch: ${leftBehind(leftChain)}.`;
}

/** What that meant for transactions; nothing if they were never on the chain here. */
export function transactionsText({ leftChain, returned }: ForkJson): string | undefined {
  if (leftChain === 0) return undefined;
  if (returned === undefined) return 'They held too many transactions to say how many had to be mined again.';
  if (returned === 0) return 'No transaction had to be mined again.';
  return `${counted(returned, 'transaction')} had to be mined again.`;
}

/** The work of one side after the common ancestor, in expected hashes. */
export function workOf({ ancestor }: ForkJson, { last }: ForkSideJson): bigint {
  return BigInt(last.work) - BigInt(ancestor.work);
}

/** A length of time in its largest unit. */
function formatSpan(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 90_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 90 * 60_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 36 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}
