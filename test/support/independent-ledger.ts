/** The types of the ledger a second time, from docs/protocol.md. Nothing of `src/` is imported. */
import { byteList, byteVector, container, list, uint, type ValueOf } from './independent-ssz.ts';

const bytes32 = byteVector(32);
const uint32 = uint(4);
const uint64 = uint(8);

export const Transaction = container({
  sender: bytes32,
  sequence: uint64,
  recipient: bytes32,
  amount: uint64,
  fee: uint64,
  data: byteList(1024),
});
export const SignedTransaction = container({ transaction: Transaction, signature: byteVector(64) });
export const Transactions = list(SignedTransaction, 65_536);
export const Header = container({
  parent: bytes32,
  height: uint64,
  timestamp: uint64,
  bits: uint32,
  miner: bytes32,
  transactionsRoot: bytes32,
  extra: byteList(32),
});
export const SealedHeader = container({ header: Header, nonce: bytes32 });
export const Block = container({ sealed: SealedHeader, transactions: Transactions });
/** @public enumerated by the tests */
export const Allocation = container({ address: bytes32, amount: uint64 });
export const NetworkParams = container({
  name: byteList(32),
  genesisTime: uint64,
  blockInterval: uint64,
  halfLife: uint64,
  initialBits: uint32,
  limitBits: uint32,
  subsidy: uint64,
  halvingInterval: uint64,
  maxBlockBytes: uint32,
  allocations: list(Allocation, 1_024),
});

export type Transaction = ValueOf<typeof Transaction>;
export type SignedTransaction = ValueOf<typeof SignedTransaction>;
export type Header = ValueOf<typeof Header>;
export type Block = ValueOf<typeof Block>;
export type NetworkParams = ValueOf<typeof NetworkParams>;
