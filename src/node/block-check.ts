/** Checks a block's body: everything that needs no state. Signatures already verified are not verified again. */
import type { CheckedBlock, CheckedTransaction } from '../chain/records.ts';
import { trustBlock, trustTransaction } from '../chain/records.ts';
import { checkBody } from '../core/block.ts';
import { signedTransactionSize } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import { bytesEqual } from '../core/hex.ts';
import { type BlockId, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import type { SignatureCheck } from '../core/signature.ts';
import { hashTransactions, signingMessages } from '../core/transaction-hashes.ts';
import type { Block, SignedTransaction } from '../core/types.ts';
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
    const { ids } = checkBody(this.#definition.params, block);
    const transactionIds: TransactionId[] = [];
    for (const verdict of await this.#verify(block.transactions, ids)) {
      if ('error' in verdict) throw verdict.error;
      transactionIds.push(verdict.checked.id);
    }
    return trustBlock({ id, block, transactionIds });
  }

  /** Verifies signatures; a verdict for each transaction, in the same order. */
  async checkTransactions(transactions: readonly SignedTransaction[]): Promise<TransactionVerdict[]> {
    return this.#verify(transactions, hashTransactions(transactions).ids);
  }

  /** @param idBytes 32 bytes for each transaction */
  async #verify(
    transactions: readonly SignedTransaction[],
    idBytes: Uint8Array,
  ): Promise<TransactionVerdict[]> {
    const messages = signingMessages(this.#definition.idBytes, idBytes);
    const ids = transactions.map((_, index) => idFromBytes<TransactionId>(partOf(idBytes, index)));
    const unverified: number[] = [];
    const checks: SignatureCheck[] = [];
    transactions.forEach((signed, index) => {
      const known = this.#findVerified(ids[index] as TransactionId);
      if (known !== undefined && bytesEqual(known.signed.signature, signed.signature)) return;
      unverified.push(index);
      checks.push({
        message: partOf(messages, index),
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
