/**
 * Checks transactions that wait, as they are kept: only such as were checked before were. A bit that flipped on the disk
 * would be passed on under this node's name, and would make every block it mines a wrong one.
 */
import { idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { type SignatureCheck, signatureChecks } from '../core/signature.ts';
import { hashTransactions } from '../core/transaction-hashes.ts';
import { damaged } from '../store/errors.ts';
import type { PoolEntry, Store } from '../store/store.ts';

/** Hashed and handed to the verifier without a break. */
const TRANSACTIONS_PER_BATCH = 256;

export interface PoolCheckOptions {
  /** A verdict for each, in the same order. */
  readonly verifySignatures: (checks: SignatureCheck[]) => Promise<boolean[]>;
}

/** @throws StoreError `damaged` at the first that is not what it was */
export async function checkPool(
  store: Store,
  network: NetworkDefinition,
  options: PoolCheckOptions,
): Promise<void> {
  const entries = store.pool.all();
  for (let at = 0; at < entries.length; at += TRANSACTIONS_PER_BATCH) {
    await checkBatch(entries.slice(at, at + TRANSACTIONS_PER_BATCH), network, options);
  }
}

async function checkBatch(
  entries: readonly PoolEntry[],
  network: NetworkDefinition,
  { verifySignatures }: PoolCheckOptions,
): Promise<void> {
  const transactions = entries.map(({ signed }) => signed);
  const { ids } = hashTransactions(transactions);
  const verdicts = await verifySignatures(signatureChecks(network.idBytes, ids, transactions));
  for (const [index, { id }] of entries.entries()) {
    if (idFromBytes<TransactionId>(partOf(ids, index)) === id && verdicts[index] === true) continue;
    throw damaged(`table pool holds transaction ${id} otherwise than it was signed`);
  }
}
