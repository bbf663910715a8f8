import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signingMessage } from '../../src/core/hashing.ts';
import {
  hashTransactions,
  rootOfSignedRoots,
  signedTransactionRoots,
  signingMessages,
} from '../../src/core/transaction-hashes.ts';
import { SignedTransactionType, TransactionsType, TransactionType } from '../../src/core/types.ts';
import { sampleTransactions } from '../../src/native/self-check.ts';
import { signedTransaction } from '../support/arbitraries.ts';

const joined = (parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe('hashes of many transactions', () => {
  it('are those SSZ gives one by one', () => {
    fc.assert(
      fc.property(fc.array(signedTransaction, { maxLength: 12 }), (transactions) => {
        const { ids, signedRoots } = hashTransactions(transactions);
        expect(ids).toEqual(
          joined(transactions.map(({ transaction }) => TransactionType.hashTreeRoot(transaction))),
        );
        expect(signedRoots).toEqual(
          joined(transactions.map((signed) => SignedTransactionType.hashTreeRoot(signed))),
        );
        expect(signedTransactionRoots(ids, transactions)).toEqual(signedRoots);
        expect(rootOfSignedRoots(signedRoots)).toEqual(TransactionsType.hashTreeRoot(transactions));
      }),
    );
  });

  it('are the same for lists longer than what is laid out at once', () => {
    const sample = sampleTransactions();
    const many = Array.from(
      { length: 1_027 },
      (_, i) => sample[i % sample.length] as (typeof sample)[number],
    );
    const { ids, signedRoots } = hashTransactions(many);
    expect(rootOfSignedRoots(signedRoots)).toEqual(TransactionsType.hashTreeRoot(many));
    expect(ids.subarray(32 * 1_026)).toEqual(
      TransactionType.hashTreeRoot((many[1_026] as (typeof many)[number]).transaction),
    );
  });

  it.each([0, 1, 2, 3, 255, 256, 257])('have the root SSZ gives a list of %i', (length) => {
    const sample = sampleTransactions();
    const list = Array.from({ length }, (_, i) => sample[(7 * i) % sample.length] as (typeof sample)[number]);
    expect(rootOfSignedRoots(hashTransactions(list).signedRoots)).toEqual(
      TransactionsType.hashTreeRoot(list),
    );
  });

  it('give the messages senders sign', () => {
    const network = new Uint8Array(32).fill(9);
    const { ids } = hashTransactions(sampleTransactions());
    const messages = signingMessages(network, ids);
    for (let at = 0; at < ids.length; at += 32) {
      expect(messages.subarray(at, at + 32)).toEqual(signingMessage(network, ids.subarray(at, at + 32)));
    }
  });
});
