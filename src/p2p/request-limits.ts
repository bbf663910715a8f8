/** What a peer may ask of this node, and how much an answer may weigh. */
import type { ProtocolName } from '../node/ports.ts';
import { MAX_BLOCKS_ANSWER_BYTES } from '../node/wire.ts';
import type { Rate } from './token-buckets.ts';

/** Requests of one peer a node answers; beyond it says `busy`. */
export const REQUEST_RATES: Readonly<Record<ProtocolName, Rate>> = {
  // Once on connect and now and then after. Cheap, but nobody needs more.
  status: { burst: 16, perSecond: 1 },
  // 2,000 headers each: a chain of a million in half a minute, and no more than 5 MB/s read from the store.
  headers: { burst: 64, perSecond: 16 },
  // Up to 2 MiB each: more than a link carries, so that only the peer's line limits its sync.
  blocks: { burst: 256, perSecond: 64 },
  // One for each block whose transactions overtook their gossip, whole bodies at worst; more of them are for sync.
  'block-transactions': { burst: 64, perSecond: 8 },
  // Pages of 32,768 ids on connect.
  pool: { burst: 32, perSecond: 4 },
  // A pool of 100,000 transactions is 100 requests.
  transactions: { burst: 256, perSecond: 32 },
  // Addresses change slowly, and asking often only helps to map the network.
  addresses: { burst: 8, perSecond: 0.2 },
};

/** Answers to one peer under way at once: a peer that reads slowly holds a chunk of memory for each. */
export const MAX_ANSWERS_PER_PEER = 8;
/** Answers under way at once: with chunks of 2 MiB at most 128 MiB. */
export const MAX_ANSWERS = 64;
/** A request is small: whoever needs longer to send it holds a stream for nothing. */
export const READ_REQUEST_DEADLINE_MS = 10_000;
/** From the whole request to the end of the answer: 2 MiB at 70 kB/s, a slow line. */
export const ANSWER_DEADLINE_MS = 30_000;
/** Streams a peer may open at once for one protocol on one connection; above what it may have answered, so that it hears `busy`. */
export const MAX_INBOUND_STREAMS = 32;
/** Bytes of all chunks of an answer. The longest is one of blocks, whose last may be added at the size limit. */
export const MAX_ANSWER_BYTES = 2 * MAX_BLOCKS_ANSWER_BYTES;
