/** What the view of `tally watch` knows. Every change makes a new one, so that a paused view keeps its own. */
import type { StatusJson } from '../../client/contract.ts';
import type { EventJson } from '../../client/live-event.ts';
import type { BlockJson } from '../../client/schemas.ts';
import type { LiveEvent } from '../../client/tally-client.ts';
import { describeEvent, type NamePeer } from '../event-text.ts';

/** More than a terminal has rows. */
const MAX_BLOCKS = 200;
const MAX_EVENTS = 500;

export interface SeenBlock {
  readonly height: number;
  readonly id: string;
  readonly parent: string;
  readonly miner: string;
  readonly transactions: number;
  /** From the miner to the daemon, where it is known. */
  readonly latencyMs?: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly place: 'chain' | 'fork' | 'left behind';
}

export interface SeenEvent {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly text: string;
  readonly isReorganisation: boolean;
}

export interface WatchModel {
  readonly url: string;
  readonly status: StatusJson;
  /** By elapsed time, ms; undefined while the daemon answers. */
  readonly lostSinceMs: number | undefined;
  /** In the order they came. */
  readonly blocks: readonly SeenBlock[];
  readonly events: readonly SeenEvent[];
}

/** @param blocks the last of the chain, lowest first */
export function startModel(url: string, status: StatusJson, blocks: readonly BlockJson[]): WatchModel {
  return {
    url,
    status,
    lostSinceMs: undefined,
    blocks: blocks.map(({ header, id, transactions }) => ({
      height: header.height,
      id,
      parent: header.parent,
      miner: header.miner,
      transactions: transactions.length,
      atMs: Date.parse(header.timestamp),
      place: 'chain',
    })),
    events: [],
  };
}

export function withStatus(model: WatchModel, status: StatusJson): WatchModel {
  return { ...model, status, lostSinceMs: undefined };
}

export function withoutDaemon(model: WatchModel, elapsedMs: number): WatchModel {
  return { ...model, lostSinceMs: model.lostSinceMs ?? elapsedMs };
}

/** @param name what its peers are called; without, the ends of their ids */
export function withEvent(
  model: WatchModel,
  { type, data }: LiveEvent,
  nowMs: number,
  name?: NamePeer,
): WatchModel {
  if (type === 'missed') {
    return told(model, nowMs, 'some events in between are no longer kept', false);
  }
  const atMs = Date.parse(data.at);
  const next = isToldAlready(data)
    ? model
    : told(model, atMs, describeEvent(data, name), type === 'reorganisation');
  if (data.event === 'block.accepted') {
    const { height, id, latencyMs, miner, onChain, parent, transactions } = data;
    const block: SeenBlock = {
      ...{ height, id, parent, miner, transactions, atMs, place: onChain ? 'chain' : 'fork' },
      ...(latencyMs === undefined ? {} : { latencyMs }),
    };
    const others = next.blocks.filter((known) => known.id !== id);
    return { ...next, blocks: [...others, block].slice(-MAX_BLOCKS) };
  }
  if (data.event === 'chain.reorganised') {
    return { ...next, blocks: reorganised(next.blocks, data.newTip, data.forkHeight) };
  }
  return next;
}

/** Of a block mined here people are told once, programs twice (mined, accepted), as in the log. */
export function isToldAlready(event: EventJson): boolean {
  return event.event === 'block.accepted' && event.source === 'mined';
}

function told(model: WatchModel, atMs: number, text: string, isReorganisation: boolean): WatchModel {
  return { ...model, events: [...model.events, { atMs, text, isReorganisation }].slice(-MAX_EVENTS) };
}

/** Above the fork, what leads to the new tip is the chain, and what was the chain is left behind. */
function reorganised(blocks: readonly SeenBlock[], newTip: string, forkHeight: number): SeenBlock[] {
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const onChain = new Set<string>();
  for (let at = byId.get(newTip); at !== undefined && !onChain.has(at.id); at = byId.get(at.parent)) {
    onChain.add(at.id);
  }
  return blocks.map((block) => {
    if (block.height <= forkHeight) return block;
    if (onChain.has(block.id)) return { ...block, place: 'chain' };
    return block.place === 'chain' ? { ...block, place: 'left behind' } : block;
  });
}
