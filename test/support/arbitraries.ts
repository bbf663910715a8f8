/** fast-check arbitraries for every type of the ledger. Integers favour the edges of their range. */
import fc from 'fast-check';
import {
  type Block,
  type Header,
  MAX_DATA_BYTES,
  MAX_EXTRA_BYTES,
  MAX_NAME_BYTES,
  MAX_UINT63,
  MAX_UINT64,
  type NetworkParams,
  type SealedHeader,
  type SignedTransaction,
  type Transaction,
} from '../../src/core/types.ts';

function bytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

export const bytes32 = bytes(32);
const uint32 = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.nat(2 ** 32 - 1));
const uint64 = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 53n, 2n ** 53n + 1n, MAX_UINT63, MAX_UINT63 + 1n, MAX_UINT64),
  fc.bigInt({ min: 0n, max: MAX_UINT64 }),
);
export const uint63 = fc.oneof(fc.constantFrom(0n, 1n, MAX_UINT63), fc.bigInt({ min: 0n, max: MAX_UINT63 }));

const transaction: fc.Arbitrary<Transaction> = fc.record({
  sender: bytes32,
  sequence: uint64,
  recipient: bytes32,
  amount: uint64,
  fee: uint64,
  data: fc.uint8Array({ maxLength: MAX_DATA_BYTES }),
});

export const signedTransaction: fc.Arbitrary<SignedTransaction> = fc.record({
  transaction,
  signature: bytes(64),
});

export const header: fc.Arbitrary<Header> = fc.record({
  parent: bytes32,
  height: uint64,
  timestamp: uint64,
  bits: uint32,
  miner: bytes32,
  transactionsRoot: bytes32,
  extra: fc.uint8Array({ maxLength: MAX_EXTRA_BYTES }),
});

export const sealedHeader: fc.Arbitrary<SealedHeader> = fc.record({ header, nonce: bytes32 });

export const block: fc.Arbitrary<Block> = fc.record({
  sealed: sealedHeader,
  transactions: fc.array(signedTransaction, { maxLength: 20 }),
});

/** Any value of the type; most are no network that makes sense. */
export const networkParams: fc.Arbitrary<NetworkParams> = fc.record({
  name: fc.uint8Array({ maxLength: MAX_NAME_BYTES }),
  genesisTime: uint64,
  blockInterval: uint64,
  halfLife: uint64,
  initialBits: uint32,
  limitBits: uint32,
  subsidy: uint64,
  halvingInterval: uint64,
  maxBlockBytes: uint32,
  allocations: fc.array(fc.record({ address: bytes32, amount: uint64 }), { maxLength: 20 }),
});
