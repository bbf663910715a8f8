/**
 * What was paid and recorded from this page: kept signed, so that it can be submitted again after a crash or a
 * reorganisation. Nothing in it is secret.
 */
import { computed, signal } from '@preact/signals';
import type { SignedPayment } from '../../client/payment.ts';
import { network } from '../state/status.ts';
import { lasting } from '../state/storage.ts';

const KEY = 'tally-sent';
/** Those of longer ago are in the history. */
const MAX_KEPT = 20;

export interface Sent {
  readonly payment: SignedPayment;
  readonly networkId: string;
  /** The daemon has it. Otherwise the page was closed, or the connection lost, on the way. */
  readonly isSubmitted: boolean;
  /** Notches. */
  readonly amount: string;
  /** bech32m. */
  readonly to: string;
  /** A file that was recorded, and how deep it is to lie before its receipt is made. */
  readonly file?: { readonly name: string; readonly confirmations: number; readonly hasReceipt: boolean };
}

const all = signal(read());
/** Of the network that is shown, the newest first. */
export const sent = computed(() => all.value.filter(({ networkId }) => networkId === network.value?.id));

export function remember(one: Sent): void {
  write([one, ...all.value].slice(0, MAX_KEPT));
}

export function noteSubmitted(id: string): void {
  update(id, (one) => ({ ...one, isSubmitted: true }));
}

/** The receipt was made, and is not made a second time by itself. */
export function noteReceipt(id: string): void {
  update(id, (one) => (one.file === undefined ? one : { ...one, file: { ...one.file, hasReceipt: true } }));
}

export function dismiss(id: string): void {
  write(all.value.filter(({ payment }) => payment.id !== id));
}

function update(id: string, how: (one: Sent) => Sent): void {
  write(all.value.map((one) => (one.payment.id === id ? how(one) : one)));
}

function write(sent: readonly Sent[]): void {
  all.value = sent;
  // Where it is not kept it is in the daemon's pool by then, and shown until the page is closed.
  lasting.write(KEY, JSON.stringify(sent));
}

/** What is not as it was written is left out: it is a convenience. */
function read(): readonly Sent[] {
  try {
    const kept: unknown = JSON.parse(lasting.read(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isSent).slice(0, MAX_KEPT) : [];
  } catch {
    return [];
  }
}

function isSent(value: Partial<Sent> | null): value is Sent {
  return (
    typeof value?.payment?.id === 'string' &&
    typeof value.payment.transaction === 'object' &&
    [value.networkId, value.amount, value.to].every((text) => typeof text === 'string')
  );
}
