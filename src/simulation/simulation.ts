/**
 * Runs a scenario: builds the machines, starts them one after the other, lets users, faults and attackers loose, and
 * at the end gives the network a calm while to agree, as the checkers demand.
 */

import type { KeyPair } from '../client/keys.ts';
import { idFromBytes, idToBytes } from '../core/identifiers.ts';
import { defineNetwork, type NetworkDefinition, TEST_PARAMS } from '../core/network-params.ts';
import { requireTarget } from '../core/target.ts';
import type { Attack } from './attackers/attack.ts';
import { createAttack } from './attackers/index.ts';
import type { Violation } from './checks/check.ts';
import { Checks } from './checks/checks.ts';
import { planFault } from './faults.ts';
import { Load, WALLET_NOTCHES, walletKeys } from './load.ts';
import { type Machine, nameOf } from './machine.ts';
import { SeededRandom } from './random.ts';
import type { Scenario } from './scenario.ts';
import type { TraceEntry } from './trace.ts';
import { expectedHashes } from './virtual-miner.ts';
import { World } from './world.ts';

/** 64 hashes: quick to find, and room for the difficulty to fall. */
const INITIAL_BITS = 0x2003_ffff;
const LIMIT_BITS = 0x207f_ffff;
/** Of the difficulty, in block intervals: as the built-in `dev` network has it. */
const HALF_LIFE_BLOCKS = 20;
/** Machines are switched on over this time, one after the other. */
const START_SPREAD_MS = 2_000;
const CHECK_EVERY_MS = 10_000;
/** After the last fault healed and the last attacker left, honest nodes agree within so long, block intervals aside. */
const CALM_MS = 5 * 60_000;
/** Mbit/s in bytes a millisecond. */
const BYTES_PER_MS = 125;

export interface SimulationOptions {
  /** Whether the checkers run, and the network gets a calm while at the end to satisfy them. Default: true. */
  readonly checks?: boolean;
  /** Ends at this entry of the trace. */
  readonly stopAt?: number;
  /** Called every ten virtual seconds. */
  readonly onProgress?: (progress: Progress) => void;
  readonly onEntry?: (entry: TraceEntry) => void;
  /** Called once everything is set up, before the start: for whoever measures. */
  readonly onWorld?: (world: World) => void;
}

export interface Progress {
  /** Virtual. */
  readonly elapsedMs: number;
  readonly totalMs: number;
  /** Of node 0. */
  readonly height: number;
}

export interface SimulationResult {
  readonly scenario: Scenario;
  /** Of the trace; the same for the same scenario, always. */
  readonly digest: string;
  /** Entries of the trace. */
  readonly events: number;
  readonly violations: readonly Violation[];
  /** Virtual. */
  readonly elapsedMs: number;
  readonly submitted: number;
  readonly acknowledged: number;
  /** Of the chain all agree on, or of the longest. */
  readonly height: number;
  readonly stopped: boolean;
  readonly world: World;
  readonly load: Load;
}

export async function simulate(
  scenario: Scenario,
  options: SimulationOptions = {},
): Promise<SimulationResult> {
  return new Simulation(scenario, options).run();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #options: SimulationOptions;
  readonly #world: World;
  readonly #load: Load;
  readonly #checks: Checks;
  readonly #random: SeededRandom;
  readonly #attacks: Attack[];
  readonly #totalMs: number;

  constructor(scenario: Scenario, options: SimulationOptions) {
    const random = new SeededRandom(`${scenario.seed}/scenario`);
    const wallets = walletKeys(random.for('wallets'), scenario.wallets);
    this.#scenario = scenario;
    this.#options = options;
    this.#random = random;
    this.#totalMs = Math.round(scenario.hours * 3_600_000);
    const { latency, seed } = scenario;
    this.#world = new World({ definition: networkOf(scenario, wallets), seed, latency });
    this.#load = new Load(this.#world, wallets, random.for('load'));
    this.#addHonest();
    this.#attacks = scenario.attacks.map((plan, index) =>
      createAttack({
        world: this.#world,
        plan,
        random: random.for(`attack-${index}`),
        honestHashesPerMs: hashesPerMs(scenario),
      }),
    );
    this.#checks = new Checks(this.#world, this.#load, options.checks ?? true);
  }

  async run(): Promise<SimulationResult> {
    const { onEntry, onWorld } = this.#options;
    const world = this.#world;
    if (onEntry !== undefined) world.history.listener = onEntry;
    onWorld?.(world);
    this.#startAll();
    for (const [index, fault] of this.#scenario.faults.entries()) {
      const random = this.#random.for(`fault-${index}`);
      planFault({ world, random, restart: (machine) => this.#restart(machine) }, fault);
    }
    for (const [index, attack] of this.#attacks.entries()) this.#planAttack(attack, index);
    world.scheduler.after(START_SPREAD_MS, () => this.#load.start(this.#scenario.transactionsPerSecond));
    await this.#pass(this.#totalMs);
    this.#load.stop();
    if (!this.#isStopped && (this.#options.checks ?? true)) await this.#calm();
    this.#checks.end();
    return this.#result();
  }

  get #isStopped(): boolean {
    const { stopAt } = this.#options;
    return stopAt !== undefined && this.#world.history.count >= stopAt;
  }

  #addHonest(): void {
    const { hashpower, maxPoolBytes, megabitsPerSecond, nodes, peers } = this.#scenario;
    const world = this.#world;
    const power = hashesPerMs(this.#scenario);
    const random = this.#random.for('topology');
    const addresses = this.#random.for('addresses');
    for (let i = 0; i < nodes; i++) {
      world.add({
        address: idFromBytes(addresses.bytes(32)),
        hashesPerMs: (power * (hashpower[i] ?? 0)) / 100,
        peers: othersThan(i, nodes, peers, random),
        ...(megabitsPerSecond === undefined ? {} : { bandwidth: megabitsPerSecond * BYTES_PER_MS }),
        ...(maxPoolBytes === undefined ? {} : { maxPoolBytes }),
      });
    }
  }

  #startAll(): void {
    const world = this.#world;
    const random = this.#random.for('starts');
    for (const machine of world.honest) {
      world.scheduler.after(random.between(0, START_SPREAD_MS), () => this.#start(machine));
    }
  }

  #start(machine: Machine): void {
    machine.start().catch((error) => this.#world.failed(machine, error));
  }

  #restart(machine: Machine): void {
    if (machine.isRunning) return;
    this.#start(machine);
    this.#checks.restarted(machine);
  }

  #planAttack(attack: Attack, index: number): void {
    const { scheduler } = this.#world;
    const { atSeconds, forSeconds } = this.#scenario.attacks[index] as Scenario['attacks'][number];
    scheduler.after(atSeconds * 1_000, () => {
      this.#world.trace('attack', -1, -1, index);
      for (const machine of attack.machines) this.#start(machine);
      attack.start();
      scheduler.after(forSeconds * 1_000, () => {
        attack.stop();
        for (const machine of attack.machines) {
          if (machine.isRunning) machine.stop().catch((error) => this.#world.failed(machine, error));
        }
      });
    });
  }

  /** Lets time pass, with checks and progress now and then. */
  async #pass(untilMs: number): Promise<void> {
    const world = this.#world;
    while (world.elapsedMs < untilMs && !this.#isStopped) {
      const step = Math.min(CHECK_EVERY_MS, untilMs - world.elapsedMs);
      await world.scheduler.run(world.scheduler.nowMs + step, () => this.#isStopped);
      this.#checks.during();
      this.#options.onProgress?.({
        elapsedMs: world.elapsedMs,
        totalMs: this.#totalMs,
        height: world.honest[0]?.isRunning === true ? world.honest[0].node.chain.tip.height : 0,
      });
    }
  }

  /** Nothing more goes wrong: the network has to come to terms. */
  async #calm(): Promise<void> {
    const world = this.#world;
    for (const machine of world.honest) if (!machine.isRunning) this.#restart(machine);
    const until = Math.round(world.elapsedMs + CALM_MS + 6_000 * this.#scenario.blockIntervalSeconds);
    await this.#pass(until);
    await this.#closeTies();
    await this.#checks.atEnd();
  }

  /** Two branches of equal work are both right. Mining ends, and one last block decides. */
  async #closeTies(): Promise<void> {
    const world = this.#world;
    for (const machine of world.honest) machine.hashesPerMs = 0;
    for (const machine of world.honest) {
      if (machine.isRunning) await this.#finish(machine.node.mining.stop());
    }
    await world.advance(30_000);
    const last = world.honest.find(({ isRunning }) => isRunning);
    if (last === undefined) return;
    last.hashesPerMs = 1_000;
    await this.#finish(last.node.mining.mine(1));
    await world.advance(30_000);
  }

  /** Lets time pass until it is done. */
  async #finish(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    work.finally(() => {
      isDone = true;
    });
    await this.#world.until(() => isDone, 60_000);
  }

  #result(): SimulationResult {
    const world = this.#world;
    const heights = world.honest
      .filter(({ isRunning }) => isRunning)
      .map(({ node }) => node.chain.tip.height);
    return {
      scenario: this.#scenario,
      digest: world.history.digest(),
      events: world.history.count,
      violations: this.#checks.violations,
      elapsedMs: world.elapsedMs,
      submitted: this.#load.submitted,
      acknowledged: this.#load.acknowledged.length,
      height: Math.max(0, ...heights),
      stopped: this.#isStopped,
      world,
      load: this.#load,
    };
  }
}

/** Machines this one is told of, whether they are up already or not; one came before it, so that all hang together. */
function othersThan(index: number, nodes: number, count: number, random: SeededRandom): { name: string }[] {
  const chosen = new Set<number>(index > 0 ? [random.integer(index)] : []);
  while (chosen.size < Math.min(count, nodes - 1)) {
    const other = random.integer(nodes);
    if (other !== index) chosen.add(other);
  }
  return [...chosen].map((other) => ({ name: nameOf(other) }));
}

/** A network like `test`, but with this scenario's pace, its wallets paid at the genesis. */
function networkOf(scenario: Scenario, wallets: readonly KeyPair[]): NetworkDefinition {
  const interval = BigInt(Math.round(scenario.blockIntervalSeconds * 1_000));
  return defineNetwork({
    ...TEST_PARAMS,
    name: new TextEncoder().encode('simulated'),
    blockInterval: interval,
    halfLife: interval * BigInt(HALF_LIFE_BLOCKS),
    initialBits: INITIAL_BITS,
    limitBits: LIMIT_BITS,
    maxBlockBytes: scenario.maxBlockBytes,
    allocations: wallets.map(({ address }) => ({ address: idToBytes(address), amount: WALLET_NOTCHES })),
  });
}

/** All honest hash power: a block an interval at the first difficulty. */
function hashesPerMs({ blockIntervalSeconds }: Scenario): number {
  return expectedHashes(requireTarget(INITIAL_BITS)) / (blockIntervalSeconds * 1_000);
}
