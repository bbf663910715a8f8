/** On a broken disk a stop still stops everything, and says once what was wrong. */
import { expect, it } from 'vitest';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { faultyStore, SimulatedCrash } from '../support/faulty-store.ts';
import { payment, testKey, testNetwork } from '../support/ledger.ts';
import { VirtualWorld } from '../support/virtual-node.ts';

const alice = testKey(1);
const network = testNetwork({ allocations: [{ address: alice.publicKey, amount: 1_000_000n }] });

it('ends network and miner though what waits cannot be written any more', async () => {
  const world = new VirtualWorld(network);
  const faulty = faultyStore(new MemoryStore());
  const broken = await world.start('broken', { store: faulty.store });
  const other = await world.start('other');
  world.hub.introduceAll();
  await world.clock.until(() => other.node.peers().length === 1, 'connected');
  broken.node.mining.start();
  // Taken into the pool by gossip: written later.
  broken.node.pool.add(payment(network, { from: alice, to: testKey(2).address, sequence: 0 }));
  faulty.arm(0);
  const stop = world.wait(broken.node.stop(), 'stopped');
  await expect(stop).rejects.toThrow(SimulatedCrash);
  await world.clock.until(() => other.node.peers().length === 0, 'the other has noticed');
  expect(broken.node.mining.active).toBe(false);
  const { height } = broken.node.chain.tip;
  faulty.arm(Number.POSITIVE_INFINITY);
  await world.clock.advance(60_000);
  expect(broken.node.chain.tip.height).toBe(height);
});
