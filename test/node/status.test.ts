import { beforeEach, describe, expect, it } from 'vitest';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { RequestRefused } from '../../src/node/ports.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { BlockMaker, testNetwork } from '../support/ledger.ts';
import { eventsOf, type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

let world: VirtualWorld;
let node: VirtualNode;
let peer: FakePeer;
let maker: BlockMaker;
let asked: number;

beforeEach(async () => {
  const definition = testNetwork({ blockInterval: 100n });
  world = new VirtualWorld(definition);
  node = await world.start('node');
  peer = await FakePeer.join(world, 'peer');
  maker = new BlockMaker(definition);
  asked = 0;
});

/** Counts how often the peer is asked for its status. */
function countQuestions(): void {
  const answer = peer.answerStatus;
  peer.bend('status', () => {
    asked++;
    return answer();
  });
}

const viewOf = (): ReturnType<VirtualNode['node']['peers']>[number] | undefined =>
  node.node.peers().find(({ id }) => id === peer.id);

describe('the status exchange', () => {
  it('tells on connect where the other is, how far off its clock and how long the way', async () => {
    peer.chain = maker.chain(maker.genesis, 3);
    peer.status = { clock: BigInt(world.clock.now() + 10_000) };
    await peer.connectTo(node);
    await world.clock.advance(15);
    const view = viewOf();
    expect(view).toMatchObject({ height: 3, tip: peer.chain[2]?.id, work: peer.work(), roundTripMs: 10 });
    expect(view?.clockOffsetMs).toBeGreaterThan(9_900);
    expect(view?.clockOffsetMs).toBeLessThanOrEqual(10_000);
  });

  it('is repeated every fifteen seconds', async () => {
    countQuestions();
    await peer.connectTo(node);
    await world.clock.advance(60_000);
    expect(asked).toBe(5);
  });

  it('shows a chain that gossip lost', async () => {
    await peer.connectTo(node);
    await world.clock.advance(1_000);
    peer.chain = maker.chain(maker.genesis, 2);
    await world.clock.until(() => node.node.chain.tip.id === peer.chain[1]?.id, 'fetched', 16_000);
  });

  it('tells those who seem to know less a second after a new tip, and only them', async () => {
    const chain = maker.chain(maker.genesis, 2);
    const informed = await FakePeer.join(world, 'informed', chain);
    countQuestions();
    await peer.connectTo(node);
    await world.clock.advance(100);
    expect(asked).toBe(1);
    await informed.connectTo(node);
    await world.clock.until(() => node.node.chain.tip.height === 2, 'caught up', 5_000);
    await world.clock.advance(1_100);
    expect(asked).toBe(2);
    expect(node.network.requests).toBeGreaterThan(0);
  });

  it('goes to one of many peers each time, the one not heard of for longest', async () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 6; i++) {
      const other = await FakePeer.join(world, `other${i}`);
      const answer = other.answerStatus;
      other.bend('status', () => {
        counts.set(other.id, (counts.get(other.id) ?? 0) + 1);
        return answer();
      });
      await other.connectTo(node);
    }
    await world.clock.advance(5_000);
    const afterConnecting = new Map(counts);
    await world.clock.advance(90_000);
    const asks = [...counts].map(([id, count]) => count - (afterConnecting.get(id) ?? 0));
    expect(asks).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('asks the others too, though one refuses to answer', async () => {
    const mute = await FakePeer.join(world, 'mute');
    mute.bend('status', () => {
      throw new RequestRefused('busy', 'not now');
    });
    await mute.connectTo(node);
    await peer.connectTo(node);
    await world.clock.advance(1_000);
    countQuestions();
    await world.clock.advance(60_000);
    expect(asked).toBe(2);
  });

  it('leaves to gossip a block that follows the last one, but not for a peer that has only just come', async () => {
    await peer.connectTo(node);
    await world.clock.advance(11_000);
    countQuestions();
    await world.mine(node, 1);
    await world.clock.advance(2_000);
    expect(asked).toBe(0);
    const late = await FakePeer.join(world, 'late');
    let askedLate = 0;
    const answer = late.answerStatus;
    late.bend('status', () => {
      askedLate++;
      return answer();
    });
    await late.connectTo(node);
    await world.clock.advance(500);
    expect(askedLate).toBe(1);
    await world.mine(node, 1);
    await world.clock.advance(1_200);
    expect(askedLate).toBe(2);
  });

  it('is asked anew over a new connection though the old question still waits', async () => {
    let first = true;
    const answer = peer.answerStatus;
    peer.bend('status', async function* () {
      asked++;
      if (first) {
        first = false;
        await new Promise<void>((resolve) => world.clock.after(9_000, resolve));
      }
      yield* answer();
    });
    await peer.connectTo(node);
    await world.clock.advance(100);
    peer.network.hangUp(node.network.self, 'a hiccup');
    await peer.connectTo(node);
    await world.clock.until(() => viewOf()?.height === 0, 'known', 1_000);
    expect(asked).toBe(2);
  });
});

describe('a peer of another network', () => {
  it('is disconnected and refused, and the log says why', async () => {
    peer.status = { networkId: new Uint8Array(32).fill(7) };
    await peer.connectTo(node);
    await world.clock.advance(1_000);
    expect(node.network.isBanned(peer.id)).toBe(true);
    expect(node.node.peers()).toEqual([]);
    expect(eventsOf(node, 'peer.penalised')[0]?.offence).toContain('it is on network 0707');
  });
});

describe('a clock that is off', () => {
  it('is said once, however often it is told', async () => {
    let offset = 45_000;
    peer.bend('status', () => {
      offset = offset === 45_000 ? 20_000 : 45_000; // now more than healthy, now less
      peer.status = { clock: BigInt(world.clock.now() + offset) };
      return peer.answerStatus();
    });
    await peer.connectTo(node);
    await world.clock.advance(120_000);
    expect(eventsOf(node, 'peer.clock')).toMatchObject([{ peer: peer.id }]);
    expect(viewOf()?.score).toBe(0);
  });

  it('of half a minute is not worth a word', async () => {
    peer.status = { clock: BigInt(world.clock.now() + 29_000) };
    await peer.connectTo(node);
    await world.clock.advance(2_000);
    expect(eventsOf(node, 'peer.clock')).toEqual([]);
  });

  it('of a million years does no harm', async () => {
    peer.status = { clock: 2n ** 64n - 1n };
    await peer.connectTo(node);
    await world.clock.advance(2_000);
    expect(eventsOf(node, 'peer.clock')).toHaveLength(1);
    expect(node.failures).toEqual([]);
  });
});

describe('a status that makes no sense', () => {
  it('of a height no chain has costs score', async () => {
    peer.status = { height: 2n ** 60n };
    await peer.connectTo(node);
    await world.clock.advance(1_000);
    expect(viewOf()?.score).toBeGreaterThanOrEqual(49);
  });

  it.each([
    ['nothing', (): Uint8Array[] => []],
    ['a few bytes', (): Uint8Array[] => [new Uint8Array(5)]],
  ])('of %s costs score', async (_what, answer) => {
    peer.bend('status', answer);
    await peer.connectTo(node);
    await world.clock.advance(1_000);
    expect(viewOf()?.score).toBeGreaterThanOrEqual(49);
    expect(node.failures).toEqual([]);
  });
});

describe('resolve', () => {
  it('asks everybody and waits until what they have is here', async () => {
    await peer.connectTo(node);
    await world.clock.advance(1_000);
    peer.chain = maker.chain(maker.genesis, 400);
    const tip = peer.chain.at(-1) as CheckedBlock;
    const resolved = await world.wait(node.node.resolve(), 'resolved');
    expect(resolved).toEqual({ replaced: true, height: 400, tip: tip.id });
    expect(await world.wait(node.node.resolve(), 'resolved')).toMatchObject({ replaced: false, height: 400 });
  });

  it('joins a question that is under way', async () => {
    peer.chain = maker.chain(maker.genesis, 3);
    await peer.connectTo(node);
    expect(await world.wait(node.node.resolve(), 'resolved')).toMatchObject({ replaced: true, height: 3 });
  });

  it('takes a minute at most, though peers stall one after the other', async () => {
    const chain = maker.chain(maker.genesis, 100);
    for (let i = 0; i < 12; i++) {
      const stalling = await FakePeer.join(world, `stalling${i}`, chain);
      stalling.status = { work: 10n ** 9n + BigInt(i) };
      stalling.bend('headers', async function* () {
        await new Promise<never>(() => {});
      });
      await stalling.connectTo(node);
    }
    const startMs = world.clock.now();
    expect(await world.wait(node.node.resolve(), 'resolved')).toMatchObject({ replaced: false, height: 0 });
    expect(world.clock.now() - startMs).toBeLessThanOrEqual(60_000);
  });
});
