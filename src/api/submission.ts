/** Transactions as callers submit them: one or a batch, as JSON or as SSZ bytes. */
import type { BodyOf } from '../client/contract.ts';
import { transactionFromJson } from '../client/json.ts';
import { MAX_BATCH_TRANSACTIONS } from '../client/routes.ts';
import type { SubmittedJson } from '../client/schemas.ts';
import { decodeSignedTransaction, decodeTransactions } from '../core/encoding.ts';
import { transactionId } from '../core/hashing.ts';
import type { SignedTransaction } from '../core/types.ts';
import { badRequest, readable } from './errors.ts';

/** Made by the parsers of bytes only, so that whatever else arrives is held against the schema. */
export class Submission {
  readonly transactions: readonly SignedTransaction[];
  /** Whether the answer has a result for each. */
  readonly isBatch: boolean;

  private constructor(transactions: readonly SignedTransaction[], isBatch: boolean) {
    this.transactions = transactions;
    this.isBatch = isBatch;
  }

  /** @throws HttpError 400 naming the field */
  static fromJson(body: BodyOf<'submit'>): Submission {
    if (!('transactions' in body)) return new Submission([read(body, '')], false);
    const { transactions } = body;
    return new Submission(
      transactions.map((json, index) => read(json, `transactions[${index}].`)),
      true,
    );
  }

  /** @param bytes SSZ of a signed transaction @throws RuleError `malformed-encoding`, `oversized-transaction` */
  static fromBytes(bytes: Uint8Array): Submission {
    return new Submission([decodeSignedTransaction(bytes)], false);
  }

  /**
   * @param bytes SSZ of a list of signed transactions
   * @throws RuleError `malformed-encoding`, HttpError 400 if there are none or too many
   */
  static fromBatchBytes(bytes: Uint8Array): Submission {
    const claimed = claimedItems(bytes);
    if (claimed < 1 || claimed > MAX_BATCH_TRANSACTIONS)
      throw badRequest(`a batch has 1 to ${MAX_BATCH_TRANSACTIONS} transactions, not ${claimed}`);
    return new Submission(decodeTransactions(bytes), true);
  }
}

function read(json: SubmittedJson, where: string): SignedTransaction {
  const signed = readable(where, () => transactionFromJson(json));
  if (json.id !== undefined && json.id.toLowerCase() !== transactionId(signed.transaction)) {
    throw badRequest(`${where}id: it is ${transactionId(signed.transaction)}`);
  }
  return signed;
}

/** What a list's first offset says of its length, before anything is decoded. */
function claimedItems(bytes: Uint8Array): number {
  const offsetBytes = 4;
  if (bytes.length < offsetBytes) return 0;
  return Math.floor(
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true) / offsetBytes,
  );
}
