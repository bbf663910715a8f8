/** Random histories of a small network, the same again from the same seed: whatever happens, all end up agreeing. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TransactionId } from '../../src/core/identifiers.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type FaultyStore, faultyStore } from '../support/faulty-store.ts';
import { type Key, payment, testKey, testNetwork } from '../support/ledger.ts';
import { replayedBalances } from '../support/replay.ts';
import { type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

type Step =
  | { readonly kind: 'mine' | 'submit' | 'crash'; readonly node: number; readonly count: number }
  | { readonly kind: 'cut'; readonly mask: number }
  | { readonly kind: 'heal' }
  | { readonly kind: 'wait'; readonly ms: number };

const NODES = 4;
/** Timers of a node at rest and of what it may have under way. */
const MAX_TIMERS = 400;

const onNode = (kind: 'mine' | 'submit' | 'crash'): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constant(kind),
    node: fc.nat(NODES - 1),
    count: fc.integer({ min: 1, max: 4 }),
  });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: onNode('mine') },
  { weight: 4, arbitrary: onNode('submit') },
  { weight: 1, arbitrary: onNode('crash') },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), mask: fc.nat(2 ** NODES - 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('heal' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(5_000) }) },
);

/** One machine: its disk outlives the node that runs on it. */
interface Machine {
  readonly name: string;
  readonly key: Key;
  readonly disk: Store;
  running: VirtualNode;
  faulty: FaultyStore;
  /** Told to its users that they are kept. */
  readonly acknowledged: TransactionId[];
}

class History {
  readonly world: VirtualWorld;
  readonly machines: Machine[] = [];
  readonly #receiver = testKey(99).address;

  constructor() {
    const keys = Array.from({ length: NODES }, (_, i) => testKey(100 + i));
    const allocations = keys.map(({ publicKey }) => ({ address: publicKey, amount: 10n ** 9n }));
    this.world = new VirtualWorld(testNetwork({ blockInterval: 100n, allocations }));
  }

  async start(): Promise<void> {
    for (let i = 0; i < NODES; i++) {
      const [name, key, disk] = [`n${i}`, testKey(100 + i), new MemoryStore()];
      const faulty = faultyStore(disk);
      const running = await this.world.start(name, { store: faulty.store, key });
      this.machines.push({ name, key, disk, running, faulty, acknowledged: [] });
    }
    this.world.hub.introduceAll();
    await this.world.clock.advance(5_000);
  }

  async take(step: Step): Promise<void> {
    const { clock, hub } = this.world;
    if (step.kind === 'wait') await clock.advance(step.ms);
    else if (step.kind === 'heal') hub.heal();
    else if (step.kind === 'cut') {
      const networks = this.machines.map(({ running }) => running.network);
      hub.cut(
        networks.filter((_, i) => (step.mask >> i) & 1),
        networks.filter((_, i) => !((step.mask >> i) & 1)),
      );
    } else {
      const machine = this.machines[step.node] as Machine;
      if (step.kind === 'mine') await this.world.mine(machine.running, step.count);
      else if (step.kind === 'submit') await this.#submit(machine, step.count);
      else await this.#crash(machine);
    }
    expect(clock.pending).toBeLessThan(MAX_TIMERS);
  }

  async #submit({ acknowledged, key, running }: Machine, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { sequence } = running.node.pool.pendingAccount(key.address);
      const paid = payment(this.world.definition, { from: key, to: this.#receiver, sequence });
      const [outcome] = await this.world.wait(running.node.submit([paid.signed]), 'submitted');
      expect(outcome).toMatchObject({ accepted: true });
      acknowledged.push(paid.id);
    }
  }

  /** Pulls the plug: nothing more is written or said, and the machine starts again from its disk. */
  async #crash(machine: Machine): Promise<void> {
    expect(machine.running.failures).toEqual([]);
    machine.faulty.arm(0);
    await machine.running.network.stop();
    machine.faulty = faultyStore(machine.disk);
    machine.running = await this.world.start(machine.name, { store: machine.faulty.store, key: machine.key });
    this.world.hub.introduceAll();
  }

  /** The last heal, time to sync, and a block that settles ties. */
  async end(): Promise<void> {
    const { clock, hub } = this.world;
    hub.heal();
    hub.introduceAll();
    await clock.advance(40_000);
    const nodes = this.machines.map(({ running }) => running);
    await this.world.mine(nodes[0] as VirtualNode, 1);
    await this.world.converge(nodes, 60_000);
    await clock.advance(20_000);
  }

  check(): void {
    for (const { acknowledged, disk, running } of this.machines) {
      const { chain } = running.node;
      expect(running.failures).toEqual([]);
      expect(running.node.syncProgress().state).toBe('idle');
      for (const [address, account] of replayedBalances(chain))
        expect(chain.account(address)).toEqual(account);
      const kept = new Set(disk.pool.all().map(({ id }) => id));
      for (const id of acknowledged) expect(kept.has(id) || chain.transaction(id) !== undefined).toBe(true);
      for (const { score } of running.node.peers()) expect(score).toBe(0);
    }
  }
}

it('any schedule of mining, paying, partitions and crashes ends in one chain with nothing acknowledged lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const history = new History();
      await history.start();
      for (const each of steps) await history.take(each);
      await history.end();
      history.check();
    }),
    { numRuns: 25, endOnFailure: true },
  );
}, 120_000);
