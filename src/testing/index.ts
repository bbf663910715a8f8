/**
 * Networks of real nodes inside your own process, for your own tests: `import … from 'tallystick/testing'`.
 *
 *     const network = await startNetwork({ nodes: 3 });
 *     const [alice, bob] = network.nodes;
 *     await alice.mine(1);
 *     await network.converged();
 *     const id = await alice.send(bob.address, 1_000_000n);
 *     await alice.mine(1);
 *     await bob.confirmed(id);
 *     await network.stop();
 *
 * These are whole daemons over libp2p on loopback: the same code that `tally start` runs.
 */
export { startNetwork, TestNetwork, type TestNetworkOptions } from './test-network.ts';
export { TestNode } from './test-node.ts';
