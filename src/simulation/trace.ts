/**
 * What happened in a simulation, event by event. The digest over all of it says whether two runs were the same.
 */
import { createHash, type Hash } from 'node:crypto';

/** The kinds of event, in the order of their numbers in the digest: append only. */
const TRACE_KINDS = [
  'gossip',
  'request',
  'connected',
  'disconnected',
  'penalised',
  'mined',
  'accepted',
  'refused',
  'early',
  'reorganised',
  'transaction',
  'transaction-refused',
  'clock',
  'sync',
  'started',
  'stopped',
  'killed',
  'power-cut',
  'fault',
  'submitted',
  'attack',
  'named',
  'mining-waits',
] as const;
export type TraceKind = (typeof TRACE_KINDS)[number];
const NUMBERS = new Map<TraceKind, number>(TRACE_KINDS.map((kind, number) => [kind, number]));

export interface TraceEntry {
  /** Its place in the trace, from 1. */
  readonly number: number;
  /** Milliseconds since the start of the simulation. */
  readonly atMs: number;
  readonly kind: TraceKind;
  /** The machine it happened on; -1: the network. */
  readonly machine: number;
  /** The other machine, -1 if there is none. */
  readonly other: number;
  /** A height, a size, the beginning of an id: whatever tells it from others of its kind. */
  readonly value: number;
}

const ENTRY_BYTES = 8 + 4 + 4 + 4 + 8;
const CHUNK_ENTRIES = 4_096;

export class Trace {
  readonly #hash: Hash = createHash('sha256');
  readonly #chunk = Buffer.alloc(ENTRY_BYTES * CHUNK_ENTRIES);
  #inChunk = 0;
  #count = 0;
  /** Is told of every entry: for whoever wants to read along. */
  listener: ((entry: TraceEntry) => void) | undefined;

  get count(): number {
    return this.#count;
  }

  add(atMs: number, kind: TraceKind, machine: number, other: number, value: number): void {
    this.#count++;
    const at = this.#inChunk * ENTRY_BYTES;
    this.#chunk.writeDoubleLE(atMs, at);
    this.#chunk.writeInt32LE(NUMBERS.get(kind) as number, at + 8);
    this.#chunk.writeInt32LE(machine, at + 12);
    this.#chunk.writeInt32LE(other, at + 16);
    this.#chunk.writeDoubleLE(value, at + 20);
    if (++this.#inChunk === CHUNK_ENTRIES) this.#flush();
    this.listener?.({ number: this.#count, atMs, kind, machine, other, value });
  }

  /** SHA-256 over all entries so far, hex. */
  digest(): string {
    this.#flush();
    return this.#hash.copy().digest('hex');
  }

  #flush(): void {
    this.#hash.update(this.#chunk.subarray(0, this.#inChunk * ENTRY_BYTES));
    this.#inChunk = 0;
  }
}

/** One line in fixed columns: number, seconds, machine, kind, other machine, value. */
export function formatEntry({ atMs, kind, machine, number, other, value }: TraceEntry): string {
  const place = machine < 0 ? '-' : `n${machine}`;
  return [
    String(number).padStart(9),
    (atMs / 1_000).toFixed(4).padStart(12),
    place.padEnd(6),
    kind.padEnd(19),
    (other < 0 ? '-' : `n${other}`).padEnd(6),
    String(value),
  ].join(' ');
}
