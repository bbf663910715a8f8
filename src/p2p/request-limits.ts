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

/**
 * Answers are of three kinds, and each kind has places of its own, so that none waits behind a slower one: `brief` fit a
 * packet or two, `relay` are what a new block or transaction waits for, `bulk` is what sync reads.
 */
export type AnswerKind = 'brief' | 'relay' | 'bulk';

export const ANSWER_KINDS: Readonly<Record<ProtocolName, AnswerKind>> = {
  status: 'brief',
  addresses: 'brief',
  transactions: 'relay',
  'block-transactions': 'relay',
  headers: 'bulk',
  blocks: 'bulk',
  pool: 'bulk',
};

/** Answers of a kind under way at once. A slow reader holds a chunk of memory for each: 96 MiB of `bulk`, 64 of `relay` at worst. */
export const MAX_ANSWERS: Readonly<Record<AnswerKind, number>> = { brief: 64, relay: 32, bulk: 48 };
/** Answers of a kind to one peer under way at once. */
export const MAX_ANSWERS_PER_PEER = 8;
/** Of the rates above, what all peers of one address have together: a household or a devnet shares it, a flood of peer ids too. */
export const REQUEST_RATE_FACTOR_OF_HOST = 8;

/**
 * The least a peer takes of all its answers in `LEAST_PROGRESS_MS`: 3 kB/s, a tenth of what the deadlines of its own requests
 * are made for. A peer that takes less does not read, and its places are free again.
 */
export const LEAST_PROGRESS_BYTES = 16 * 1_024;
export const LEAST_PROGRESS_MS = 5_000;
/** So often in a row, and the peer is sent away: a quarter of a minute in which it read nothing it had asked for. */
export const MAX_STALLS = 3;
/** While all places are taken, a peer with several answers gives one back that is slower than this: that of a slow line. */
export const PRESSED_BYTES_PER_SECOND = 64 * 1_024;
/** Time enough to see how fast a peer reads. */
export const PRESSED_AFTER_MS = 1_000;

/** Requests of one peer being read at once: as many as it may have answered, of each kind. */
export const MAX_READING_PER_PEER = 32;
/** Of all peers of one host: a devnet has dozens behind one, and identities cost nothing. */
export const MAX_READING_OF_HOST = 256;
/** Requests being read at once: with 32 KiB, the longest, and as much read ahead, 32 MiB. */
export const MAX_READING = 512;
/** A request is small: whoever needs longer to send it holds a stream for nothing. */
export const READ_REQUEST_DEADLINE_MS = 5_000;
/** To take the byte that says no: a round trip, behind what waits to be sent already. */
export const REFUSAL_DEADLINE_MS = 5_000;
/** From the whole request to the end of the answer: 2 MiB at 70 kB/s, a slow line. */
export const ANSWER_DEADLINE_MS = 30_000;
/** Streams a peer may open at once for one protocol on one connection; above what it may have answered, so that it hears `busy`. */
export const MAX_INBOUND_STREAMS = 32;
/** Bytes of all chunks of an answer. The longest is one of blocks, whose last may be added at the size limit. */
export const MAX_ANSWER_BYTES = 2 * MAX_BLOCKS_ANSWER_BYTES;
