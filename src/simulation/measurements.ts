/** What is measured of a simulation while it runs, in bounded memory, and what it comes to at the end. */
import { transactionId } from '../core/hashing.ts';
import type { BlockId } from '../core/identifiers.ts';
import type { NodeEvent } from '../node/events.ts';
import type { Machine } from './machine.ts';
import { SeededRandom } from './random.ts';
import type { SimulationResult } from './simulation.ts';
import type { World } from './world.ts';

/** Enough for percentiles of a percent. */
const MAX_SAMPLES = 50_000;
/** Pools looked at each time: a sample of large networks. */
const MAX_POOLS = 50;

/** Numbers of which a random sample is kept. */
class Sample {
  readonly #random = new SeededRandom('sample');
  readonly #kept: number[] = [];
  count = 0;

  add(value: number): void {
    this.count++;
    if (this.#kept.length < MAX_SAMPLES) this.#kept.push(value);
    else {
      const place = this.#random.integer(this.count);
      if (place < MAX_SAMPLES) this.#kept[place] = value;
    }
  }

  sorted(): number[] {
    return this.#kept.toSorted((a, b) => a - b);
  }
}

export interface Figures {
  /** Mined by honest nodes. */
  readonly blocksMined: number;
  /** Of those, not on the chain in the end. */
  readonly blocksStale: number;
  readonly staleRate: number;
  /** From a block's being mined to its being connected elsewhere, ms, ascending; a sample. */
  readonly propagationMs: readonly number[];
  /** Between blocks of the chain, by their timestamps, ms, ascending. */
  readonly intervalsMs: readonly number[];
  /** How often each depth was seen, over all nodes. */
  readonly reorganisations: Readonly<Record<number, number>>;
  /** Transactions in a pool on average, every ten virtual seconds. */
  readonly pool: readonly { readonly atMs: number; readonly count: number }[];
  /** Sent and received, bytes a second of each node, ascending. */
  readonly bytesPerSecond: readonly number[];
  /** Share of gossip that had been heard before. */
  readonly duplicateShare: number;
  readonly confirmed: number;
  /** From a transaction's being acknowledged to its block's being mined, ms, ascending. */
  readonly confirmationMs: readonly number[];
}

export class Measurements {
  readonly #world: World;
  readonly #minedAtMs = new Map<BlockId, number>();
  readonly #propagation = new Sample();
  readonly #reorganisations: Record<number, number> = {};
  readonly #pool: { atMs: number; count: number }[] = [];
  #mined = 0;

  /** Before the world starts. */
  constructor(world: World) {
    this.#world = world;
    world.subscribe((machine, event) => this.#note(machine, event));
  }

  /** Looks at the pools; called every ten virtual seconds. */
  lookAtPools(): void {
    const machines = this.#world.honest.slice(0, MAX_POOLS).filter(({ isRunning }) => isRunning);
    if (machines.length === 0) return;
    const sum = machines.reduce((total, { node }) => total + node.pool.count, 0);
    this.#pool.push({ atMs: this.#world.elapsedMs, count: sum / machines.length });
  }

  #note(machine: Machine, event: NodeEvent): void {
    if (event.event === 'block.accepted') {
      const atMs = this.#world.elapsedMs;
      if (event.source === 'mined') {
        this.#minedAtMs.set(event.id, atMs);
        if (machine.isAttacker) this.#minedAtMs.delete(event.id);
        else this.#mined++;
        return;
      }
      const minedAtMs = this.#minedAtMs.get(event.id);
      if (minedAtMs !== undefined && !machine.isAttacker) this.#propagation.add(atMs - minedAtMs);
    } else if (event.event === 'chain.reorganised' && !machine.isAttacker) {
      this.#reorganisations[event.depth] = (this.#reorganisations[event.depth] ?? 0) + 1;
    }
  }

  figures({ elapsedMs, load }: SimulationResult): Figures {
    const running = this.#world.honest.filter(({ isRunning }) => isRunning);
    const [first] = running;
    const { confirmedAtMs, intervals, onChain } = this.#readChain(first);
    const confirmation = load.acknowledged.flatMap(({ atMs, id }) => {
      const minedAtMs = confirmedAtMs.get(id);
      return minedAtMs === undefined ? [] : [Math.max(0, minedAtMs - atMs)];
    });
    const traffic = running.map(({ network }) => network.traffic);
    const sum = (of: (each: (typeof traffic)[number]) => number): number =>
      traffic.reduce((total, each) => total + of(each), 0);
    const stale = Math.max(0, this.#mined - onChain);
    return {
      blocksMined: this.#mined,
      blocksStale: stale,
      staleRate: this.#mined === 0 ? 0 : stale / this.#mined,
      propagationMs: this.#propagation.sorted(),
      intervalsMs: intervals.sort((a, b) => a - b),
      reorganisations: this.#reorganisations,
      pool: this.#pool,
      bytesPerSecond: traffic
        .map(({ receivedBytes, sentBytes }) => (1_000 * (receivedBytes + sentBytes)) / elapsedMs)
        .sort((a, b) => a - b),
      duplicateShare:
        sum(({ duplicates }) => duplicates) /
        Math.max(
          1,
          sum(({ gossipMessages }) => gossipMessages),
        ),
      confirmed: confirmation.length,
      confirmationMs: confirmation.sort((a, b) => a - b),
    };
  }

  #readChain(machine: Machine | undefined) {
    const confirmedAtMs = new Map<string, number>();
    const intervals: number[] = [];
    let onChain = 0;
    const { chain } = machine?.node ?? {};
    let before: bigint | undefined;
    for (let height = 1; chain !== undefined && height <= chain.tip.height; height++) {
      const record = chain.atHeight(height);
      if (record === undefined) break;
      const { timestamp } = record.sealed.header;
      if (before !== undefined) intervals.push(Number(timestamp - before));
      before = timestamp;
      const minedAtMs = this.#minedAtMs.get(record.id);
      if (minedAtMs === undefined) continue;
      onChain++;
      for (const { transaction } of chain.block(record)?.transactions ?? [])
        confirmedAtMs.set(transactionId(transaction), minedAtMs);
    }
    return { confirmedAtMs, intervals, onChain };
  }
}

/** @param sorted ascending @param share 0 to 1 @returns 0 if there are none */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
