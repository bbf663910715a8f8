/** A node whose tip makes a long move: blocks wait, and everything else goes on. */
import { describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { encodeBlock } from '../../src/core/encoding.ts';
import { RuleError } from '../../src/core/errors.ts';
import { type AddedBlocks, BlockQueue } from '../../src/node/block-queue.ts';
import type { PeerId } from '../../src/node/ports.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { TINY_STEPS } from '../support/chain-contents.ts';
import { messageOf } from '../support/fake-peer.ts';
import { BlockMaker, payment, testKey, testNetwork } from '../support/ledger.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { eventsOf, type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

/** More empty blocks than one commit moves the tip over. */
const LONG = 600;

const network = testNetwork();

function queueOn(store = new MemoryStore()) {
  const chain = Chain.open(network, store, TINY_STEPS);
  const clock = new VirtualClock();
  let turns = 0;
  const queue = new BlockQueue({ chain, clock, onTurn: () => void turns++ });
  return { chain, clock, queue, store, turns: () => turns };
}

async function settled<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let done = false;
  work
    .finally(() => {
      done = true;
    })
    .catch(() => {});
  await clock.until(() => done, 'it is through');
  return work;
}

describe('blocks on their way into the chain', () => {
  it('wait for the long move before them, in order, and nobody sees it half way', async () => {
    const { chain, clock, queue, turns } = queueOn();
    const blocks = new BlockMaker(network).chain(new BlockMaker(network).genesis, 3);
    const order: string[] = [];
    const adding = blocks.map(async (block) => {
      const result = (await queue.add([block], 'full'))?.results[0];
      order.push(`${result?.kind} ${block.block.sealed.header.height}`);
      // Each is told of before the next one's turn is over.
      expect(chain.tip.height).toBeGreaterThanOrEqual(Number(block.block.sealed.header.height));
    });
    await settled(clock, Promise.all(adding));
    expect(order).toEqual(['connected 1', 'connected 2', 'connected 3']);
    expect(turns()).toBeGreaterThan(6);
  });

  it('are refused to whoever brought them, and those behind have their turn', async () => {
    const { chain, clock, queue } = queueOn();
    const maker = new BlockMaker(network);
    const poor = payment(network, { from: testKey(1), to: testKey(2).address, sequence: 0 });
    const bad = maker.block(maker.genesis, { transactions: [poor] });
    const good = maker.block(maker.genesis);
    const refused = queue.add([bad], 'full');
    const added = queue.add([good], 'full');
    expect((await settled(clock, refused))?.refused).toBeInstanceOf(RuleError);
    expect((await settled(clock, added))?.results[0]?.kind).toBe('connected');
    expect(chain.tip.id).toBe(good.id);
  });

  it('stay outside when the node stops, and the next start ends what was begun', async () => {
    const { clock, queue, store } = queueOn();
    const maker = new BlockMaker(network);
    const [first, second] = maker.chain(maker.genesis, 2) as [CheckedBlock, CheckedBlock];
    const results: (AddedBlocks | undefined)[] = [];
    const work = [first, second].map(async (block) => results.push(await queue.add([block], 'full')));
    queue.stop();
    await settled(clock, Promise.all(work));
    expect(results).toEqual([undefined, undefined]);

    const next = queueOn(store);
    expect(next.chain.tip.height).toBe(0);
    await settled(next.clock, next.queue.add([], 'full'));
    expect(next.chain.tip.id).toBe(first.id);
  });
});

describe('blocks of peers, while a long move is under way', () => {
  const MEBIBYTE = 1_024 * 1_024;

  it('wait as far as there is room, with a share for each peer', async () => {
    const { clock, queue } = queueOn();
    const maker = new BlockMaker(network);
    const first = queue.add([maker.block(maker.genesis)], 'full');
    const add = (peer: string, mebibytes: number) =>
      queue.addFrom(peer as PeerId, maker.block(maker.genesis), mebibytes * MEBIBYTE);
    const kinds = async (adding: readonly Promise<AddedBlocks | undefined>[]) =>
      (await settled(clock, Promise.all(adding))).map((added) => added?.results[0]?.kind);
    const ofOne = [add('one', 6), add('one', 2), add('one', 1)];
    const ofOthers = ['two', 'three', 'four', 'five'].map((peer) => add(peer, 8));
    const own = queue.add([maker.block(maker.genesis)], 'full');
    expect(await kinds(ofOne)).toEqual(['stored', 'stored', undefined]);
    expect(await kinds(ofOthers)).toEqual(['stored', 'stored', 'stored', undefined]);
    expect(await kinds([first, own])).toEqual(['connected', 'stored']);
    // And there is room again.
    expect(await kinds([add('one', 8), add('five', 8)])).toEqual(['stored', 'stored']);
  });

  it('take no more than the share of their sender, whole bodies counted', async () => {
    const key = testKey(1);
    const world = new VirtualWorld(
      testNetwork({ allocations: [{ address: key.publicKey, amount: 10n ** 12n }] }),
    );
    const [a, b] = [await world.start('a'), await world.start('b')];
    await world.mine(a, LONG);
    await world.mine(b, LONG + 10);
    const large = Array.from({ length: 850 }, (_, sequence) =>
      payment(world.definition, {
        ...{ from: key, to: testKey(2).address, sequence },
        ...{ fee: 10n ** 6n, data: new Uint8Array(1_000) },
      }),
    );
    for (const checked of large) a.node.pool.add(checked);
    const maker = new BlockMaker(world.definition);
    const last = [...a.node.chain.blocksFrom(LONG - 1, 2)].map((record) => {
      const block = a.node.chain.block(record);
      return maker.adopt(block as NonNullable<typeof block>);
    });
    const sibling = () => maker.block(last[1] as CheckedBlock, { transactions: large });
    const { byteLength } = encodeBlock(sibling().block);
    const share = Math.floor((8 * MEBIBYTE) / byteLength);
    const greedy = Array.from({ length: share + 3 }, sibling);
    const other = sibling();
    world.hub.introduceAll();
    await world.clock.until(() => a.node.chain.isMoving, 'a long move');
    for (const block of greedy) void a.network.receive('greedy' as PeerId, 'block', messageOf(block));
    void a.network.receive('other' as PeerId, 'block', messageOf(other));
    await world.converge([a, b]);
    await world.clock.until(() => a.node.sizes().completing === 0, 'all are through');
    const accepted = eventsOf(a, 'block.accepted').filter(({ source }) => source === 'gossip');
    expect(accepted.filter(({ from }) => from === 'greedy')).toHaveLength(share);
    expect(accepted.filter(({ from }) => from === 'other')).toHaveLength(1);
    expect(eventsOf(a, 'peer.penalised')).toEqual([]);
    expect(a.failures).toEqual([]);
  });
});

describe('two nodes that mined apart for long', () => {
  it('end on the longer chain in one reorganisation, with every transaction of the other waiting again', async () => {
    const world = new VirtualWorld(testNetwork());
    const [a, b] = (await world.startConnected('a', 'b')) as [VirtualNode, VirtualNode];
    world.hub.cut([a.network], [b.network]);
    await world.mine(a, LONG);
    const paid = payment(world.definition, { from: a.key, to: testKey(7).address, sequence: 0 });
    await world.wait(a.node.submit([paid.signed]), 'submitted');
    await world.mine(a, 1);
    await world.mine(b, LONG + 10);
    let moving = 0;
    const ends = a.node.subscribe(() => {
      if (a.node.chain.isMoving) moving++;
    });
    world.hub.heal();
    await world.converge([a, b]);
    ends();
    expect(eventsOf(a, 'chain.reorganised')).toMatchObject([
      { depth: LONG + 1, height: LONG + 10, forkHeight: 0 },
    ]);
    expect(moving).toBeGreaterThan(0);
    await world.clock.until(() => !a.node.chain.isMoving, 'settled');
    // Its sender has nothing on this chain.
    expect(a.node.chain.account(a.key.address).balance).toBe(0n);
    expect(a.node.pool.has(paid.id)).toBe(false);
    await world.mine(a, 1);
    await world.converge([a, b]);
    expect([a, b].map(({ failures }) => failures)).toEqual([[], []]);
  });

  it('and a node that is killed on the way gets there when it starts again', async () => {
    const world = new VirtualWorld(testNetwork());
    const store = new MemoryStore();
    const b = await world.start('b');
    await world.mine(b, LONG + 10);
    const a = await world.start('a', { store });
    await world.mine(a, LONG);
    world.hub.introduceAll();
    await world.clock.until(() => a.node.chain.isMoving, 'a long move');
    const { height } = a.node.chain.tip;
    expect(height).toBe(LONG);
    world.hub.cut([a.network], [b.network]);
    await world.wait(a.node.stop(), 'stopped');
    const again = await world.start('again', { store });
    await world.clock.until(() => again.node.chain.tip.height > LONG, 'caught up alone');
    expect(eventsOf(again, 'chain.reorganised')).toHaveLength(1);
    expect(again.failures).toEqual([]);
  });
});
