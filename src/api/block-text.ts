/** Blocks as JSON text, a part at a time: a page of full blocks is megabytes of it, and others have their turn between. */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { Chain } from '../chain/chain.ts';
import type { BlockRecord } from '../chain/records.ts';
import { transactionToJson } from '../client/json.ts';
import { blockSize } from '../core/encoding.ts';
import { transactionId } from '../core/hashing.ts';
import type { Block } from '../core/types.ts';
import { TRANSACTIONS_PER_TURN } from './limits.ts';
import { blockView } from './views.ts';

/** What a block costs besides its transactions, in transactions. */
const BLOCK_COST = 4;

/** Text of blocks, and when it is somebody else's turn. */
export class BlockText {
  readonly #chain: Chain;
  #spent = 0;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  async *of(record: BlockRecord, block: Block): AsyncGenerator<string> {
    const { transactions: _, ...rest } = blockView(this.#chain, record, { ...block, transactions: [] });
    const head = JSON.stringify({ ...rest, size: blockSize(block) });
    yield `${head.slice(0, -1)},"transactions":[`;
    await this.#spend(BLOCK_COST);
    for (let at = 0; at < block.transactions.length; at += TRANSACTIONS_PER_TURN) {
      const part = block.transactions.slice(at, at + TRANSACTIONS_PER_TURN);
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
    await turnOfOthers();
  }
}
