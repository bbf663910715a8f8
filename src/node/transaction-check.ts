/**
 * Transactions before they reach the pool, cheap checks before dear ones: what is here or was refused already, then fee,
 * sequence and balance, and the signature last.
 */
import type { Mempool } from '../chain/mempool.ts';
import type { PolicyError } from '../chain/policy.ts';
import { type CheckedTransaction, trustTransaction } from '../chain/records.ts';
import { signedTransactionSize } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import { bytesEqual, bytesToHex } from '../core/hex.ts';
import { ID_BYTES, idFromBytes, idToBytes, type TransactionId } from '../core/identifiers.ts';
import { partOf } from '../core/merkle.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { signatureChecks, type Urgency } from '../core/signature.ts';
import { hashTransactions } from '../core/transaction-hashes.ts';
import type { SignedTransaction } from '../core/types.ts';
import type { SignatureVerifier } from './ports.ts';
import type { RecentlyConfirmed } from './recently-confirmed.ts';

/** Weighed in one turn of the event loop: each may be an account to be read from disk, some 3 ms in all. */
const WEIGHED_PER_TURN = 128;
/**
 * Wrong signatures remembered, so that a second peer with the same costs nothing: 1 MB. Remembered by all bytes of the
 * transaction, the signature too, so that no peer can have another's refused with a wrong one under its id.
 */
const MAX_FORGED = 8_192;
/** Of the hash of all its bytes, so many hex digits name a transaction here. */
const KEY_DIGITS = 32;

export interface WeighedTransaction {
  readonly id: TransactionId;
  readonly signed: SignedTransaction;
  /** SSZ bytes. */
  readonly size: number;
  /** Names all its bytes, the signature too. */
  readonly key: string;
}

export type Weight =
  /** Its signature decides. */
  | { readonly kind: 'wanted' }
  /** These very bytes are in the pool, in one of the last blocks, or earlier in the same message. */
  | { readonly kind: 'known' }
  /** It is in the pool with another signature, which need not be looked at. */
  | { readonly kind: 'variant' }
  /** Earlier ones of its sender are missing. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'refused'; readonly error: RuleError | PolicyError };

export interface Weighed {
  readonly of: WeighedTransaction;
  readonly weight: Weight;
}

export interface TransactionCheckerOptions {
  readonly definition: NetworkDefinition;
  readonly verifier: SignatureVerifier;
  readonly pool: Mempool;
  readonly recentlyConfirmed: RecentlyConfirmed;
}

export class TransactionChecker {
  readonly #options: TransactionCheckerOptions;
  /** Longest ago first. */
  readonly #forged = new Set<string>();

  constructor(options: TransactionCheckerOptions) {
    this.#options = options;
  }

  /**
   * Everything but the signatures.
   *
   * @param source who they come from: only a stranger's that is confirmed is known, a caller is told that its sequence
   *   is used
   * @param turn waits for a turn of the event loop, between many of them
   */
  async weigh(
    transactions: readonly SignedTransaction[],
    source: 'own' | 'stranger',
    turn: () => Promise<void>,
  ): Promise<Weighed[]> {
    const { ids, signedRoots } = hashTransactions(transactions);
    const foresight = this.#options.pool.foresight();
    const keys = new Set<string>();
    const weighed: Weighed[] = [];
    for (const [index, signed] of transactions.entries()) {
      if (index > 0 && index % WEIGHED_PER_TURN === 0) await turn();
      const id = idFromBytes<TransactionId>(partOf(ids, index));
      const key = bytesToHex(partOf(signedRoots, index)).slice(0, KEY_DIGITS);
      const of = { id, signed, size: signedTransactionSize(signed), key };
      const isRepeated = keys.has(key);
      keys.add(key);
      const known = isRepeated ? ({ kind: 'known' } as const) : this.#known(of, source);
      weighed.push({ of, weight: known ?? this.#foreseen(of, foresight) });
    }
    return weighed;
  }

  /** Verifies signatures. @returns in the same order; undefined: the signature is wrong */
  async verify(
    all: readonly WeighedTransaction[],
    urgency: Urgency,
  ): Promise<(CheckedTransaction | undefined)[]> {
    if (all.length === 0) return [];
    const ids = new Uint8Array(ID_BYTES * all.length);
    for (const [index, { id }] of all.entries()) ids.set(idToBytes(id), ID_BYTES * index);
    const checks = signatureChecks(
      this.#options.definition.idBytes,
      ids,
      all.map(({ signed }) => signed),
    );
    const verdicts = await this.#options.verifier.verify(checks, urgency);
    return all.map(({ id, key, signed, size }, index) => {
      if (verdicts[index] === true) return trustTransaction({ id, signed, size });
      this.#rememberForged(key);
      return undefined;
    });
  }

  #known({ id, key, signed }: WeighedTransaction, source: 'own' | 'stranger'): Weight | undefined {
    const { recentlyConfirmed } = this.#options;
    if (this.#forged.has(key)) return { kind: 'refused', error: forgedSignature(id) };
    const confirmed = source === 'stranger' ? recentlyConfirmed.get(id) : undefined;
    return confirmed && sameOr(confirmed, signed);
  }

  #foreseen({ id, signed, size }: WeighedTransaction, foresight: ReturnType<Mempool['foresight']>): Weight {
    const foreseen = foresight.of(id, signed, size);
    return foreseen.kind === 'known' ? sameOr(foreseen.pooled, signed) : foreseen;
  }

  #rememberForged(key: string): void {
    this.#forged.add(key);
    for (const longest of this.#forged) {
      if (this.#forged.size <= MAX_FORGED) return;
      this.#forged.delete(longest);
    }
  }
}

export function forgedSignature(id: TransactionId): RuleError {
  return new RuleError('invalid-signature', `transaction ${id}`);
}

function sameOr(here: CheckedTransaction, signed: SignedTransaction): Weight {
  return { kind: bytesEqual(here.signed.signature, signed.signature) ? 'known' : 'variant' };
}
