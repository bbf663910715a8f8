/** How a fork stands, in a word. */
import type { ForkJson } from '../../client/fork-schemas.ts';
import { stateWord } from './fork-words.ts';

export function ForkBadge({ fork }: { readonly fork: ForkJson }) {
  const kind = fork.state === 'invalid' ? 'lost' : fork.decided ? 'left' : 'waiting-state';
  return <span class={`state ${kind}`}>{stateWord(fork)}</span>;
}
