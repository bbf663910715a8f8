/** The words of the wire, against a second implementation written from docs/protocol.md. */
import { RuleError } from '../../../src/core/errors.ts';
import { idToBytes } from '../../../src/core/identifiers.ts';
import {
  compactBlock,
  decodeCompactBlock,
  encodeCompactBlock,
  requireAscending,
} from '../../../src/node/compact-block.ts';
import * as wire from '../../../src/node/wire.ts';
import { SealedHeader, SignedTransaction } from '../../support/independent-ledger.ts';
import { byteList, byteVector, container, list, type Ssz, uint } from '../../support/independent-ssz.ts';
import { bytesOf, type FuzzTarget, must, refusedBy } from '../engine/target.ts';
import { exampleBlocks, examplePayments, NETWORK } from './examples.ts';

interface Word {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a table of many types
  readonly type: { deserialize(bytes: Uint8Array): any; serialize(value: any): Uint8Array };
  // biome-ignore lint/suspicious/noExplicitAny: a table of many types
  readonly second: Ssz<any>;
  readonly examples: () => unknown[];
}

const bytes32 = byteVector(32);
const ids = () => exampleBlocks().map(({ id }) => idToBytes(id));
const signed = () => examplePayments().map((payment) => payment.signed);

const WORDS: readonly Word[] = [
  {
    name: 'status',
    type: wire.StatusType,
    second: container({ networkId: bytes32, tip: bytes32, height: uint(8), work: uint(32), clock: uint(8) }),
    examples: () => [
      { networkId: NETWORK.idBytes, tip: ids()[0], height: 1n, work: 5n, clock: 1_767_225_600_000n },
    ],
  },
  {
    name: 'headers-request',
    type: wire.HeadersRequestType,
    second: container({ locator: list(bytes32, 64) }),
    examples: () => [{ locator: [] }, { locator: ids() }],
  },
  {
    name: 'headers',
    type: wire.HeadersType,
    second: list(SealedHeader, 2_000),
    examples: () => [[], exampleBlocks().map(({ block }) => block.sealed)],
  },
  {
    name: 'blocks-request',
    type: wire.BlocksRequestType,
    second: container({ ids: list(bytes32, 128) }),
    examples: () => [{ ids: ids() }],
  },
  {
    name: 'block-transactions-request',
    type: wire.BlockTransactionsRequestType,
    second: container({ block: bytes32, indexes: list(uint(2), 12_786) }),
    examples: () => [{ block: ids()[0], indexes: [0, 1, 5] }],
  },
  {
    name: 'pool-request',
    type: wire.PoolRequestType,
    second: container({ page: uint(4) }),
    examples: () => [{ page: 0 }],
  },
  { name: 'pool-ids', type: wire.PoolIdsType, second: list(bytes32, 32_768), examples: () => [[], ids()] },
  {
    name: 'transactions-answer',
    type: wire.TransactionsAnswerType,
    second: list(SignedTransaction, 1_024),
    examples: () => [[], signed()],
  },
  {
    name: 'addresses',
    type: wire.AddressesType,
    second: list(byteList(256), 64),
    examples: () => [['/ip4/127.0.0.1/tcp/4141', ''].map(bytesOf)],
  },
  {
    name: 'transactions-message',
    type: wire.TransactionsMessageType,
    second: container({ salt: uint(4), transactions: list(SignedTransaction, 512) }),
    examples: () => [{ salt: 1, transactions: signed() }],
  },
  {
    name: 'compact-block',
    type: wire.CompactBlockType,
    second: container({
      publishedAt: uint(8),
      sealed: SealedHeader,
      shortIds: byteList(6 * 12_786),
      prefilled: list(container({ index: uint(2), signed: SignedTransaction }), 128),
    }),
    examples: () => [
      {
        publishedAt: 5n,
        sealed: exampleBlocks()[0]?.block.sealed,
        shortIds: bytesOf('123456'),
        prefilled: [],
      },
    ],
  },
];

/** The first byte says which word the others are to be. */
function executeWord(input: Uint8Array): void {
  const word = WORDS[(input[0] ?? 0) % WORDS.length] as Word;
  const bytes = input.subarray(1);
  const value = refusedBy([RuleError], () => wire.decodeWire(word.type, bytes, word.name));
  const other = refusedBy([Error], () => word.second.deserialize(bytes));
  must(
    (value === undefined) === (other === undefined),
    `${word.name}: ${value === undefined ? 'refused' : 'read'} here only`,
  );
  if (value === undefined) return;
  must(Buffer.compare(word.type.serialize(value), bytes) === 0, `${word.name}: encodes to other bytes`);
  if (word.name !== 'block-transactions-request') return;
  refusedBy([RuleError], () => requireAscending(value.indexes, wire.MAX_BLOCK_TRANSACTIONS));
}

function executeCompact(input: Uint8Array): void {
  const compact = refusedBy([RuleError], () => decodeCompactBlock(input, NETWORK.params));
  if (compact === undefined) return;
  const again = encodeCompactBlock(compact);
  // A time beyond what a number holds is taken for none.
  must(Buffer.compare(again.subarray(8), input.subarray(8)) === 0, 'what was read encodes to other bytes');
  must(
    compact.prefilled.every(({ index }) => 6 * index < compact.shortIds.length),
    'a place outside the block',
  );
}

export const wireTargets: readonly FuzzTarget[] = [
  {
    name: 'wire',
    shape: 'bytes',
    maxBytes: 16 * 1_024,
    seeds: () =>
      WORDS.flatMap(({ examples, type }, index) =>
        examples().map((example) => Uint8Array.of(index, ...type.serialize(example))),
      ),
    open: () => ({ execute: executeWord }),
  },
  {
    name: 'compact-block',
    shape: 'bytes',
    maxBytes: 32 * 1_024,
    seeds: () =>
      exampleBlocks().flatMap((checked) =>
        [new Set<never>(), new Set(checked.block.transactions)].map((fresh) =>
          encodeCompactBlock(compactBlock(checked, 1_767_225_600_000, fresh)),
        ),
      ),
    open: () => ({ execute: executeCompact }),
  },
];
