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
      const href = `#/block/${event.id}`;
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
        text: `Reorganisation from height ${event.forkHeight.toLocaleString('en')}: ${counted(event.depth, 'block')} left the chain, ${event.height - event.forkHeight} joined it`,
        href: `#/block/${event.newTip}`,
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

/** `1 block`, `2 blocks`. */
export function counted(count: number | bigint, one: string, many?: string): string {
  return `${count.toLocaleString('en')} ${nounFor(count, one, many)}`;
}

/** For a figure that stands apart from its name. */
export function nounFor(count: number | bigint, one: string, many = `${one}s`): string {
  return Number(count) === 1 ? one : many;
}
