/** The simulator's network keeps to the port as libp2p's does; and gossip's mesh keeps its size. */
import { describe, expect, it } from 'vitest';
import type { Network } from '../../src/node/ports.ts';
import { createSite, Lines } from '../../src/simulation/lines.ts';
import { SeededRandom } from '../../src/simulation/random.ts';
import { Scheduler } from '../../src/simulation/scheduler.ts';
import { Hub, VirtualNetwork } from '../../src/simulation/virtual-network.ts';
import { networkCompliance } from '../support/network-compliance.ts';

const START_MS = 1_767_229_200_000;

function createHub(): Hub {
  return new Hub(new Scheduler(START_MS), new Lines(() => 5, new SeededRandom('lines')));
}

function join(hub: Hub, index: number): VirtualNetwork {
  return new VirtualNetwork(hub, `n${index}`, createSite(index), new SeededRandom(`n${index}`));
}

networkCompliance('the simulator’s VirtualNetwork', () => {
  const hub = createHub();
  const { scheduler } = hub;
  let joined = 0;
  const runUntil = async (condition: () => boolean): Promise<void> => {
    // Something falls due now and then, so that the condition is looked at again.
    let isOver = false;
    const beat = (): void => {
      if (!isOver) scheduler.after(10, beat);
    };
    beat();
    await scheduler.run(scheduler.nowMs + 60_000, condition);
    isOver = true;
  };
  return {
    create: async (): Promise<Network> => join(hub, joined++),
    async settle<T>(promise: Promise<T>): Promise<T> {
      let isSettled = false;
      const done = promise.finally(() => {
        isSettled = true;
      });
      done.catch(() => {});
      await runUntil(() => isSettled);
      return done;
    },
    async until(condition, what) {
      await runUntil(condition);
      if (!condition()) throw new Error(`did not happen: ${what}`);
    },
    end: async () => undefined,
  };
});

describe('gossip', () => {
  async function crowd(size: number): Promise<VirtualNetwork[]> {
    const hub = createHub();
    const networks = Array.from({ length: size }, (_, i) => join(hub, i));
    for (const network of networks) {
      await network.start({ connected() {}, disconnected() {}, discovered() {} });
    }
    for (const [i, network] of networks.entries()) {
      for (const other of networks.slice(i + 1, i + 9)) network.dial(other.addresses()[0] as string);
    }
    await hub.scheduler.run(START_MS + 1_000);
    return networks;
  }

  it('goes by a mesh of four to twelve peers, the same from both sides', async () => {
    for (const network of await crowd(40)) {
      expect(network.meshSize).toBeGreaterThanOrEqual(4);
      expect(network.meshSize).toBeLessThanOrEqual(12);
      for (const { inMesh, other } of network.links()) {
        const back = [...other.links()].find((link) => link.other === network);
        expect(back?.inMesh).toBe(inMesh);
      }
    }
  });

  it('mends its mesh when peers go', async () => {
    const networks = await crowd(40);
    for (const network of networks.slice(0, 15)) network.kill();
    for (const network of networks.slice(20)) expect(network.meshSize).toBeGreaterThanOrEqual(4);
  });

  it('reaches everybody once, and says nothing twice', async () => {
    const networks = await crowd(40);
    const heard: string[] = [];
    for (const network of networks) {
      network.subscribe('block', async () => {
        heard.push(network.self);
        return 'accept';
      });
    }
    const message = Uint8Array.of(1, 2, 3);
    await networks[0]?.publish('block', message);
    await networks[0]?.publish('block', message);
    await networks[0]?.hub.scheduler.run(START_MS + 10_000);
    expect(heard.toSorted()).toEqual(
      networks
        .slice(1)
        .map(({ self }) => self)
        .toSorted(),
    );
  });

  it('falls silent where the power went out, and the connection breaks a while later', async () => {
    const hub = createHub();
    const [a, b] = [join(hub, 0), join(hub, 1)];
    const reasons: string[] = [];
    const listeners = { connected() {}, discovered() {} };
    await a.start({ ...listeners, disconnected: (_, reason) => reasons.push(reason) });
    await b.start({ ...listeners, disconnected() {} });
    a.dial(b.addresses()[0] as string);
    await hub.scheduler.run(START_MS + 1_000);
    b.vanish();
    const limits = { deadlineMs: 5_000, maxChunks: 1, maxChunkBytes: 10 };
    const asked = a.request(b.self, 'status', new Uint8Array(0), limits).catch((error) => error.failure);
    await hub.scheduler.run(START_MS + 10_000);
    expect([await asked, reasons]).toEqual(['timeout', []]);
    await hub.scheduler.run(START_MS + 20_000);
    expect(reasons).toEqual(['silent for too long']);
  });
});
