/** What a miner works on: the next block, but for its nonce. */

import { nextBits } from '../core/difficulty.ts';
import { emptyBlockSize } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import { transactionsRoot } from '../core/hashing.ts';
import { type Address, idFromBytes, idToBytes } from '../core/identifiers.ts';
import {
  type Account,
  applyBlock,
  applyTransaction,
  type ReadAccount,
  type StateChange,
} from '../core/state.ts';
import { type Header, MAX_EXTRA_BYTES, MAX_UINT63, type Transaction } from '../core/types.ts';
import type { Chain } from './chain.ts';
import type { Mempool } from './mempool.ts';
import type { BlockRecord, CheckedTransaction } from './records.ts';

export interface BlockTemplate {
  readonly header: Header;
  readonly transactions: readonly CheckedTransaction[];
  /** The tip it was made on. */
  readonly parent: BlockRecord;
}

export interface TemplateOptions {
  /** Gets the reward. */
  readonly miner: Address;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** At most `MAX_EXTRA_BYTES`; none unless given. */
  readonly extra?: Uint8Array;
}

/**
 * The best block the pool makes on the tip.
 *
 * @returns undefined if not even an empty block could pay this miner: its balance would not fit in 63 bits
 * @throws RangeError if `extra` is too long
 */
export function blockTemplate(
  chain: Chain,
  pool: Mempool,
  options: TemplateOptions,
): BlockTemplate | undefined {
  const { miner, nowMs, extra = new Uint8Array(0) } = options;
  if (extra.length > MAX_EXTRA_BYTES)
    throw new RangeError(`extra: ${extra.length} bytes of ${MAX_EXTRA_BYTES}`);
  const { params } = chain.network;
  const parent = chain.tip;
  const before = parent.sealed.header;
  const earliest = before.timestamp + 1n;
  const now = BigInt(nowMs);
  const draft: Header = {
    parent: idToBytes(parent.id),
    height: before.height + 1n,
    timestamp: now > earliest ? now : earliest,
    bits: nextBits(params, before, chain.parentOf(parent)?.sealed.header),
    miner: idToBytes(miner),
    transactionsRoot: new Uint8Array(32),
    extra,
  };
  const selected = pool.select(params.maxBlockBytes - emptyBlockSize(extra.length));
  const transactions = fitting(chain, draft, selected);
  if (transactions === undefined) return undefined;
  const root = transactionsRoot(transactions.map(({ signed }) => signed));
  return { header: { ...draft, transactionsRoot: root }, transactions, parent };
}

/**
 * Those that apply one after the other. Almost always all of them: the pool sees to what each sender can pay.
 *
 * @returns undefined if not even none of them does
 */
function fitting(
  chain: Chain,
  header: Header,
  selected: CheckedTransaction[],
): CheckedTransaction[] | undefined {
  if (applies(chain, header, selected)) return selected;
  const fit = withoutOverflow(selected, (address) => chain.account(address));
  if (applies(chain, header, fit)) return fit;
  // The fees are more than the miner's balance has room for.
  return applies(chain, header, []) ? [] : undefined;
}

function applies(chain: Chain, header: Header, transactions: readonly CheckedTransaction[]): boolean {
  try {
    applyBlock(
      chain.network.params,
      header,
      transactions.map(({ signed }) => signed),
      (address) => chain.account(address),
    );
    return true;
  } catch (error) {
    if (error instanceof RuleError) return false;
    throw error;
  }
}

/** Leaves out what would lift a recipient over 63 bits, and what then lacks its turn or its money. */
function withoutOverflow(selected: readonly CheckedTransaction[], read: ReadAccount): CheckedTransaction[] {
  const changes: StateChange = new Map();
  return selected.filter(({ signed: { transaction } }) => {
    if (overflows(transaction, changes, read)) return false;
    try {
      applyTransaction(transaction, changes, read);
      return true;
    } catch (error) {
      if (error instanceof RuleError) return false;
      throw error;
    }
  });
}

function overflows(transaction: Transaction, changes: StateChange, read: ReadAccount): boolean {
  const sender = idFromBytes<Address>(transaction.sender);
  const recipient = idFromBytes<Address>(transaction.recipient);
  const account: Account = changes.get(recipient)?.after ?? read(recipient);
  return recipient !== sender && account.balance + transaction.amount > MAX_UINT63;
}
