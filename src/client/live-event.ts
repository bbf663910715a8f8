/** Events of a node as the live feed tells them: the same names and fields as in the log, as JSON. */
import { formatAddress } from '../core/address.ts';
import type { NodeEvent } from '../node/events.ts';
import { timeToJson } from './json.ts';

/** The five `event:` types of the stream. */
export type LiveEventType = 'block' | 'reorganisation' | 'transaction' | 'peer' | 'sync';

/** Turns what JSON cannot hold into strings, as everywhere in the API. */
type Jsonified<T> = { [Key in keyof T]: T[Key] extends bigint ? string : T[Key] };
type Distribute<T> = T extends NodeEvent
  ? Jsonified<Omit<T, 'timestamp'>> & (T extends { timestamp: number } ? { timestamp: string } : unknown)
  : never;

/** The fields of an event. */
export type EventJson = Distribute<NodeEvent>;
/** The data of one event of the stream: its fields and when it happened here. */
export type LiveEventJson = EventJson & { readonly at: string };

export function liveEventType({ event }: NodeEvent): LiveEventType {
  const [subject] = event.split('.');
  return subject === 'chain' ? 'reorganisation' : (subject as LiveEventType);
}

export function eventToJson(event: NodeEvent): EventJson {
  const fields = Object.entries(event).map(([name, value]) => [
    name,
    typeof value === 'bigint' ? value.toString() : value,
  ]);
  return {
    ...Object.fromEntries(fields),
    ...('miner' in event ? { miner: formatAddress(event.miner) } : undefined),
    ...('timestamp' in event ? { timestamp: timeToJson(event.timestamp) } : undefined),
    ...('sender' in event
      ? { sender: formatAddress(event.sender), recipient: formatAddress(event.recipient) }
      : undefined),
  };
}

/** @param atMs milliseconds since 1970 */
export function liveEventToJson(event: NodeEvent, atMs: number): LiveEventJson {
  return { ...eventToJson(event), at: timeToJson(atMs) };
}
