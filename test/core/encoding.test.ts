import { ListCompositeType } from '@chainsafe/ssz';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  assembleBlock,
  assembleList,
  blockSize,
  decodeBlock,
  decodeNetworkParams,
  decodeSealedHeader,
  decodeSignedTransaction,
  decodeTransactionAt,
  decodeTransactions,
  emptyBlockSize,
  encodeBlock,
  encodeNetworkParams,
  encodeSealedHeader,
  encodeSignedTransaction,
  encodeTransactions,
  MAX_SEALED_HEADER_BYTES,
  MAX_SIGNED_TRANSACTION_BYTES,
  makeTransaction,
  pickTransactions,
  SEALED_HEADER_BYTES,
  SIGNED_TRANSACTION_BYTES,
  signedTransactionSize,
  sizeInBlock,
} from '../../src/core/encoding.ts';
import { RuleError } from '../../src/core/errors.ts';
import { transactionsRoot } from '../../src/core/hashing.ts';
import { MAX_SUPPORTED_BLOCK_BYTES, TEST_PARAMS } from '../../src/core/network-params.ts';
import {
  BlockType,
  MAX_DATA_BYTES,
  MAX_UINT64,
  SealedHeaderType,
  type SignedTransaction,
  TransactionsType,
} from '../../src/core/types.ts';
import * as arbitrary from '../support/arbitraries.ts';
import { refusedWith } from '../support/refused.ts';

const PARAMS = { ...TEST_PARAMS, maxBlockBytes: MAX_SUPPORTED_BLOCK_BYTES };

interface Codec<T> {
  name: string;
  values: fc.Arbitrary<T>;
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

function codec<T>(fields: Codec<T>): Codec<unknown> {
  return fields as Codec<unknown>;
}

const CODECS = [
  codec({
    name: 'SignedTransaction',
    values: arbitrary.signedTransaction,
    encode: encodeSignedTransaction,
    decode: decodeSignedTransaction,
  }),
  codec({
    name: 'SealedHeader',
    values: arbitrary.sealedHeader,
    encode: encodeSealedHeader,
    decode: decodeSealedHeader,
  }),
  codec({
    name: 'Block',
    values: arbitrary.block,
    encode: encodeBlock,
    decode: (bytes) => decodeBlock(bytes, PARAMS),
  }),
  codec({
    name: 'List[SignedTransaction]',
    values: fc.array(arbitrary.signedTransaction, { maxLength: 20 }),
    encode: encodeTransactions,
    decode: decodeTransactions,
  }),
  codec({
    name: 'NetworkParams',
    values: arbitrary.networkParams,
    encode: encodeNetworkParams,
    decode: decodeNetworkParams,
  }),
];

/** Decodes, and if that works, demands that encoding gives the same bytes; only a RuleError may be thrown. */
function expectCanonical({ encode, decode }: Codec<unknown>, bytes: Uint8Array): void {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return;
  }
  expect(encode(value)).toEqual(bytes);
}

describe.each(CODECS)('$name', (subject) => {
  const { values, encode, decode } = subject;

  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  it('decodes from the middle of a Node Buffer to plain bytes, and keeps none of its memory', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(value);
        const buffer = Buffer.alloc(bytes.length + 14, 0xaa);
        buffer.set(bytes, 7);
        const decoded = decode(buffer.subarray(7, 7 + bytes.length));
        buffer.fill(0);
        expect(decoded).toEqual(value);
      }),
      { numRuns: 30 },
    );
  });

  it('is refused when it is not the one encoding of its value: any byte changed', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, position, mask) => {
        const bytes = encode(value);
        const index = position % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ mask;
        expectCanonical(subject, bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused when cut off or extended, or else is the encoding of another value', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 80 }), (value, cut, more) => {
        const bytes = encode(value);
        expectCanonical(subject, bytes.subarray(0, cut % bytes.length));
        expectCanonical(subject, Uint8Array.from([...bytes, ...more]));
      }),
    );
  });

  it('is refused without any other error when it is noise', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => expectCanonical(subject, bytes)));
  });
});

describe('malformed-encoding', () => {
  const signed = fc.sample(arbitrary.signedTransaction, { seed: 1, numRuns: 1 })[0] as SignedTransaction;
  const bytes = encodeSignedTransaction(signed);
  const withOffset = (position: number, offset: number) => {
    const changed = bytes.slice();
    new DataView(changed.buffer).setUint32(position, offset, true);
    return changed;
  };

  it('refuses nothing at all', () => {
    refusedWith('malformed-encoding', () => decodeSignedTransaction(new Uint8Array()));
    refusedWith('malformed-encoding', () => decodeSealedHeader(new Uint8Array()));
    refusedWith('malformed-encoding', () => decodeBlock(new Uint8Array(), PARAMS));
    refusedWith('malformed-encoding', () => decodeNetworkParams(new Uint8Array()));
  });

  it('refuses a first offset that leaves a gap, overlaps, or points beyond the end', () => {
    for (const offset of [0, 67, 69, bytes.length + 1, 2 ** 32 - 1]) {
      refusedWith('malformed-encoding', () => decodeSignedTransaction(withOffset(0, offset)));
    }
  });

  it('refuses offsets that go back', () => {
    const block = encodeBlock(fc.sample(arbitrary.block, { seed: 1, numRuns: 1 })[0] as never);
    const changed = block.slice();
    new DataView(changed.buffer).setUint32(4, 7, true);
    refusedWith('malformed-encoding', () => decodeBlock(changed, PARAMS));
  });

  it('refuses data and extra beyond their limits', () => {
    const header = { ...fc.sample(arbitrary.header, { seed: 1, numRuns: 1 })[0], extra: new Uint8Array(33) };
    const sealed = encodeSealedHeader({ header, nonce: new Uint8Array(32) } as never);
    refusedWith('malformed-encoding', () => decodeSealedHeader(sealed));
    const data = new Uint8Array(MAX_DATA_BYTES + 1);
    const list = encodeTransactions([{ ...signed, transaction: { ...signed.transaction, data } }]);
    refusedWith('malformed-encoding', () => decodeTransactions(list));
  });
});

describe('sizes', () => {
  it('are the ones the constants say', () => {
    fc.assert(
      fc.property(arbitrary.block, (block) => {
        expect(encodeBlock(block)).toHaveLength(blockSize(block));
        for (const signed of block.transactions) {
          expect(encodeSignedTransaction(signed)).toHaveLength(signedTransactionSize(signed));
          const without = { ...block, transactions: block.transactions.filter((other) => other !== signed) };
          expect(blockSize(block) - blockSize(without)).toBe(sizeInBlock(signed));
        }
        const extraBytes = block.sealed.header.extra.length;
        expect(encodeSealedHeader(block.sealed)).toHaveLength(SEALED_HEADER_BYTES + extraBytes);
        expect(encodeBlock({ ...block, transactions: [] })).toHaveLength(emptyBlockSize(extraBytes));
      }),
    );
    expect(SIGNED_TRANSACTION_BYTES).toBe(160);
    expect(MAX_SIGNED_TRANSACTION_BYTES).toBe(1_184);
    expect(SEALED_HEADER_BYTES).toBe(156);
    expect(MAX_SEALED_HEADER_BYTES).toBe(188);
  });

  it('oversized-transaction: one byte over the longest is refused before it is decoded', () => {
    refusedWith('malformed-encoding', () =>
      decodeSignedTransaction(new Uint8Array(MAX_SIGNED_TRANSACTION_BYTES)),
    );
    refusedWith('oversized-transaction', () =>
      decodeSignedTransaction(new Uint8Array(MAX_SIGNED_TRANSACTION_BYTES + 1)),
    );
  });

  it('oversized-block: one byte over maxBlockBytes is refused before it is decoded', () => {
    refusedWith('malformed-encoding', () => decodeBlock(new Uint8Array(PARAMS.maxBlockBytes), PARAMS));
    refusedWith('oversized-block', () => decodeBlock(new Uint8Array(PARAMS.maxBlockBytes + 1), PARAMS));
  });

  it('the largest block allowed decodes', () => {
    const [block] = fc.sample(arbitrary.block, { seed: 3, numRuns: 1 });
    if (block === undefined) throw new Error('a sample of one');
    const bytes = encodeBlock(block);
    expect(decodeBlock(bytes, { ...PARAMS, maxBlockBytes: bytes.length })).toEqual(block);
    refusedWith('oversized-block', () => decodeBlock(bytes, { ...PARAMS, maxBlockBytes: bytes.length - 1 }));
  });
});

describe('a block in two parts', () => {
  it('is put together to the same bytes', () => {
    fc.assert(
      fc.property(arbitrary.block, (block) => {
        const parts = [encodeSealedHeader(block.sealed), encodeTransactions(block.transactions)] as const;
        expect(assembleBlock(...parts)).toEqual(encodeBlock(block));
      }),
    );
  });

  it('gives some of its transactions, as a list', () => {
    fc.assert(
      fc.property(
        arbitrary.block,
        fc.array(fc.boolean(), { maxLength: 20 }),
        ({ transactions }, isWanted) => {
          const bytes = encodeTransactions(transactions);
          const indexes = [...transactions.keys()].filter((index) => isWanted[index]);
          expect(pickTransactions(bytes, indexes)).toEqual(
            encodeTransactions(indexes.map((index) => transactions[index] as SignedTransaction)),
          );
          expect(pickTransactions(bytes, [...indexes, transactions.length])).toBeUndefined();
        },
      ),
      { numRuns: 30 },
    );
  });

  it('gives any one of its transactions', () => {
    fc.assert(
      fc.property(arbitrary.block, ({ transactions }) => {
        const bytes = encodeTransactions(transactions);
        const read = (from: number, to: number) => bytes.subarray(from, to);
        transactions.forEach((signed, i) => {
          expect(decodeTransactionAt(read, bytes.length, i)).toEqual(signed);
        });
        expect(decodeTransactionAt(read, bytes.length, transactions.length)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });
});

describe('a list that claims many items', () => {
  /** A block of `length` bytes: a header, then a list whose first offset claims `count` items. */
  function claiming(count: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const header = encodeBlock({
      sealed: fc.sample(arbitrary.sealedHeader, { seed: 5, numRuns: 1 })[0],
      transactions: [],
    } as never);
    bytes.set(header);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < count; i++) view.setUint32(header.length + 4 * i, 4 * count, true);
    return bytes;
  }

  it('is refused without being decoded when its bytes could not hold them', () => {
    const deserialize = vi.spyOn(BlockType, 'deserialize');
    for (const [count, length] of [
      [2, 156 + 8 + 32 + 163],
      [1_000, 100_000],
      [65_537, PARAMS.maxBlockBytes],
      [250_000, 1_000_400],
    ] as const) {
      refusedWith('malformed-encoding', () => decodeBlock(claiming(count, length), PARAMS));
    }
    expect(deserialize).not.toHaveBeenCalled();
    deserialize.mockRestore();
  });

  it('by itself is refused so too', () => {
    const deserialize = vi.spyOn(TransactionsType, 'deserialize');
    const bytes = claiming(250_000, 1_000_400);
    refusedWith('malformed-encoding', () => decodeTransactions(bytes.subarray(bytes.length - 1_000_000)));
    expect(deserialize).not.toHaveBeenCalled();
    deserialize.mockRestore();
  });

  it('costs time in proportion to its bytes at most, if they could hold them', () => {
    const sizes = [2 ** 17, 2 ** 18, 2 ** 19, 2 ** 20, 2 ** 21];
    const points = sizes.map((size) => {
      const bytes = claiming(Math.floor((size - 400) / 164), size);
      const times = Array.from({ length: 7 }, () => {
        const start = performance.now();
        refusedWith('malformed-encoding', () => decodeBlock(bytes, PARAMS));
        return performance.now() - start;
      });
      return { x: Math.log(size), y: Math.log(Math.min(...times)) };
    });
    expect(slope(points)).toBeLessThan(1.5);
  });

  it('is decoded and hashed in time proportional to its length, if it is good', () => {
    const [signed] = fc.sample(arbitrary.signedTransaction, { seed: 7, numRuns: 1 });
    if (signed === undefined) throw new Error('a sample of one');
    const small = { ...signed, transaction: { ...signed.transaction, data: new Uint8Array() } };
    const points = [200, 800, 3_200, 12_000].map((count) => {
      const bytes = encodeTransactions(Array<SignedTransaction>(count).fill(small));
      const times = Array.from({ length: 3 }, () => {
        const start = performance.now();
        transactionsRoot(decodeTransactions(bytes));
        return performance.now() - start;
      });
      return { x: Math.log(count), y: Math.log(Math.min(...times)) };
    });
    expect(slope(points)).toBeLessThan(1.5);
  });
});

/** Least squares: the exponent by which y grows with x, both logarithms. */
function slope(points: readonly { x: number; y: number }[]): number {
  const mean = (pick: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  return mean(({ x, y }) => (x - meanX) * (y - meanY)) / mean(({ x }) => (x - meanX) ** 2);
}

describe('makeTransaction', () => {
  const fields = {
    sender: new Uint8Array(32),
    sequence: 0n,
    recipient: new Uint8Array(32),
    amount: 0n,
    fee: 0n,
    data: new Uint8Array(),
  };

  it('passes on what fits, to the last notch and byte', () => {
    const full = { ...fields, sequence: MAX_UINT64, amount: MAX_UINT64, fee: MAX_UINT64 };
    const made = makeTransaction({ ...full, data: new Uint8Array(MAX_DATA_BYTES) });
    expect(made.amount).toBe(MAX_UINT64);
  });

  it.each([
    ['sender', new Uint8Array(31)],
    ['recipient', new Uint8Array(33)],
    ['data', new Uint8Array(MAX_DATA_BYTES + 1)],
    ['sequence', -1n],
    ['sequence', MAX_UINT64 + 1n],
    ['amount', -1n],
    ['amount', MAX_UINT64 + 1n],
    ['fee', -1n],
    ['fee', MAX_UINT64 + 1n],
  ])('refuses a %s SSZ would cut or wrap', (name, value) => {
    expect(() => makeTransaction({ ...fields, [name]: value })).toThrow(new RegExp(`^${name}: `));
  });
});

describe('what is put together by hand', () => {
  it('is a sealed header as SSZ has it', () => {
    fc.assert(
      fc.property(arbitrary.sealedHeader, (sealed) => {
        expect(encodeSealedHeader(sealed)).toEqual(SealedHeaderType.serialize(sealed));
      }),
    );
  });

  it('is a list as SSZ has it', () => {
    const headers = new ListCompositeType(SealedHeaderType, 9);
    fc.assert(
      fc.property(fc.array(arbitrary.sealedHeader, { maxLength: 9 }), (sealed) => {
        expect(assembleList(sealed.map(encodeSealedHeader))).toEqual(headers.serialize(sealed));
      }),
    );
  });
});
