/**
 * The pool as the last process kept it, looked at again before a peer or a miner gets any of it: a bit that flipped on
 * the disk would be passed on under this node's name, and would make every block it mines a wrong one.
 */
import { bytesEqual } from '../core/hex.ts';
import { idToBytes } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { hashTransactions, signingMessages } from '../core/transaction-hashes.ts';
import { damaged } from '../store/errors.ts';
import type { PoolEntry } from '../store/store.ts';
import type { SignatureVerifier } from './ports.ts';

/** Hashed in one go: 2 ms. */
const BATCH = 512;

/**
 * A full pool of 200,000 takes some seconds: a signature each, on all cores.
 *
 * @throws StoreError `damaged` at the first that cannot have been written by us
 */
export async function checkKept(
  kept: readonly PoolEntry[],
  definition: NetworkDefinition,
  verifier: SignatureVerifier,
): Promise<void> {
  for (let at = 0; at < kept.length; at += BATCH)
    await checkBatch(kept.slice(at, at + BATCH), definition, verifier);
}

async function checkBatch(
  batch: readonly PoolEntry[],
  definition: NetworkDefinition,
  verifier: SignatureVerifier,
): Promise<void> {
  const { ids } = hashTransactions(batch.map(({ signed }) => signed));
  const messages = signingMessages(definition.idBytes, ids);
  const verdicts = await verifier.verify(
    batch.map(({ signed }, index) => ({
      message: partOf(messages, index),
      publicKey: signed.transaction.sender,
      signature: signed.signature,
    })),
  );
  const wrong = batch.find(
    ({ id }, index) => verdicts[index] !== true || !bytesEqual(idToBytes(id), partOf(ids, index)),
  );
  if (wrong !== undefined) throw damaged(`transaction ${wrong.id} of the pool is not what was kept`);
}
