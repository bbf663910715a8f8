/**
 * Blocks as JSON text, a part at a time: a page of full blocks is megabytes of it, and others have their turn between.
 * Of a block only its bytes are held while its caller reads: taken apart it would be ten times as much.
 */
import type { Chain } from '../chain/chain.ts';
import type { BlockRecord } from '../chain/records.ts';
import { transactionToJson } from '../client/json.ts';
import { countTransactions, decodeTransactions, emptyBlockSize, pickTransactions } from '../core/encoding.ts';
import { invariant } from '../core/errors.ts';
import { transactionId } from '../core/hashing.ts';
import type { SignedTransaction } from '../core/types.ts';
import type { Caller } from './callers/caller.ts';
import { TRANSACTIONS_PER_TURN } from './limits.ts';
import { blockView } from './views.ts';

/** What a block costs besides its transactions, in transactions. */
const BLOCK_COST = 4;

/** Text of blocks, and when it is somebody else's turn. */
export class BlockText {
  readonly #chain: Chain;
  readonly #caller: Caller;
  #spent = 0;

  constructor(chain: Chain, caller: Caller) {
    this.#chain = chain;
    this.#caller = caller;
  }

  /** @param transactions SSZ of the block's list */
  async *of(record: BlockRecord, transactions: Uint8Array): AsyncGenerator<string> {
    const size = emptyBlockSize(record.sealed.header.extra.length) + transactions.length;
    const { transactions: _, ...rest } = blockView(this.#chain, record, size);
    yield `${JSON.stringify(rest).slice(0, -1)},"transactions":[`;
    await this.#spend(BLOCK_COST);
    const count = countTransactions(transactions);
    for (let at = 0; at < count; at += TRANSACTIONS_PER_TURN) {
      const part = partOf(transactions, at, Math.min(count, at + TRANSACTIONS_PER_TURN));
      const texts = part.map((signed) =>
        JSON.stringify(transactionToJson(transactionId(signed.transaction), signed)),
      );
      yield (at === 0 ? '' : ',') + texts.join(',');
      await this.#spend(part.length);
    }
    yield ']}';
  }

  async #spend(cost: number): Promise<void> {
    this.#spent += cost;
    if (this.#spent < TRANSACTIONS_PER_TURN) return;
    this.#spent = 0;
    await this.#caller.turn();
  }
}

/** Some transactions of a list, decoded. @param to not included */
export function partOf(transactions: Uint8Array, from: number, to: number): SignedTransaction[] {
  const picked = pickTransactions(
    transactions,
    Array.from({ length: to - from }, (_, index) => from + index),
  );
  invariant(picked !== undefined, 'the list has as many transactions as its first offset says');
  return decodeTransactions(picked);
}
