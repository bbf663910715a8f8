/** Transactions as callers submit them: one or a batch, as JSON or as SSZ bytes. */
import { Compile } from 'typebox/compile';
import { transactionFromJson } from '../client/json.ts';
import { MAX_BATCH_TRANSACTIONS } from '../client/routes.ts';
import { type SubmittedJson, SubmittedSchema } from '../client/schemas.ts';
import { decodeSignedTransaction, decodeTransactions } from '../core/encoding.ts';
import { transactionId } from '../core/hashing.ts';
import type { SignedTransaction } from '../core/types.ts';
import { badRequest, describeInvalid, type HttpError, readable } from './errors.ts';
import { parseJson, requireFewFields } from './json-body.ts';
import { TRANSACTIONS_PER_TURN } from './limits.ts';

/** Made by the parsers of bytes only, so that whatever else arrives is held against the schema. */
export class Submission {
  readonly transactions: readonly SignedTransaction[];
  /** Whether the answer has a result for each. */
  readonly isBatch: boolean;

  private constructor(transactions: readonly SignedTransaction[], isBatch: boolean) {
    this.transactions = transactions;
    this.isBatch = isBatch;
  }

  /**
   * @param turn others have theirs before it resolves
   * @throws HttpError 400 naming the first field that is wrong
   */
  static async fromJson(text: string, turn: () => Promise<void>): Promise<Submission> {
    const body = parseJson(text);
    const batch = batchIn(body);
    if (batch === undefined) return new Submission([read(body)], false);
    const transactions: SignedTransaction[] = [];
    for (const json of batch) {
      transactions.push(read(json, transactions.length));
      if (transactions.length % TRANSACTIONS_PER_TURN === 0) await turn();
    }
    return new Submission(transactions, true);
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
    if (claimed < 1 || claimed > MAX_BATCH_TRANSACTIONS) throw wrongCount(claimed);
    return new Submission(decodeTransactions(bytes), true);
  }
}

const submitted = Compile(SubmittedSchema);

/** @returns undefined if the body is meant to be one transaction @throws HttpError 400 */
function batchIn(body: unknown): readonly unknown[] | undefined {
  if (typeof body !== 'object' || body === null || !('transactions' in body)) return undefined;
  const { transactions } = body;
  requireFewFields(body, 'body');
  const stranger = Object.keys(body).find((key) => key !== 'transactions');
  if (stranger !== undefined) throw badRequest(`body/${stranger} is no field known here`);
  if (!Array.isArray(transactions)) throw badRequest('body/transactions must be array');
  if (transactions.length < 1 || transactions.length > MAX_BATCH_TRANSACTIONS)
    throw wrongCount(transactions.length);
  return transactions;
}

/** @param index in the batch, if it is one. @throws HttpError 400 */
function read(value: unknown, index?: number): SignedTransaction {
  const part = index === undefined ? 'body' : `body/transactions/${index}`;
  requireFewFields(value, part);
  if (!submitted.Check(value)) throw badRequest(describeInvalid(submitted.Errors(value), part));
  const json: SubmittedJson = value;
  const where = index === undefined ? '' : `transactions[${index}].`;
  const signed = readable(where, () => transactionFromJson(json));
  if (json.id !== undefined && json.id.toLowerCase() !== transactionId(signed.transaction)) {
    throw badRequest(`${where}id: it is ${transactionId(signed.transaction)}`);
  }
  return signed;
}

function wrongCount(count: number): HttpError {
  return badRequest(`a batch has 1 to ${MAX_BATCH_TRANSACTIONS} transactions, not ${count}`);
}

/** What a list's first offset says of its length, before anything is decoded. */
function claimedItems(bytes: Uint8Array): number {
  const offsetBytes = 4;
  if (bytes.length < offsetBytes) return 0;
  return Math.floor(
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true) / offsetBytes,
  );
}
