import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockFromJson, blockToJson, transactionFromJson, transactionToJson } from '../../src/client/json.ts';
import { encodeBlock, encodeSignedTransaction } from '../../src/core/encoding.ts';
import { transactionId } from '../../src/core/hashing.ts';
import type { BlockId } from '../../src/core/identifiers.ts';
import type { Header, SignedTransaction } from '../../src/core/types.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const count = fc.bigInt(0n, BigInt(Number.MAX_SAFE_INTEGER));
const amount = fc.bigInt(0n, 2n ** 64n - 1n);

const transaction: fc.Arbitrary<SignedTransaction> = fc.record({
  transaction: fc.record({
    sender: bytes(32),
    sequence: count,
    recipient: bytes(32),
    amount,
    fee: amount,
    data: fc.uint8Array({ maxLength: 1_024 }),
  }),
  signature: bytes(64),
});

const header: fc.Arbitrary<Header> = fc.record({
  parent: bytes(32),
  height: count,
  // Beyond what an ISO time can name, too: a genesis may be there.
  timestamp: count,
  bits: fc.nat(0xffff_ffff),
  miner: bytes(32),
  transactionsRoot: bytes(32),
  extra: fc.uint8Array({ maxLength: 32 }),
});

describe('to JSON and back is the same, byte for byte', () => {
  test('transactions', () => {
    fc.assert(
      fc.property(transaction, (signed) => {
        const json: unknown = JSON.parse(
          JSON.stringify(transactionToJson(transactionId(signed.transaction), signed)),
        );
        const read = transactionFromJson(json as ReturnType<typeof transactionToJson>);
        expect(encodeSignedTransaction(read)).toEqual(encodeSignedTransaction(signed));
      }),
    );
  });

  test('blocks', () => {
    fc.assert(
      fc.property(
        header,
        bytes(32),
        fc.array(transaction, { maxLength: 3 }),
        (fields, nonce, transactions) => {
          const block = { sealed: { header: fields, nonce }, transactions };
          const json = blockToJson(block, {
            id: 'ab' as BlockId,
            transactionIds: transactions.map((signed) => transactionId(signed.transaction)),
            size: 1,
            work: 2n ** 255n,
            confirmations: 1,
          });
          expect(json.work).toBe((2n ** 255n).toString());
          const read = blockFromJson(JSON.parse(JSON.stringify(json)) as typeof json);
          expect(encodeBlock(read)).toEqual(encodeBlock(block));
        },
      ),
    );
  });
});

test('a sequence that no number can hold is refused, not rounded', () => {
  const [signed] = fc.sample(transaction, 1);
  if (signed === undefined) throw new Error('no sample');
  signed.transaction.sequence = 2n ** 53n;
  expect(() => transactionToJson(transactionId(signed.transaction), signed)).toThrow('sequence');
});

test('what cannot be read is named', () => {
  const [signed] = fc.sample(transaction, 1);
  if (signed === undefined) throw new Error('no sample');
  const json = transactionToJson(transactionId(signed.transaction), signed);
  expect(() => transactionFromJson({ ...json, recipient: 'tally1qqqq' })).toThrow('recipient');
});
