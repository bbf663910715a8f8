/** What is measured of a simulation while it runs, in bounded memory, and what it comes to at the end. */
import { transactionId } from '../core/hashing.ts';
import type { BlockId } from '../core/identifiers.ts';
import type { NodeEvent } from '../node/events.ts';
import type { Machine } from './machine.ts';
import { BlockLog, type PicturedBlock } from './measurements-blocks.ts';
import { Sample, Series, type SeriesPoint } from './measurements-sample.ts';
import { TrafficLog } from './measurements-traffic.ts';
import type { SimulationResult } from './simulation.ts';
import type { World } from './world.ts';

/** Pools looked at each time: a sample of large networks. */
const MAX_POOLS = 50;

export interface Figures {
  /** By honest nodes. */
  readonly blocksMined: number;
  /** Of those, not on the chain in the end. */
  readonly blocksStale: number;
  readonly staleRate: number;
  /** Share of the honest blocks so far that became stale. */
  readonly staleOverTime: readonly SeriesPoint[];
  /** Blocks of the chain that attackers made. */
  readonly attackerBlocks: number;
  /** Between the blocks of the chain being mined, ms, ascending. */
  readonly intervalsMs: readonly number[];
  /** From an honest block's being mined to its being connected on another honest node, ms, ascending; a sample. */
  readonly propagationMs: readonly number[];
  /** How often each depth was seen, over all honest nodes. */
  readonly reorganisations: Readonly<Record<number, number>>;
  /** Transactions in a pool on average. */
  readonly pool: readonly SeriesPoint[];
  /** Sent and received, bytes a second of each honest node, ascending. */
  readonly bytesPerSecond: readonly number[];
  /** Share of gossip that had been heard before. */
  readonly duplicateShare: number;
  /** Transactions acknowledged and on the chain. */
  readonly confirmed: number;
  /** From a transaction's being acknowledged to its block's being mined, ms, ascending. */
  readonly confirmationMs: readonly number[];
  /** Where the chain forked most. */
  readonly forks: readonly PicturedBlock[];
}

/** What the chain says in the end. */
interface ChainReading {
  readonly onChain: ReadonlySet<BlockId>;
  readonly intervalsMs: number[];
  /** When the block of each transaction was mined. */
  readonly confirmedAtMs: ReadonlyMap<string, number>;
}

export class Measurements {
  readonly #world: World;
  readonly #blocks = new BlockLog();
  readonly #traffic = new TrafficLog();
  readonly #propagation = new Sample();
  readonly #reorganisations: Record<number, number> = {};
  readonly #pool = new Series();

  /** @param world not started yet */
  constructor(world: World) {
    this.#world = world;
    world.subscribe((machine, event) => this.#note(machine, event));
  }

  /** Looks at what no event tells; called every ten virtual seconds. */
  look(): void {
    const { elapsedMs, honest } = this.#world;
    this.#traffic.look(honest);
    const apart = Math.ceil(honest.length / MAX_POOLS);
    const some = honest.filter(({ index, isRunning }) => isRunning && index % apart === 0);
    if (some.length === 0) return;
    this.#pool.add(elapsedMs, some.reduce((sum, { node }) => sum + node.pool.count, 0) / some.length);
  }

  #note(machine: Machine, event: NodeEvent): void {
    if (event.event === 'block.accepted') {
      const atMs = this.#world.elapsedMs;
      const minedAtMs = this.#blocks.note(machine, event, atMs)?.minedAtMs;
      if (minedAtMs !== undefined && !machine.isAttacker) this.#propagation.add(atMs - minedAtMs);
    } else if (event.event === 'chain.reorganised' && !machine.isAttacker) {
      this.#reorganisations[event.depth] = (this.#reorganisations[event.depth] ?? 0) + 1;
    }
  }

  /** Once the run is over. */
  figures({ elapsedMs, load, stopped }: SimulationResult): Figures {
    this.#traffic.look(this.#world.honest);
    const { confirmedAtMs, intervalsMs, onChain } = this.#readChain();
    // A run that is checked ends with a pause and a block that decides a tie: no interval of the network's own.
    if (!stopped) intervalsMs.pop();
    const isOnChain = ({ id }: { readonly id: BlockId }): boolean => onChain.has(id);
    const honest = [...this.#blocks.all()].filter(({ minedAtMs }) => minedAtMs !== undefined);
    const kept = honest.filter(isOnChain).length;
    const confirmationMs = load.acknowledged.flatMap(({ atMs, id }) => {
      const minedAtMs = confirmedAtMs.get(id);
      return minedAtMs === undefined ? [] : [Math.max(0, minedAtMs - atMs)];
    });
    return {
      blocksMined: honest.length,
      blocksStale: honest.length - kept,
      staleRate: (honest.length - kept) / Math.max(1, honest.length),
      staleOverTime: this.#blocks.staleOverTime(isOnChain),
      attackerBlocks: onChain.size - kept,
      intervalsMs: intervalsMs.sort((a, b) => a - b),
      propagationMs: this.#propagation.sorted(),
      reorganisations: this.#reorganisations,
      pool: this.#pool.points(),
      bytesPerSecond: this.#traffic.bytes().map((bytes) => (1_000 * bytes) / Math.max(1, elapsedMs)),
      duplicateShare: this.#traffic.duplicateShare(),
      confirmed: confirmationMs.length,
      confirmationMs: confirmationMs.sort((a, b) => a - b),
      forks: this.#blocks.mostForked(isOnChain),
    };
  }

  /** The chain of the honest node that has come furthest. */
  #readChain(): ChainReading {
    const onChain = new Set<BlockId>();
    const intervalsMs: number[] = [];
    const confirmedAtMs = new Map<string, number>();
    const [first, ...others] = this.#world.honest
      .filter(({ isRunning }) => isRunning)
      .map(({ node }) => node.chain);
    const chain = others.reduce(
      (best, each) => (each.tip.work > (best?.tip.work ?? 0n) ? each : best),
      first,
    );
    let beforeMs: number | undefined;
    for (let height = 1; chain !== undefined && height <= chain.tip.height; height++) {
      const record = chain.atHeight(height);
      if (record === undefined) break;
      onChain.add(record.id);
      const atMs = this.#blocks.get(record.id)?.atMs;
      if (atMs === undefined) continue;
      if (beforeMs !== undefined) intervalsMs.push(Math.max(0, atMs - beforeMs));
      beforeMs = atMs;
      for (const { transaction } of chain.block(record)?.transactions ?? [])
        confirmedAtMs.set(transactionId(transaction), atMs);
    }
    return { onChain, intervalsMs, confirmedAtMs };
  }
}
