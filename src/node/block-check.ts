/** Checks a block's body: everything that needs no state. Signatures already verified are not verified again. */
import type { AssembledBody } from '../chain/block-assembly.ts';
import type { CheckedBlock, CheckedTransaction } from '../chain/records.ts';
import { trustBlock, trustTransaction } from '../chain/records.ts';
import { checkBody, requireTransactionsRoot } from '../core/block.ts';
import { blockSize, checkBlockSize, signedTransactionSize } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import { signingMessage, transactionRoot, transactionsRootFromIds } from '../core/hashing.ts';
import { bytesEqual } from '../core/hex.ts';
import { type BlockId, ID_BYTES, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import type { SignatureCheck } from '../core/signature.ts';
import type { Block, SealedHeader, SignedTransaction } from '../core/types.ts';
import type { SignatureVerifier } from './ports.ts';

/** Finds a transaction that has been verified before: the pool's. */
export type FindVerified = (id: TransactionId) => CheckedTransaction | undefined;

/** One transaction's verdict. */
export type TransactionVerdict =
  | { readonly checked: CheckedTransaction }
  | { readonly id: TransactionId; readonly error: RuleError };

export class BodyChecker {
  readonly #definition: NetworkDefinition;
  readonly #verifier: SignatureVerifier;
  readonly #findVerified: FindVerified;

  constructor(definition: NetworkDefinition, verifier: SignatureVerifier, findVerified: FindVerified) {
    this.#definition = definition;
    this.#verifier = verifier;
    this.#findVerified = findVerified;
  }

  /**
   * @param id the block's id: its header and proof of work have been checked
   * @throws RuleError `oversized-block`, `wrong-transactions-root`, `invalid-signature`
   */
  async checkBlock(id: BlockId, block: Block): Promise<CheckedBlock> {
    checkBody(this.#definition.params, block);
    const transactionIds: TransactionId[] = [];
    for (const verdict of await this.checkTransactions(block.transactions)) {
      if ('error' in verdict) throw verdict.error;
      transactionIds.push(verdict.checked.id);
    }
    return trustBlock({ id, block, transactionIds });
  }

  /**
   * A body that was put together: what came from the pool is neither hashed nor verified again.
   *
   * @param id the block's id: its header and proof of work have been checked
   * @throws RuleError `wrong-transactions-root`, which says nothing about the block: a transaction may be another
   *   than the block's; `oversized-block`, `invalid-signature`
   */
  async checkAssembled(id: BlockId, sealed: SealedHeader, body: AssembledBody): Promise<CheckedBlock> {
    const { ids, parts } = body;
    const transactions = parts.map(({ signed }) => signed);
    requireTransactionsRoot(transactionsRootFromIds(ids, transactions), sealed.header);
    const block = { sealed, transactions };
    checkBlockSize(blockSize(block), this.#definition.params);
    const transactionIds = parts.map(({ checked }) => checked?.id);
    const unverified = [...transactionIds.keys()].filter((index) => transactionIds[index] === undefined);
    const verdicts = await this.#verify(
      unverified.map((index) => transactions[index] as SignedTransaction),
      unverified.map((index) => ids.subarray(ID_BYTES * index, ID_BYTES * (index + 1))),
    );
    verdicts.forEach((verdict, at) => {
      if ('error' in verdict) throw verdict.error;
      transactionIds[unverified[at] as number] = verdict.checked.id;
    });
    return trustBlock({ id, block, transactionIds: transactionIds as TransactionId[] });
  }

  /** Verifies signatures; a verdict for each transaction, in the same order. */
  async checkTransactions(transactions: readonly SignedTransaction[]): Promise<TransactionVerdict[]> {
    return this.#verify(
      transactions,
      transactions.map((signed) => transactionRoot(signed.transaction)),
    );
  }

  async #verify(
    transactions: readonly SignedTransaction[],
    roots: readonly Uint8Array[],
  ): Promise<TransactionVerdict[]> {
    const ids = roots.map((root) => idFromBytes<TransactionId>(root));
    const unverified: number[] = [];
    const checks: SignatureCheck[] = [];
    transactions.forEach((signed, index) => {
      const known = this.#findVerified(ids[index] as TransactionId);
      if (known !== undefined && bytesEqual(known.signed.signature, signed.signature)) return;
      unverified.push(index);
      checks.push({
        message: signingMessage(this.#definition.idBytes, roots[index] as Uint8Array),
        publicKey: signed.transaction.sender,
        signature: signed.signature,
      });
    });
    const verdicts = checks.length === 0 ? [] : await this.#verifier.verify(checks);
    const wrong = new Set(unverified.filter((_, position) => verdicts[position] !== true));
    return transactions.map((signed, index) => {
      const id = ids[index] as TransactionId;
      if (wrong.has(index)) return { id, error: new RuleError('invalid-signature', `transaction ${id}`) };
      return { checked: trustTransaction({ id, signed, size: signedTransactionSize(signed) }) };
    });
  }
}
