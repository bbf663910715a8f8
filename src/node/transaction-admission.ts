/** The last step: a checked transaction into the pool, and everybody who listens told what became of it. */
import type { Mempool } from '../chain/mempool.ts';
import { PolicyError } from '../chain/policy.ts';
import type { CheckedTransaction } from '../chain/records.ts';
import { RuleError } from '../core/errors.ts';
import { idFromBytes, type TransactionId } from '../core/identifiers.ts';
import type { NodeEvent } from './events.ts';
import type { PeerId } from './ports.ts';

export type Admitted =
  | { readonly kind: 'new' }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly error: RuleError | PolicyError };

export class TransactionAdmission {
  readonly #pool: Mempool;
  readonly #emit: (event: NodeEvent) => void;

  constructor(pool: Mempool, emit: (event: NodeEvent) => void) {
    this.#pool = pool;
    this.#emit = emit;
  }

  /** @param from the peer it came from; undefined: a caller of this node */
  admit(checked: CheckedTransaction, from: PeerId | undefined): Admitted {
    try {
      if (this.#pool.add(checked).kind === 'known') return { kind: 'known' };
    } catch (error) {
      if (!(error instanceof RuleError || error instanceof PolicyError)) throw error;
      return this.refuse(checked.id, error, from);
    }
    const { amount, fee, recipient, sender } = checked.signed.transaction;
    this.#emit({
      event: 'transaction.accepted',
      id: checked.id,
      sender: idFromBytes(sender),
      recipient: idFromBytes(recipient),
      amount,
      fee,
      ...(from === undefined ? {} : { from }),
    });
    return { kind: 'new' };
  }

  /** @param isTold whether it is worth an event */
  refuse(
    id: TransactionId,
    error: RuleError | PolicyError,
    from: PeerId | undefined,
    isTold = true,
  ): Admitted {
    const { code, message } = error;
    if (!isTold) return { kind: 'refused', error };
    this.#emit({
      event: 'transaction.refused',
      id,
      code,
      message,
      ...(from === undefined ? {} : { from }),
    });
    return { kind: 'refused', error };
  }
}
