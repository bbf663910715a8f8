/**
 * Whose piece is next. Batches of one urgency take turns, so a small one does not wait behind a large one. Callers of
 * this node and blocks take turns with each other and go before strangers' transactions, which cost those nothing to
 * send; but now and then one of these has its turn whatever else waits, or a long sync would silence them.
 */
import type { Urgency } from '../core/signature.ts';

/** Of so many pieces one is a stranger's, however much else waits. */
const STRANGERS_SHARE = 8;

export class PieceQueue<Batch> {
  readonly #waiting: Readonly<Record<Urgency, Batch[]>> = { own: [], block: [], stranger: [] };
  #taken = 0;

  get size(): number {
    const { block, own, stranger } = this.#waiting;
    return own.length + block.length + stranger.length;
  }

  push(batch: Batch, urgency: Urgency): void {
    this.#waiting[urgency].push(batch);
  }

  /** Takes out the batch whose turn it is; the caller that takes one and leaves something of it pushes it again. */
  take(): { readonly batch: Batch; readonly urgency: Urgency } | undefined {
    for (const urgency of this.#order()) {
      const batch = this.#waiting[urgency].shift();
      if (batch === undefined) continue;
      this.#taken++;
      return { batch, urgency };
    }
    return undefined;
  }

  clear(): void {
    for (const batches of Object.values(this.#waiting)) batches.length = 0;
  }

  #order(): readonly Urgency[] {
    if (this.#taken % STRANGERS_SHARE === STRANGERS_SHARE - 1) return ['stranger', 'own', 'block'];
    return this.#taken % 2 === 0 ? ['own', 'block', 'stranger'] : ['block', 'own', 'stranger'];
  }
}
