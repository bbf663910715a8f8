/**
 * The words on the wire, all SSZ, and how long they may be.
 *
 * A request is one message. An answer is a result byte and then chunks; every message and chunk is
 * length-prefixed. One request asks for little enough that its answer needs no flow control of its own.
 */
import {
  ByteListType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  UintBigintType,
  type ValueOf,
} from '@chainsafe/ssz';
import { MAX_SEALED_HEADER_BYTES, MAX_SIGNED_TRANSACTION_BYTES, mostTransactions } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import { MAX_SUPPORTED_BLOCK_BYTES } from '../core/network-params.ts';
import { SHORT_ID_BYTES } from '../core/short-ids.ts';
import { Bytes32, SealedHeaderType, SignedTransactionType, uint16, uint32, uint64 } from '../core/types.ts';

/** First byte of every answer. */
export const RESULT = { ok: 0, invalid: 1, busy: 2, failed: 3 } as const;

/** Ids a locator may hold: dense near the tip, then doubling steps, reach back 2^50 blocks. */
export const MAX_LOCATOR_IDS = 64;
/** About 320 kB: a round trip's worth, and checked in a few milliseconds. */
export const MAX_HEADERS = 2_000;
export const MAX_BLOCKS_REQUESTED = 128;
/** Blocks of one answer stop here, but there is always at least one. */
export const MAX_BLOCKS_ANSWER_BYTES = MAX_SUPPORTED_BLOCK_BYTES;
/** Ids in a page of the pool: 1 MiB. */
export const MAX_POOL_IDS = 32_768;
/** Transactions asked for at once: 1.2 MB at most. */
export const MAX_TRANSACTIONS_REQUESTED = 1_024;
/** Transactions of a block: as many as the largest has room for. */
export const MAX_BLOCK_TRANSACTIONS = mostTransactions(MAX_SUPPORTED_BLOCK_BYTES);
/** Of a block's transactions, those given in full with it. Who lacks more of them had better ask. */
export const MAX_PREFILLED = 128;
export const MAX_ADDRESSES = 64;
export const MAX_ADDRESS_BYTES = 256;
/** Transactions of one gossip message, so that checking it stays a matter of milliseconds. */
export const MAX_GOSSIP_TRANSACTIONS = 512;
export const MAX_GOSSIP_TRANSACTIONS_BYTES = 128 * 1_024;

const uint256 = new UintBigintType(32);

/** Both request and answer of `status`. */
export const StatusType = new ContainerType({
  networkId: Bytes32,
  tip: Bytes32,
  height: uint64,
  /** Accumulated work of the tip. */
  work: uint256,
  /** The sender's clock, ms since 1970. */
  clock: uint64,
});

export const HeadersRequestType = new ContainerType({
  /** Ids of the asker's chain, newest first; the genesis goes without saying. */
  locator: new ListCompositeType(Bytes32, MAX_LOCATOR_IDS),
});
/** The headers after the first id of the locator that is on the answerer's chain. */
export const HeadersType = new ListCompositeType(SealedHeaderType, MAX_HEADERS);

/** The answer has a chunk a block, in the order asked; it ends early at one not here or at the size limit. */
export const BlocksRequestType = new ContainerType({
  ids: new ListCompositeType(Bytes32, MAX_BLOCKS_REQUESTED),
});

export const PoolRequestType = new ContainerType({ page: uint32 });
export const PoolIdsType = new ListCompositeType(Bytes32, MAX_POOL_IDS);

export const TransactionsRequestType = new ContainerType({
  ids: new ListCompositeType(Bytes32, MAX_TRANSACTIONS_REQUESTED),
});
/** Those of the asked that are in the pool. */
export const TransactionsAnswerType = new ListCompositeType(
  SignedTransactionType,
  MAX_TRANSACTIONS_REQUESTED,
);

/**
 * Transactions of one block, by their places in it, for whoever was told of the block by gossip and lacks them.
 * The answer waits a moment for a body that is itself on its way to the answerer.
 */
export const BlockTransactionsRequestType = new ContainerType({
  block: Bytes32,
  /** Ascending, at least one. */
  indexes: new ListBasicType(uint16, MAX_BLOCK_TRANSACTIONS),
});
export const MAX_BLOCK_TRANSACTIONS_REQUEST_BYTES = 32 + 4 + 2 * MAX_BLOCK_TRANSACTIONS;

/** Multiaddrs as text. */
export const AddressesType = new ListCompositeType(new ByteListType(MAX_ADDRESS_BYTES), MAX_ADDRESSES);

/**
 * Topic `transactions`. Gossip drops what it has heard in the last two minutes, byte for byte; the salt, any
 * number, lets transactions be told again after a reorganisation has returned them to the pool.
 */
export const TransactionsMessageType = new ContainerType({
  salt: uint32,
  transactions: new ListCompositeType(SignedTransactionType, MAX_GOSSIP_TRANSACTIONS),
});

const PrefilledType = new ContainerType({
  /** Its place in the block. */
  index: uint16,
  signed: SignedTransactionType,
});

/** Topic `block`: see `compact-block.ts`. */
export const CompactBlockType = new ContainerType({
  /** The miner's clock (ms since 1970) when it let go of the block: shown, never trusted. */
  publishedAt: uint64,
  sealed: SealedHeaderType,
  /** `List[Bytes6, MAX_BLOCK_TRANSACTIONS]`, of every transaction, in the block's order. */
  shortIds: new ByteListType(SHORT_ID_BYTES * MAX_BLOCK_TRANSACTIONS),
  /** Ascending. */
  prefilled: new ListCompositeType(PrefilledType, MAX_PREFILLED),
});

export type Status = ValueOf<typeof StatusType>;

/** `publishedAt` and the offsets of the other fields. */
const COMPACT_BLOCK_FIXED_BYTES = 8 + 3 * 4;
/** With its offsets: in the list, and of the transaction. */
const MAX_PREFILLED_BYTES = 4 + 2 + 4 + MAX_SIGNED_TRANSACTION_BYTES;

/**
 * The longest gossip message, one with a block. One constant for everybody: a receiver that allows less goes deaf
 * silently.
 */
export const MAX_GOSSIP_BYTES =
  COMPACT_BLOCK_FIXED_BYTES +
  MAX_SEALED_HEADER_BYTES +
  SHORT_ID_BYTES * MAX_BLOCK_TRANSACTIONS +
  MAX_PREFILLED * MAX_PREFILLED_BYTES;

/** Headers: offsets and the longest headers. */
export const MAX_HEADERS_BYTES = MAX_HEADERS * (4 + MAX_SEALED_HEADER_BYTES);
export const MAX_TRANSACTIONS_ANSWER_BYTES = MAX_TRANSACTIONS_REQUESTED * (4 + MAX_SIGNED_TRANSACTION_BYTES);

interface WireType<T> {
  deserialize(bytes: Uint8Array): T;
}

/** @throws RuleError `malformed-encoding` */
export function decodeWire<T>(type: WireType<T>, bytes: Uint8Array, what: string): T {
  try {
    // A Node Buffer would give values whose slice() shares memory; a plain view of it does not.
    return type.deserialize(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (cause) {
    throw new RuleError('malformed-encoding', `${what}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}
