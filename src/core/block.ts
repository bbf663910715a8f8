/** The rules a block must keep by itself, before anything is known of the state it builds on. */
import { blockSize, checkBlockSize } from './encoding.ts';
import { RuleError } from './errors.ts';
import { bytesEqual, bytesToHex } from './hex.ts';
import { hashTransactions, rootOfSignedRoots, type TransactionHashes } from './transaction-hashes.ts';
import type { Block, Header, NetworkParams } from './types.ts';

/**
 * Checks that the body is the one the header commits to, and its size. A wrong root is the fault of
 * whoever sent the body, not of the header: the same header may have a good one.
 *
 * @returns the hashes it took, for whoever needs the ids next
 * @throws RuleError `oversized-block`, `wrong-transactions-root`
 */
export function checkBody(params: NetworkParams, block: Block): TransactionHashes {
  checkBlockSize(blockSize(block), params);
  const hashes = hashTransactions(block.transactions);
  requireTransactionsRoot(rootOfSignedRoots(hashes.signedRoots), block.sealed.header);
  return hashes;
}

/** @param root of a body's transactions @throws RuleError `wrong-transactions-root` if the header names another */
export function requireTransactionsRoot(root: Uint8Array, header: Header): void {
  const expected = header.transactionsRoot;
  if (!bytesEqual(root, expected)) {
    throw new RuleError(
      'wrong-transactions-root',
      `${bytesToHex(root)}, the header says ${bytesToHex(expected)}`,
    );
  }
}
