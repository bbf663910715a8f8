import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RuleError } from '../../src/core/errors.ts';
import {
  AddressesType,
  BlocksRequestType,
  BlockTransactionsRequestType,
  decodeWire,
  HeadersRequestType,
  HeadersType,
  MAX_ADDRESS_BYTES,
  MAX_ADDRESSES,
  MAX_BLOCKS_REQUESTED,
  MAX_GOSSIP_TRANSACTIONS,
  MAX_HEADERS,
  MAX_HEADERS_BYTES,
  MAX_LOCATOR_IDS,
  MAX_POOL_IDS,
  MAX_TRANSACTIONS_ANSWER_BYTES,
  MAX_TRANSACTIONS_REQUESTED,
  PoolIdsType,
  PoolRequestType,
  StatusType,
  TransactionsAnswerType,
  TransactionsMessageType,
  TransactionsRequestType,
} from '../../src/node/wire.ts';
import { bytes32, sealedHeader, signedTransaction } from '../support/arbitraries.ts';
import { refusedWith } from '../support/refused.ts';

interface Codec {
  serialize(value: unknown): Uint8Array;
  deserialize(bytes: Uint8Array): unknown;
}

const ids = fc.array(bytes32, { maxLength: 8 });
const uint32 = fc.nat(2 ** 32 - 1);
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uint256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
const address = fc.uint8Array({ maxLength: MAX_ADDRESS_BYTES });

const words: [string, unknown, fc.Arbitrary<unknown>][] = [
  [
    'status',
    StatusType,
    fc.record({ networkId: bytes32, tip: bytes32, height: uint64, work: uint256, clock: uint64 }),
  ],
  ['headers request', HeadersRequestType, fc.record({ locator: ids })],
  ['headers', HeadersType, fc.array(sealedHeader, { maxLength: 5 })],
  ['blocks request', BlocksRequestType, fc.record({ ids })],
  [
    'block transactions request',
    BlockTransactionsRequestType,
    fc.record({ block: bytes32, indexes: fc.array(fc.nat(2 ** 16 - 1), { maxLength: 8 }) }),
  ],
  ['pool request', PoolRequestType, fc.record({ page: uint32 })],
  ['pool ids', PoolIdsType, ids],
  ['transactions request', TransactionsRequestType, fc.record({ ids })],
  ['transactions answer', TransactionsAnswerType, fc.array(signedTransaction, { maxLength: 5 })],
  [
    'transactions message',
    TransactionsMessageType,
    fc.record({ salt: uint32, transactions: fc.array(signedTransaction, { maxLength: 5 }) }),
  ],
  ['addresses', AddressesType, fc.array(address, { maxLength: 5 })],
];

describe.each(words)('%s', (name, type, values) => {
  const codec = type as Codec;

  /** Refused with the one rule, or a value whose encoding is these very bytes. */
  function expectCanonicalOrRefused(bytes: Uint8Array): void {
    let value: unknown;
    try {
      value = decodeWire(codec, bytes, name);
    } catch (error) {
      expect(error).toBeInstanceOf(RuleError);
      expect((error as RuleError).code).toBe('malformed-encoding');
      return;
    }
    expect(codec.serialize(value)).toEqual(bytes);
  }

  it('comes out as it went in', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decodeWire(codec, codec.serialize(value), name)).toEqual(value);
      }),
    );
  });

  it('cut short is refused, or is another value’s one encoding', () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, cut) => {
        const bytes = codec.serialize(value);
        expectCanonicalOrRefused(bytes.slice(0, bytes.length === 0 ? 0 : cut % bytes.length));
      }),
    );
  });

  it('with a byte changed is refused, or is another value’s one encoding', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
        const bytes = codec.serialize(value);
        if (bytes.length === 0) return;
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ change;
        expectCanonicalOrRefused(bytes);
      }),
    );
  });

  it('of random bytes is refused, or is a value’s one encoding', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), expectCanonicalOrRefused));
  });
});

describe('limits', () => {
  const emptyIds = (count: number): Uint8Array[] => Array.from({ length: count }, () => new Uint8Array(32));

  it.each<[string, number, (ids: Uint8Array[]) => Uint8Array, unknown]>([
    ['a locator', MAX_LOCATOR_IDS, (all) => withOffset(all), HeadersRequestType],
    ['a blocks request', MAX_BLOCKS_REQUESTED, (all) => withOffset(all), BlocksRequestType],
    ['a transactions request', MAX_TRANSACTIONS_REQUESTED, (all) => withOffset(all), TransactionsRequestType],
    ['a page of pool ids', MAX_POOL_IDS, (all) => joined(all), PoolIdsType],
  ])('%s holds %i ids and not one more', (what, most, encode, type) => {
    const codec = type as Codec;
    decodeWire(codec, encode(emptyIds(most)), what);
    refusedWith('malformed-encoding', () => decodeWire(codec, encode(emptyIds(most + 1)), what));
  });

  it.each<[string, number, unknown, Uint8Array]>([
    ['headers', MAX_HEADERS, HeadersType, sample(sealedHeader, HeadersType)],
    [
      'a transactions answer',
      MAX_TRANSACTIONS_REQUESTED,
      TransactionsAnswerType,
      sample(signedTransaction, TransactionsAnswerType),
    ],
    [
      'a transactions message',
      MAX_GOSSIP_TRANSACTIONS,
      TransactionsMessageType.fields.transactions,
      sample(signedTransaction, TransactionsMessageType.fields.transactions),
    ],
    ['addresses', MAX_ADDRESSES, AddressesType, new Uint8Array(20)],
  ])('%s: %i items and not one more', (what, most, type, item) => {
    const codec = type as Codec;
    expect(decodeWire(codec, listOf(item, most), what)).toHaveLength(most);
    refusedWith('malformed-encoding', () => decodeWire(codec, listOf(item, most + 1), what));
  });

  it('an address is not longer than its limit', () => {
    refusedWith('malformed-encoding', () =>
      decodeWire(AddressesType, listOf(new Uint8Array(MAX_ADDRESS_BYTES + 1), 1), 'addresses'),
    );
  });

  it('the longest answers fit what is allowed for them', () => {
    const [header] = fc.sample(sealedHeader, 1);
    const longest = header && { ...header, header: { ...header.header, extra: new Uint8Array(32) } };
    const headers = HeadersType.serialize(Array.from({ length: MAX_HEADERS }, () => longest as never));
    expect(headers.length).toBe(MAX_HEADERS_BYTES);
    const [signed] = fc.sample(signedTransaction, 1);
    const full = signed && {
      ...signed,
      transaction: { ...signed.transaction, data: new Uint8Array(1_024) },
    };
    const transactions = TransactionsAnswerType.serialize(
      Array.from({ length: MAX_TRANSACTIONS_REQUESTED }, () => full as never),
    );
    expect(transactions.length).toBe(MAX_TRANSACTIONS_ANSWER_BYTES);
  });
});

describe('a decoded value', () => {
  it('shares no memory with the message, even if that is a Node Buffer', () => {
    const ids = [new Uint8Array(32).fill(7)];
    const message = Buffer.from(BlocksRequestType.serialize({ ids }));
    const decoded = decodeWire(BlocksRequestType, message, 'blocks request');
    message.fill(0);
    expect(decoded.ids).toEqual(ids);
  });
});

function joined(parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** A container with one list: the list's offset, then the list. */
function withOffset(ids: Uint8Array[]): Uint8Array {
  return joined([Uint8Array.of(4, 0, 0, 0), ...ids]);
}

/** A list of the same item many times: the items' offsets, then the items. */
function listOf(item: Uint8Array, count: number): Uint8Array {
  const offsets = new Uint8Array(4 * count);
  const view = new DataView(offsets.buffer);
  for (let i = 0; i < count; i++) view.setUint32(4 * i, 4 * count + item.length * i, true);
  return joined([offsets, ...Array.from({ length: count }, () => item)]);
}

/** The encoding of one item of a list. */
function sample<T>(values: fc.Arbitrary<T>, type: { serialize(value: T[]): Uint8Array }): Uint8Array {
  const [value] = fc.sample(values, 1);
  return type.serialize(value === undefined ? [] : [value]).slice(4);
}
