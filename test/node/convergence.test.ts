import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { payment, testKey, testNetwork } from '../support/ledger.ts';
import { replayedBalances } from '../support/replay.ts';
import { eventsOf, type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

function expectNoFailures(world: VirtualWorld): void {
  for (const { failures } of world.nodes) expect(failures).toEqual([]);
}

describe('nodes that see each other', () => {
  it('connect by themselves, and each block reaches all', async () => {
    const world = new VirtualWorld(testNetwork());
    const nodes = await world.startConnected('a', 'b', 'c', 'd');
    const [a] = nodes as [VirtualNode];
    await world.mine(a, 5);
    await world.converge(nodes, 1_000);
    expect(a.node.chain.tip.height).toBe(5);
    expectNoFailures(world);
  });

  it('confirm a payment made on one on all, within a hundred milliseconds of gossip and a block', async () => {
    const world = new VirtualWorld(testNetwork());
    const nodes = await world.startConnected('a', 'b', 'c');
    const [a, b] = nodes as [VirtualNode, VirtualNode];
    await world.mine(a, 1);
    await world.converge(nodes);
    const paid = payment(world.definition, { from: a.key, to: testKey(7).address, sequence: 0, amount: 5n });
    const startMs = world.clock.now();
    const [outcome] = await world.wait(a.node.submit([paid.signed]), 'submitted');
    expect(outcome).toMatchObject({ accepted: true, known: false });
    await world.clock.until(() => nodes.every(({ node }) => node.pool.has(paid.id)), 'pooled everywhere');
    expect(world.clock.now() - startMs).toBeLessThanOrEqual(100);
    await world.mine(b, 1);
    await world.converge(nodes);
    for (const { node } of nodes) expect(node.chain.account(testKey(7).address).balance).toBe(5n);
    expectNoFailures(world);
  });

  it('settle a tie on the block each saw first, and the next block settles it for all', async () => {
    const world = new VirtualWorld(testNetwork());
    const nodes = await world.startConnected('a', 'b');
    const [a, b] = nodes as [VirtualNode, VirtualNode];
    world.hub.cut([a.network], [b.network]);
    const [ofA] = await world.mine(a, 1);
    const [ofB] = await world.mine(b, 1);
    world.hub.heal();
    await world.clock.until(() => a.node.peers().length === 1, 'connected again');
    await world.clock.advance(30_000);
    expect([a.node.chain.tip.id, b.node.chain.tip.id]).toEqual([ofA, ofB]);
    await world.mine(b, 1);
    await world.converge();
    expect(eventsOf(a, 'chain.reorganised')).toMatchObject([{ depth: 1, oldTip: ofA }]);
  });
});

describe('two groups that mined apart', () => {
  it('end on the chain with more work; the other chain’s transactions return and are mined again', async () => {
    const world = new VirtualWorld(testNetwork());
    const nodes = await world.startConnected('a', 'b', 'c', 'd');
    const [a, b, c, d] = nodes as [VirtualNode, VirtualNode, VirtualNode, VirtualNode];
    await world.mine(a, 2);
    await world.converge();
    await world.mine(c, 2);
    await world.converge();

    world.hub.cut([a.network, b.network], [c.network, d.network]);
    const receiver = testKey(9).address;
    const payments = [0, 1, 2].map((sequence) =>
      payment(world.definition, { from: a.key, to: receiver, sequence, amount: 100n }),
    );
    await world.wait(a.node.submit(payments.map(({ signed }) => signed)), 'submitted');
    await world.clock.until(() => b.node.pool.count === 3, 'b has them too');
    await world.mine(b, 3);
    await world.mine(d, 8);
    await world.converge([a, b]);
    await world.converge([c, d]);
    expect(a.node.chain.account(receiver).balance).toBe(300n);
    expect(c.node.chain.account(receiver).balance).toBe(0n);

    world.hub.heal();
    await world.converge(nodes, 60_000);
    expect(a.node.chain.tip.height).toBe(4 + 8);
    expect(eventsOf(a, 'chain.reorganised').at(-1)).toMatchObject({ depth: 3, returned: 3, forkHeight: 4 });
    for (const { id } of payments) expect(a.node.pool.has(id)).toBe(true);
    await world.clock.until(
      () => payments.every(({ id }) => c.node.pool.has(id)),
      'the winners have them too',
      30_000,
    );

    await world.mine(c, 1);
    await world.converge();
    for (const { node, store } of nodes) {
      expect(node.chain.account(receiver).balance).toBe(300n);
      const balances = replayedBalances(node.chain);
      for (const [address, account] of balances) expect(node.chain.account(address)).toEqual(account);
      expect(store.accounts.page(undefined, 100)).toHaveLength(balances.size);
      expect(node.pool.count).toBe(0);
    }
    expectNoFailures(world);
  });
});

describe('a node that was away', () => {
  it('opens at its tip, remembers its peers and catches up without being told an address', async () => {
    const world = new VirtualWorld(testNetwork());
    const store = new MemoryStore();
    const a = await world.start('a');
    const b = await world.start('b', { store, peers: a.network.addresses() });
    await world.clock.until(() => b.node.peers().length === 1, 'connected');
    await world.mine(a, 3);
    await world.converge([a, b]);
    await world.wait(b.node.stop(), 'stopped');
    await world.mine(a, 4);
    const again = await world.start('b2', { store });
    expect(again.node.chain.tip.height).toBe(3);
    await world.converge([a, again], 60_000);
    expect(again.node.chain.tip.height).toBe(7);
  });

  it('keeps the transactions it acknowledged', async () => {
    const world = new VirtualWorld(testNetwork());
    const store = new MemoryStore();
    const a = await world.start('a', { store });
    await world.mine(a, 1);
    const paid = payment(world.definition, { from: a.key, to: testKey(2).address, sequence: 0 });
    await world.wait(a.node.submit([paid.signed]), 'submitted');
    const again = await world.start('a2', { store }); // as after a crash: nothing was stopped
    expect(again.node.pool.has(paid.id)).toBe(true);
  });
});

describe('pools', () => {
  it('are compared on connect, for gossip repeats nothing', async () => {
    const world = new VirtualWorld(testNetwork());
    const a = await world.start('a');
    await world.mine(a, 1);
    const payments = Array.from({ length: 40 }, (_, sequence) =>
      payment(world.definition, { from: a.key, to: testKey(3).address, sequence }),
    );
    await world.wait(a.node.submit(payments.map(({ signed }) => signed)), 'submitted');
    await world.clock.advance(1_000);
    const late = await world.start('late', { peers: a.network.addresses() });
    await world.clock.until(() => late.node.pool.count === 40, 'fetched', 30_000);
  });
});

describe('addresses', () => {
  it('are learnt from peers: one known peer is enough to find the rest', async () => {
    const world = new VirtualWorld(testNetwork());
    const hub = await world.start('hub');
    const first = await world.start('first', { peers: hub.network.addresses() });
    await world.clock.until(() => first.node.peers().length === 1, 'first has the hub');
    const second = await world.start('second', { peers: first.network.addresses() });
    await world.clock.until(() => second.node.peers().length === 2, 'second found the hub', 60_000);
  });
});
