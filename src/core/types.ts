/**
 * The SSZ types of the ledger: what is hashed, signed, stored and sent. Field order is consensus.
 *
 * Every uint64 is a bigint: a JS number silently loses precision above 2^53, and then one value would
 * have two encodings. SSZ integers are little-endian.
 */
import './buffer-stand-in.ts';
import {
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListCompositeType,
  UintBigintType,
  UintNumberType,
  type ValueOf,
} from '@chainsafe/ssz';

/** Room for a note or a file's fingerprint, small enough that data never outweighs payments. */
export const MAX_DATA_BYTES = 1_024;
/** Free bytes of the miner: more nonce room, a name. */
export const MAX_EXTRA_BYTES = 32;
/** Depth 16 of the Merkle tree: receipts stay short. */
export const MAX_TRANSACTIONS = 65_536;
export const MAX_NAME_BYTES = 32;
export const MAX_ALLOCATIONS = 1_024;
/** Every balance and every sum of amounts stays within 63 bits, so it fits a signed 64-bit integer anywhere. */
export const MAX_UINT63 = 2n ** 63n - 1n;
export const MAX_UINT64 = 2n ** 64n - 1n;

export const Bytes32 = new ByteVectorType(32);
const Bytes64 = new ByteVectorType(64);
export const uint16 = new UintNumberType(2);
export const uint32 = new UintNumberType(4);
export const uint64 = new UintBigintType(8);

export const TransactionType = new ContainerType({
  sender: Bytes32,
  sequence: uint64,
  recipient: Bytes32,
  amount: uint64,
  fee: uint64,
  data: new ByteListType(MAX_DATA_BYTES),
});

export const SignedTransactionType = new ContainerType({
  transaction: TransactionType,
  signature: Bytes64,
});

export const TransactionsType = new ListCompositeType(SignedTransactionType, MAX_TRANSACTIONS);

export const HeaderType = new ContainerType({
  parent: Bytes32,
  height: uint64,
  /** Milliseconds since 1970, chosen by the miner. */
  timestamp: uint64,
  /** The target in Bitcoin's compact form. */
  bits: uint32,
  miner: Bytes32,
  transactionsRoot: Bytes32,
  extra: new ByteListType(MAX_EXTRA_BYTES),
});

export const SealedHeaderType = new ContainerType({
  header: HeaderType,
  nonce: Bytes32,
});

export const BlockType = new ContainerType({
  sealed: SealedHeaderType,
  transactions: TransactionsType,
});

export const AllocationType = new ContainerType({
  address: Bytes32,
  amount: uint64,
});

export const NetworkParamsType = new ContainerType({
  /** UTF-8. */
  name: new ByteListType(MAX_NAME_BYTES),
  /** Milliseconds since 1970. */
  genesisTime: uint64,
  /** Milliseconds the difficulty aims at between blocks. */
  blockInterval: uint64,
  /** Milliseconds a block must be late for the target to double; 0: it never changes. */
  halfLife: uint64,
  initialBits: uint32,
  /** The easiest target allowed. */
  limitBits: uint32,
  /** Notches paid to the miner of block 1. */
  subsidy: uint64,
  /** Blocks after which the subsidy halves; 0: never. */
  halvingInterval: uint64,
  maxBlockBytes: uint32,
  allocations: new ListCompositeType(AllocationType, MAX_ALLOCATIONS),
});

/** A payment, not signed yet. @interface */
export type Transaction = ValueOf<typeof TransactionType>;
/** A payment and its sender's signature. @interface */
export type SignedTransaction = ValueOf<typeof SignedTransactionType>;
/** What a block commits to, but for its nonce. @interface */
export type Header = ValueOf<typeof HeaderType>;
/** A header and the nonce that proves its work. @interface */
export type SealedHeader = ValueOf<typeof SealedHeaderType>;
/** A sealed header and the transactions it commits to. @interface */
export type Block = ValueOf<typeof BlockType>;
/** What a network is: any other value is another network. @interface */
export type NetworkParams = ValueOf<typeof NetworkParamsType>;
