/** Checks a block's body: everything that needs no state. Signatures already verified are not verified again. */
import type { AssembledBody } from '../chain/block-assembly.ts';
import type { CheckedBlock, CheckedTransaction } from '../chain/records.ts';
import { trustBlock, trustTransaction } from '../chain/records.ts';
import { checkBody, requireTransactionsRoot } from '../core/block.ts';
import { blockSize, checkBlockSize, signedTransactionSize } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import { bytesEqual } from '../core/hex.ts';
import { type BlockId, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { HASH_BYTES, partOf } from '../core/merkle.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { type SignatureCheck, signatureChecks } from '../core/signature.ts';
import { rootOfSignedRoots, signedTransactionRoots } from '../core/transaction-hashes.ts';
import type { Block, SealedHeader, SignedTransaction } from '../core/types.ts';
import type { SignatureVerifier } from './ports.ts';
import type { Turns } from './turns.ts';

/** To hash so many takes 3 ms, and to bring them to the verifier as long again. */
const MANY_TRANSACTIONS = 1_500;

/** Finds a transaction that has been verified before: the pool's. */
export type FindVerified = (id: TransactionId) => CheckedTransaction | undefined;

/** A body's verdict: the rule it breaks, or that it keeps all that need no state. */
export type BodyVerdict = { readonly checked: CheckedBlock } | { readonly error: RuleError };

/** It is not the body the header names, so it says nothing about the block. */
export function isAnothersBody(verdict: BodyVerdict): boolean {
  return 'error' in verdict && verdict.error.code === 'wrong-transactions-root';
}

/** One transaction's verdict. */
type TransactionVerdict =
  | { readonly checked: CheckedTransaction }
  | { readonly id: TransactionId; readonly error: RuleError };

export class BodyChecker {
  readonly #definition: NetworkDefinition;
  readonly #verifier: SignatureVerifier;
  readonly #findVerified: FindVerified;
  readonly #turns: Turns;

  /** @param turns large blocks take some of them */
  constructor(
    definition: NetworkDefinition,
    verifier: SignatureVerifier,
    findVerified: FindVerified,
    turns: Turns,
  ) {
    this.#definition = definition;
    this.#verifier = verifier;
    this.#findVerified = findVerified;
    this.#turns = turns;
  }

  /**
   * @param id the block's id: its header and proof of work have been checked
   * @returns an error of `oversized-block`, `wrong-transactions-root`, `invalid-signature`
   */
  checkBlock(id: BlockId, block: Block): Promise<BodyVerdict> {
    return verdictOf(async () => {
      await this.#turnFor(block.transactions);
      const { ids } = checkBody(this.#definition.params, block);
      await this.#turnFor(block.transactions);
      const transactionIds: TransactionId[] = [];
      for (const verdict of await this.#verify(block.transactions, ids)) {
        if ('error' in verdict) throw verdict.error;
        transactionIds.push(verdict.checked.id);
      }
      return trustBlock({ id, block, transactionIds });
    });
  }

  /**
   * A body that was put together: what came from the pool is neither hashed nor verified again.
   *
   * @param id the block's id: its header and proof of work have been checked
   * @returns an error of `wrong-transactions-root`, which says nothing about the block: a transaction may be another
   *   than the block's; of `oversized-block`, `invalid-signature`
   */
  checkAssembled(id: BlockId, sealed: SealedHeader, body: AssembledBody): Promise<BodyVerdict> {
    return verdictOf(() => this.#checkAssembled(id, sealed, body));
  }

  async #checkAssembled(id: BlockId, sealed: SealedHeader, body: AssembledBody): Promise<CheckedBlock> {
    const { ids, parts } = body;
    const transactions = parts.map(({ signed }) => signed);
    await this.#turnFor(transactions);
    requireTransactionsRoot(rootOfSignedRoots(signedTransactionRoots(ids, transactions)), sealed.header);
    const block = { sealed, transactions };
    checkBlockSize(blockSize(block), this.#definition.params);
    const transactionIds = parts.map(({ checked }) => checked?.id);
    const unverified = [...transactionIds.keys()].filter((index) => transactionIds[index] === undefined);
    const unverifiedIds = new Uint8Array(HASH_BYTES * unverified.length);
    for (const [at, index] of unverified.entries()) unverifiedIds.set(partOf(ids, index), HASH_BYTES * at);
    const verdicts = await this.#verify(
      unverified.map((index) => transactions[index] as SignedTransaction),
      unverifiedIds,
    );
    verdicts.forEach((verdict, at) => {
      if ('error' in verdict) throw verdict.error;
      transactionIds[unverified[at] as number] = verdict.checked.id;
    });
    return trustBlock({ id, block, transactionIds: transactionIds as TransactionId[] });
  }

  /** Whoever brings many has decoded or gathered them in this turn of the event loop. */
  async #turnFor({ length }: readonly SignedTransaction[]): Promise<void> {
    if (length >= MANY_TRANSACTIONS) await this.#turns.next();
  }

  /** @param idBytes 32 bytes for each transaction */
  async #verify(
    transactions: readonly SignedTransaction[],
    idBytes: Uint8Array,
  ): Promise<TransactionVerdict[]> {
    const all = signatureChecks(this.#definition.idBytes, idBytes, transactions);
    const ids = transactions.map((_, index) => idFromBytes<TransactionId>(partOf(idBytes, index)));
    const unverified: number[] = [];
    const checks: SignatureCheck[] = [];
    transactions.forEach((signed, index) => {
      const known = this.#findVerified(ids[index] as TransactionId);
      if (known !== undefined && bytesEqual(known.signed.signature, signed.signature)) return;
      unverified.push(index);
      checks.push(all[index] as SignatureCheck);
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

async function verdictOf(check: () => Promise<CheckedBlock>): Promise<BodyVerdict> {
  try {
    return { checked: await check() };
  } catch (error) {
    if (error instanceof RuleError) return { error };
    throw error;
  }
}
