/** Checks transactions that wait, as they are kept: only such as were checked before were. */
import { idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { type SignatureCheck, signatureCheck } from '../core/signature.ts';
import { hashTransactions } from '../core/transaction-hashes.ts';
import type { PoolEntry, Store } from '../store/store.ts';
import { Invalidity } from './invalidity.ts';

/** Hashed and handed to the verifier without a break. */
const TRANSACTIONS_PER_BATCH = 256;

export interface PoolCheckOptions {
  /** A verdict for each, in the same order. */
  readonly verifySignatures: (checks: SignatureCheck[]) => Promise<boolean[]>;
}

/** @throws Invalidity, StoreError at the first that is not what it was */
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
  const { ids } = hashTransactions(entries.map(({ signed }) => signed));
  const verdicts = await verifySignatures(entries.map(({ signed }) => signatureCheck(signed, network.id)));
  for (const [index, { id }] of entries.entries()) {
    if (idFromBytes<TransactionId>(partOf(ids, index)) === id && verdicts[index] === true) continue;
    throw new Invalidity('damaged', `table pool holds transaction ${id} otherwise than it was signed`);
  }
}
