/** All machines of a simulation, and what they have in common: time, lines, chance, the trace. */
import type { NetworkDefinition } from '../core/network-params.ts';
import type { NodeEvent } from '../node/events.ts';
import type { PeerId, SignatureVerifier } from '../node/ports.ts';
import { SharedRows } from '../store/shared-rows.ts';
import { type LatencyModel, latencyModel } from './latency.ts';
import { Lines } from './lines.ts';
import { Machine, type MachineOptions } from './machine.ts';
import { SeededRandom } from './random.ts';
import { rememberingVerifier } from './remembering-verifier.ts';
import { Scheduler } from './scheduler.ts';
import { Trace, type TraceKind } from './trace.ts';
import { Hub } from './virtual-network.ts';

export interface WorldOptions {
  readonly definition: NetworkDefinition;
  readonly seed: number | string;
  /** `lan`, `planet` or milliseconds, or a model of one's own. */
  readonly latency: string | LatencyModel;
  /** Virtual time at the start, ms since 1970. Default: a second after the genesis. */
  readonly startMs?: number;
}

/** Sees what every node tells. */
export type WorldListener = (machine: Machine, event: NodeEvent) => void;

export class World {
  readonly definition: NetworkDefinition;
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly lines: Lines;
  readonly hub: Hub;
  readonly machines: Machine[] = [];
  readonly history = new Trace();
  /** What all disks hold in common takes memory once. */
  readonly rows = new SharedRows();
  readonly verifier: SignatureVerifier = rememberingVerifier();
  readonly startMs: number;
  /** What nodes said must not happen, and what nobody caught. */
  readonly failures: { readonly machine: Machine; readonly error: unknown }[] = [];
  readonly #honest: Machine[] = [];
  readonly #listeners: WorldListener[] = [];

  constructor(options: WorldOptions) {
    this.definition = options.definition;
    this.startMs = options.startMs ?? Number(options.definition.params.genesisTime) + 1_000;
    this.scheduler = new Scheduler(this.startMs);
    this.random = new SeededRandom(String(options.seed));
    const { latency } = options;
    const model = typeof latency === 'string' ? latencyModel(latency, String(options.seed)) : latency;
    this.lines = new Lines(model, this.random.for('lines'));
    this.hub = new Hub(this.scheduler, this.lines);
    this.hub.observer = {
      gossipArrived: (to, from, _topic, bytes) => this.trace('gossip', to.site.index, from.site.index, bytes),
      requestArrived: (to, from, _protocol, bytes) =>
        this.trace('request', to.site.index, from.site.index, bytes),
    };
  }

  /** Milliseconds since the start. */
  get elapsedMs(): number {
    return this.scheduler.nowMs - this.startMs;
  }

  add(options: MachineOptions): Machine {
    const machine = new Machine(this, this.machines.length, options);
    this.machines.push(machine);
    if (!machine.isAttacker) this.#honest.push(machine);
    return machine;
  }

  get honest(): readonly Machine[] {
    return this.#honest;
  }

  get running(): Machine[] {
    return this.machines.filter(({ isRunning }) => isRunning);
  }

  /** @param peer as networks name it: the machine's name */
  machineOf(peer: PeerId | undefined): Machine | undefined {
    return peer === undefined ? undefined : this.machines[Number(peer.slice(1))];
  }

  subscribe(listener: WorldListener): void {
    this.#listeners.push(listener);
  }

  tell(machine: Machine, event: NodeEvent): void {
    this.#record(machine.index, event);
    for (const listener of this.#listeners) listener(machine, event);
  }

  trace(kind: TraceKind, machine = -1, other = -1, value = 0): void {
    this.history.add(this.elapsedMs, kind, machine, other, value);
  }

  failed(machine: Machine, error: unknown): void {
    this.failures.push({ machine, error });
  }

  /** Lets virtual time pass. */
  advance(ms: number): Promise<void> {
    return this.scheduler.run(this.scheduler.nowMs + ms);
  }

  /** Lets time pass until `done`, `limitMs` at most. @returns whether it was done */
  async until(done: () => boolean, limitMs: number): Promise<boolean> {
    await this.scheduler.run(this.scheduler.nowMs + limitMs, done);
    return done();
  }

  #record(machine: number, event: NodeEvent): void {
    const { kind, value } = summaryOf(event);
    const from = 'from' in event ? event.from : 'peer' in event ? event.peer : undefined;
    this.trace(kind, machine, this.machineOf(from)?.index ?? -1, value);
  }
}

/** What of a node's event goes into the trace. */
function summaryOf(event: NodeEvent): { kind: TraceKind; value: number } {
  switch (event.event) {
    case 'block.mined':
      return { kind: 'mined', value: startOf(event.id) };
    case 'block.accepted':
      return { kind: 'accepted', value: startOf(event.id) };
    case 'block.refused':
      return { kind: 'refused', value: event.id === undefined ? 0 : startOf(event.id) };
    case 'block.early':
      return { kind: 'early', value: startOf(event.id) };
    case 'chain.reorganised':
      return { kind: 'reorganised', value: event.depth };
    case 'transaction.accepted':
      return { kind: 'transaction', value: startOf(event.id) };
    case 'transaction.refused':
      return { kind: 'transaction-refused', value: startOf(event.id) };
    case 'peer.connected':
      return { kind: 'connected', value: event.direction === 'outbound' ? 1 : 0 };
    case 'peer.named':
      return { kind: 'named', value: 0 };
    case 'peer.disconnected':
      return { kind: 'disconnected', value: 0 };
    case 'peer.penalised':
      return { kind: 'penalised', value: event.score };
    case 'peer.clock':
      return { kind: 'clock', value: event.offsetMs };
    case 'mining.waiting':
      return { kind: 'mining-waits', value: event.height };
    case 'mining.unpayable':
      return { kind: 'mining-waits', value: 0 };
    case 'sync.progress':
      return { kind: 'sync', value: event.height };
  }
}

/** The first 48 bits of an id, as a number. */
function startOf(id: string): number {
  return Number.parseInt(id.slice(0, 12), 16);
}
