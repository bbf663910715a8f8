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
 * These are whole daemons over libp2p on loopback: the same code that `tally start` runs. Mining costs nothing and
 * happens when you ask for it, so a test decides who finds which block; waits end with events, not after a time.
 * `alice.client()` gives a client of its HTTP API, which is what an app talks to.
 *
 * @module
 */
export type { NetworkDefinition } from '../core/network-params.ts';
export type { Block, Header, NetworkParams, SealedHeader } from '../core/types.ts';
export { startNetwork, TestNetwork, type TestNetworkOptions, type TestNodes } from './test-network.ts';
export type { WaitOptions } from './test-node.ts';
export { TestNode } from './test-node.ts';
