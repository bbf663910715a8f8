/** What happened last, in words: for the list on the home page and for screen readers. */
import { signal } from '@preact/signals';
import type { LiveEventJson } from '../../client/live-event.ts';

const MAX_KEPT = 40;

export interface Activity {
  readonly key: number;
  readonly atMs: number;
  readonly kind: 'block' | 'fork' | 'reorganisation' | 'peer' | 'refused';
  readonly text: string;
  /** Where to read more. */
  readonly href?: string;
}

export const activity = signal<readonly Activity[]>([]);
let nextKey = 0;

export function addActivity(event: LiveEventJson): void {
  const told = describe(event);
  if (told === undefined) return;
  const entry = { ...told, key: nextKey++, atMs: Date.parse(event.at) };
  activity.value = [entry, ...activity.value.slice(0, MAX_KEPT - 1)];
}

function describe(event: LiveEventJson): Omit<Activity, 'key' | 'atMs'> | undefined {
  switch (event.event) {
    case 'block.accepted': {
      const how = event.source === 'mined' ? 'mined here' : event.source === 'sync' ? 'fetched' : 'arrived';
      const late = event.latencyMs === undefined ? '' : ` after ${Math.round(event.latencyMs)} ms`;
      const href = `#/${event.onChain ? 'block' : 'fork'}/${event.id}`;
      const height = event.height.toLocaleString('en');
      // The reorganisation that a branch was fetched for is told by itself.
      if (!event.onChain && event.source === 'sync') return undefined;
      return event.onChain
        ? { kind: 'block', text: `Block ${height} ${how}${late}`, href }
        : { kind: 'fork', text: `Another block ${height} ${how}${late}: a fork`, href };
    }
    case 'chain.reorganised':
      return {
        kind: 'reorganisation',
        text: `Reorganisation: ${reorganisationText(
          {
            forkHeight: event.forkHeight,
            joinedCount: event.height - event.forkHeight,
            leftCount: event.depth,
            returned: event.returned,
          },
          `the branch that ends in block ${event.height.toLocaleString('en')}`,
        )}`,
        href: `#/fork/${event.oldTip}`,
      };
    case 'block.refused':
      return { kind: 'refused', text: `A block was refused: ${event.code}` };
    case 'peer.connected':
      return { kind: 'peer', text: `Peer …${event.peer.slice(-6)} connected`, href: '#/peers' };
    case 'peer.disconnected':
      return { kind: 'peer', text: `Peer …${event.peer.slice(-6)} left: ${event.reason}`, href: '#/peers' };
    default:
      return undefined;
  }
}

interface Turn {
  /** Blocks that left the chain, and those that took their place. */
  readonly leftCount: number;
  readonly joinedCount: number;
  readonly forkHeight: number;
  /** Transactions back in the pool; undefined if that is not known. */
  readonly returned: number | undefined;
}

/** What a reorganisation did. @param winner which branch won, such as "branch B" */
export function reorganisationText(
  { forkHeight, joinedCount, leftCount, returned }: Turn,
  winner: string,
): string {
  const length = `${counted(joinedCount, 'block')} long`;
  const back =
    returned === undefined || returned === 0
      ? ''
      : ` ${counted(returned, 'transaction')} went back to the pool.`;
  return (
    `${leftBehind(leftCount)} after block ${forkHeight.toLocaleString('en')}: ` +
    `${winner}, ${length}, has more work and is the chain now.${back}`
  );
}

export function leftBehind(count: number): string {
  return `${counted(count, 'block')} ${count === 1 ? 'was' : 'were'} left behind`;
}

/** `1 block`, `2 blocks`. */
export function counted(count: number | bigint, one: string, many?: string): string {
  return `${count.toLocaleString('en')} ${nounFor(count, one, many)}`;
}

/** For a figure that stands apart from its name. */
export function nounFor(count: number | bigint, one: string, many = `${one}s`): string {
  return Number(count) === 1 ? one : many;
}
