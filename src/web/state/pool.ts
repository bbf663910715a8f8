/** The transactions that wait: how many, how much, and the last that came. */
import { signal } from '@preact/signals';
import type { LiveEventJson } from '../../client/live-event.ts';
import type { TransactionJson } from '../../client/schemas.ts';
import { after } from '../../client/timers.ts';
import { client } from './daemon.ts';
import { status } from './status.ts';

/** Fields of a transaction that have the same length in each, in SSZ bytes; its data comes on top. */
const FIXED_BYTES = 160;
/** Between two looks at it, however fast it changes. */
const RESYNC_EVERY_MS = 500;

export interface PoolSize {
  readonly count: number;
  readonly bytes: number;
}

export const pool = signal<PoolSize>({ count: 0, bytes: 0 });

let arrived = 0;
let frame: number | undefined;

/** One came. Told to whoever shows it once a frame, however many came. */
export function noteArrival(_event: LiveEventJson & { event: 'transaction.accepted' }): void {
  arrived += 1;
  if (frame !== undefined) return;
  frame = requestAnimationFrame(() => {
    frame = undefined;
    const { count, bytes } = pool.value;
    pool.value = { count: count + arrived, bytes: bytes + arrived * FIXED_BYTES };
    arrived = 0;
    scheduleResync();
  });
}

let lastResyncMs = Number.NEGATIVE_INFINITY;
let isResyncPending = false;

/** Soon, but not again and again. */
function scheduleResync(): void {
  if (isResyncPending) return;
  isResyncPending = true;
  after(Math.max(0, lastResyncMs + RESYNC_EVERY_MS - performance.now()), () => {
    isResyncPending = false;
    void resyncPool();
  });
}

export async function resyncPool(): Promise<void> {
  if (performance.now() - lastResyncMs < RESYNC_EVERY_MS) return scheduleResync();
  lastResyncMs = performance.now();
  try {
    status.value = await client.value.call('status');
    pool.value = status.value.pool;
  } catch {
    // The connection's own state says so.
  }
}

/** SSZ bytes. */
export function sizeOf(transaction: TransactionJson): number {
  return sizeWith(transaction.data.length / 2);
}

/** SSZ bytes of a transaction with so many bytes of data. */
export function sizeWith(dataBytes: number): number {
  return FIXED_BYTES + dataBytes;
}

/** Notches a byte. */
export function feeRate(transaction: TransactionJson): number {
  return Number(transaction.fee) / sizeOf(transaction);
}
