/** SSZ, against a second implementation: what one reads the other reads, to the same bytes again. */
import {
  countTransactions,
  decodeBlock,
  decodeNetworkParams,
  decodeSealedHeader,
  decodeSignedTransaction,
  decodeTransactionAt,
  decodeTransactions,
  encodeBlock,
  encodeNetworkParams,
  encodeSealedHeader,
  encodeSignedTransaction,
  encodeTransactions,
  MAX_SIGNED_TRANSACTION_BYTES,
  pickTransactions,
} from '../../../src/core/encoding.ts';
import { RuleError } from '../../../src/core/errors.ts';
import { sealedHeaderRoot, transactionRoot, transactionsRoot } from '../../../src/core/hashing.ts';
import { bytesEqual } from '../../../src/core/hex.ts';
import { checkNetworkParams, DEV_PARAMS, TEST_PARAMS } from '../../../src/core/network-params.ts';
import * as independent from '../../support/independent-ledger.ts';
import type { Ssz } from '../../support/independent-ssz.ts';
import { type FuzzTarget, must, refusedBy } from '../engine/target.ts';
import { exampleBlocks, examplePayments } from './examples.ts';

/** Longer than most, shorter than the largest block: what takes long by length shows already. */
const MAX_LIST_BYTES = 64 * 1_024;

interface Codec<T> {
  readonly decode: (bytes: Uint8Array) => T;
  readonly encode: (value: T) => Uint8Array;
  readonly root: ((value: T) => Uint8Array) | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: of whatever type stands on the other side
  readonly second: Ssz<any>;
}

function execute<T>({ decode, encode, root, second }: Codec<T>, input: Uint8Array): T | undefined {
  const value = refusedBy([RuleError], () => decode(input));
  const other = refusedBy([Error], () => second.deserialize(input));
  must(
    (value === undefined) === (other === undefined),
    `${value === undefined ? 'refused' : 'read'} here only`,
  );
  if (value === undefined) return undefined;
  must(bytesEqual(encode(value), input), 'what was read encodes to other bytes');
  if (root !== undefined) must(bytesEqual(root(value), second.hashTreeRoot(other)), 'the roots differ');
  return value;
}

const transaction: Codec<ReturnType<typeof decodeSignedTransaction>> = {
  decode: decodeSignedTransaction,
  encode: encodeSignedTransaction,
  root: undefined,
  second: independent.SignedTransaction,
};
const header: Codec<ReturnType<typeof decodeSealedHeader>> = {
  decode: decodeSealedHeader,
  encode: encodeSealedHeader,
  root: sealedHeaderRoot,
  second: independent.SealedHeader,
};
const transactions: Codec<ReturnType<typeof decodeTransactions>> = {
  decode: decodeTransactions,
  encode: encodeTransactions,
  root: transactionsRoot,
  second: independent.Transactions,
};
const params: Codec<ReturnType<typeof decodeNetworkParams>> = {
  decode: decodeNetworkParams,
  encode: encodeNetworkParams,
  root: undefined,
  second: independent.NetworkParams,
};
const block: Codec<ReturnType<typeof decodeBlock>> = {
  decode: (bytes) => decodeBlock(bytes, TEST_PARAMS),
  encode: encodeBlock,
  root: undefined,
  second: independent.Block,
};

/** Lists are read in part without being decoded: the same must come out. */
function executeList(input: Uint8Array): void {
  const list = execute(transactions, input);
  if (list === undefined) return;
  must(countTransactions(input) === list.length, 'another count');
  const read = (from: number, to: number): Uint8Array => input.subarray(from, to);
  for (const index of [0, list.length - 1, list.length]) {
    const one = decodeTransactionAt(read, input.length, index);
    const expected = list[index];
    must((one === undefined) === (expected === undefined), `transaction ${index} is read by one way only`);
    if (one === undefined || expected === undefined) continue;
    must(
      bytesEqual(encodeSignedTransaction(one), encodeSignedTransaction(expected)),
      `transaction ${index} is another`,
    );
    must(transactionRoot(one.transaction).length === 32, 'no root');
  }
  const indexes = list.flatMap((_, index) => (index % 2 === 0 ? index : []));
  const picked = pickTransactions(input, indexes);
  must(picked !== undefined && decodeTransactions(picked).length === indexes.length, 'not all were picked');
}

const blocks = (): Uint8Array[] => exampleBlocks().map(({ block: one }) => encodeBlock(one));

export const sszTargets: readonly FuzzTarget[] = [
  {
    name: 'ssz-signed-transaction',
    shape: 'bytes',
    maxBytes: MAX_SIGNED_TRANSACTION_BYTES + 64,
    seeds: () => examplePayments().map(({ signed }) => encodeSignedTransaction(signed)),
    open: () => ({ execute: (input) => void execute(transaction, input) }),
  },
  {
    name: 'ssz-sealed-header',
    shape: 'bytes',
    maxBytes: 256,
    seeds: () => exampleBlocks().map(({ block: { sealed } }) => encodeSealedHeader(sealed)),
    open: () => ({ execute: (input) => void execute(header, input) }),
  },
  {
    name: 'ssz-transactions',
    shape: 'bytes',
    maxBytes: MAX_LIST_BYTES,
    seeds: () => exampleBlocks().map(({ block: one }) => encodeTransactions(one.transactions)),
    open: () => ({ execute: executeList }),
  },
  {
    name: 'ssz-block',
    shape: 'bytes',
    maxBytes: MAX_LIST_BYTES,
    seeds: blocks,
    open: () => ({ execute: (input) => void execute(block, input) }),
  },
  {
    name: 'ssz-network-params',
    shape: 'bytes',
    maxBytes: 48 * 1_024,
    seeds: () => [TEST_PARAMS, DEV_PARAMS, withAllocations(2)].map(encodeNetworkParams),
    open: () => ({
      execute: (input) => {
        const read = execute(params, input);
        if (read !== undefined) refusedBy([RuleError], () => checkNetworkParams(read));
      },
    }),
  },
];

function withAllocations(count: number): typeof TEST_PARAMS {
  const allocations = Array.from({ length: count }, (_, index) => ({
    address: new Uint8Array(32).fill(index + 1),
    amount: BigInt(index),
  }));
  return { ...TEST_PARAMS, allocations };
}
