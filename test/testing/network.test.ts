import { afterEach, describe, expect, it, vi } from 'vitest';
import { startNetwork, type TestNetwork, type TestNode } from '../../src/testing/index.ts';
import { replayedBalances } from '../support/replay.ts';

let network: TestNetwork | undefined;

afterEach(async () => {
  await network?.stop();
  network = undefined;
});

describe('a network of real nodes in one process', () => {
  it('passes blocks and payments on, and confirms them everywhere', async () => {
    const started = await startNetwork({ nodes: 3 });
    network = started;
    const [alice, bob, carol] = started.nodes;
    await alice.mine(2);
    await network.converged();
    const id = await alice.send(carol.address, 1_500_000n);
    await bob.until(() => bob.daemon.node.pool.has(id), 'the payment reached bob');
    await bob.mine(1);
    await Promise.all(network.nodes.map((node) => node.confirmed(id)));
    expect(network.nodes.map((node) => node.balance(carol.address))).toEqual([
      1_500_000n,
      1_500_000n,
      1_500_000n,
    ]);
  });

  it('runs forward though the clock is set back by an hour', async () => {
    network = await startNetwork({ nodes: 1 });
    const [node] = network.nodes;
    const real = Date.now();
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => real - 3_600_000);
    try {
      expect((node as TestNode).daemon.runningMs()).toBeGreaterThanOrEqual(0);
    } finally {
      clock.mockRestore();
    }
  });

  it('finds its members by mDNS alone', async () => {
    network = await startNetwork({ nodes: 3, connect: false, mdns: true });
    const { nodes } = network;
    await Promise.all(
      nodes.map((node) =>
        node.until(() => node.daemon.node.peers().length === 2, `${node.name} found the others`),
      ),
    );
    await (nodes[0] as TestNode).mine(1);
    await network.converged();
  });

  it('cut in two mines two chains; healed, it ends on the one with more work', async () => {
    const started = await startNetwork({ nodes: 4 });
    network = started;
    const [a, b, c, d] = started.nodes;
    await a.mine(2);
    await network.converged();
    await network.cut([a, b], [c, d]);
    const id = await a.send(d.address, 10n);
    await b.until(() => b.daemon.node.pool.has(id), 'the payment reached b');
    await b.mine(3);
    await d.mine(6);
    await network.converged([a, b]);
    await network.converged([c, d]);
    expect(a.tip).not.toBe(d.tip);
    const heavier = d.tip;

    await network.heal();
    await network.converged();
    expect(a.tip).toBe(heavier);
    await c.until(() => c.daemon.node.pool.has(id), 'the payment returned, and reached the other side');
    await c.mine(1);
    await network.converged();
    for (const { daemon } of network.nodes) {
      for (const [address, account] of replayedBalances(daemon.node.chain)) {
        expect(daemon.node.chain.account(address)).toEqual(account);
      }
      expect(daemon.node.chain.account(d.address).balance).toBe(6n * 50_000_000n + 10n);
    }
  });

  it('brings a node that joins late up to 2,000 blocks', async () => {
    const started = await startNetwork({ nodes: 2 });
    network = started;
    const [a] = started.nodes;
    await a.mine(2_000);
    await network.converged();
    const late = await network.add();
    await late.connect(a);
    await network.converged();
    expect(late.height).toBe(2_000);
  }, 120_000);
});
