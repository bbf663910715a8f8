/** Peers that try to stop a node, to keep it busy, or to set honest peers against each other. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { encodeBlock } from '../../src/core/encoding.ts';
import { MAX_FUTURE_MS } from '../../src/core/header.ts';
import { HeadersType, MAX_HEADERS } from '../../src/node/wire.ts';
import { FakePeer, messageOf } from '../support/fake-peer.ts';
import { BlockMaker, payingNetwork, payment, testKey } from '../support/ledger.ts';
import { eventsOf, type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

let world: VirtualWorld;
let node: VirtualNode;
let maker: BlockMaker;

beforeEach(async () => {
  const definition = payingNetwork({ blockInterval: 100n });
  world = new VirtualWorld(definition);
  maker = new BlockMaker(definition);
  node = await world.start('node');
});

const headersOf = (chain: readonly CheckedBlock[]): Uint8Array =>
  HeadersType.serialize(chain.map(({ block }) => block.sealed));

const offencesOf = (name: string): string[] =>
  eventsOf(node, 'peer.penalised')
    .filter(({ peer }) => peer === name)
    .map(({ offence }) => offence.split(':')[0] ?? '');

async function expectItCatchesUpWith(chain: CheckedBlock[], limitMs = 30_000): Promise<void> {
  const good = await FakePeer.join(world, 'good', chain);
  await good.connectTo(node);
  await world.clock.until(() => node.node.chain.tip.id === chain.at(-1)?.id, 'caught up', limitMs);
  expect(node.failures).toEqual([]);
  expect(offencesOf('good')).toEqual([]);
}

describe('headers', () => {
  it('that do not follow each other cost score, and do not stop the node', async () => {
    const [a, b] = [maker.chain(maker.genesis, 3), maker.chain(maker.genesis, 3)];
    const liar = await FakePeer.join(world, 'liar', a);
    liar.bend('headers', () => [headersOf([a[0], b[1], b[2]] as CheckedBlock[])]);
    await liar.connectTo(node);
    await world.clock.advance(1_000);
    expect(node.failures).toEqual([]);
    expect(offencesOf('liar')).toEqual(['broken-promise']);
    await expectItCatchesUpWith(maker.chain(maker.genesis, 5));
  });

  it('of a full answer that is always the same do not hold the line for ever', async () => {
    const chain = maker.chain(maker.genesis, MAX_HEADERS);
    const answer = headersOf(chain);
    const liar = await FakePeer.join(world, 'liar', chain);
    liar.bend('headers', () => [answer]);
    liar.status = { work: 10n ** 9n };
    await liar.connectTo(node);
    await world.clock.advance(1_000);
    await expectItCatchesUpWith([...chain, ...maker.chain(chain.at(-1) as CheckedBlock, 5)], 10_000);
    expect(offencesOf('liar')).toContain('broken-promise');
  });

  it('not due yet excuse no claim that goes beyond them', async () => {
    const early = maker.block(maker.genesis, {
      timestamp: BigInt(world.clock.now() + MAX_FUTURE_MS + 5_000),
    });
    const liar = await FakePeer.join(world, 'liar', [early]);
    liar.status = { work: 10n ** 9n };
    await liar.connectTo(node);
    await world.clock.advance(1_000);
    expect(offencesOf('liar')).toEqual(['broken-promise']);
  });

  it('not due yet are no fault of a peer that claims no more than them', async () => {
    const early = maker.block(maker.genesis, {
      timestamp: BigInt(world.clock.now() + MAX_FUTURE_MS + 5_000),
    });
    const ahead = await FakePeer.join(world, 'ahead', [early]);
    await ahead.connectTo(node);
    await world.clock.advance(4_000);
    expect(offencesOf('ahead')).toEqual([]);
    await world.clock.until(() => node.node.chain.tip.id === early.id, 'taken when due', 30_000);
  });

  it('not due yet must keep the rules', async () => {
    const early = maker.block(maker.genesis, {
      timestamp: BigInt(world.clock.now() + MAX_FUTURE_MS + 5_000),
      header: { bits: 0x2100ffff },
    });
    const liar = await FakePeer.join(world, 'liar', [early]);
    await liar.connectTo(node);
    await world.clock.advance(1_000);
    expect(node.network.isBanned(liar.id)).toBe(true);
  });
});

describe('turns', () => {
  it('come in order: a peer with ever heavier claims waits for the others', async () => {
    const liar = await FakePeer.join(world, 'liar');
    let work = 10n ** 9n;
    liar.bend('headers', async function* () {
      await new Promise<void>((resolve) => world.clock.after(5_000, resolve));
      liar.status = { work: ++work };
      void liar.network.request(node.network.self, 'status', liar.answerStatus()[0] as Uint8Array, {
        deadlineMs: 1_000,
        maxChunks: 1,
        maxChunkBytes: 1_000,
      });
      await new Promise<void>((resolve) => world.clock.after(100, resolve));
      yield HeadersType.serialize([]);
    });
    liar.status = { work };
    await liar.connectTo(node);
    await world.clock.advance(100);
    await expectItCatchesUpWith(maker.chain(maker.genesis, 5), 7_000);
  });

  it('of hints do not keep the node from others either', async () => {
    const liar = await FakePeer.join(world, 'liar');
    const stray = maker.chain(maker.genesis, 2);
    liar.bend('headers', async function* () {
      const orphan = maker.block(maker.block(stray[1] as CheckedBlock));
      void liar.gossipSoon(orphan);
      await new Promise<void>((resolve) => world.clock.after(5_000, resolve));
      yield HeadersType.serialize([]);
    });
    await liar.connectTo(node);
    await liar.gossipBlock(stray[1] as CheckedBlock);
    await expectItCatchesUpWith(maker.chain(maker.genesis, 5), 12_000);
  });
});

describe('bodies', () => {
  it('of thousands of headers that are never given end the turn all the same', async () => {
    const header = { transactionsRoot: new Uint8Array(32).fill(1) };
    const liar = await FakePeer.join(
      world,
      'liar',
      maker.chain(maker.genesis, 2 * MAX_HEADERS + 1, { header }),
    );
    liar.bend('blocks', () => []);
    await liar.connectTo(node);
    await world.clock.advance(60_000);
    expect(node.network.isBanned(liar.id)).toBe(true);
    expect(node.node.syncProgress().state).toBe('idle');
    expect(node.failures).toEqual([]);
  }, 120_000);

  it('given only behind a gap nobody fills do not count as catching up for ever', async () => {
    const chain = maker.filled(maker.genesis, 300);
    const liar = await FakePeer.join(world, 'liar', chain);
    liar.bend('blocks', function* (request) {
      const first = Buffer.from(request.subarray(4, 36)).toString('hex');
      const at = chain.findIndex(({ id }) => id === first);
      if (at < 100) return;
      for (const { block } of chain.slice(at, at + (request.length - 4) / 32)) yield encodeBlock(block);
    });
    await liar.connectTo(node);
    await world.clock.advance(60_000);
    expect(node.node.chain.tip.height).toBe(0);
    expect(node.node.syncProgress().state).toBe('idle');
    node.node.mining.start();
    await world.clock.until(() => node.node.chain.tip.height > 0, 'it mines', 10_000);
    await world.wait(node.node.mining.stop(), 'stopped');
  });
});

describe('a bad block with proof of work', () => {
  /** Its header is good, so it is passed on before anybody knows. */
  function badBlock(): CheckedBlock {
    const overspend = payment(world.definition, { from: testKey(1), to: testKey(2).address, sequence: 0 });
    return maker.block(maker.genesis, { transactions: [overspend] });
  }

  it('does not part honest peers: who passes it on late could not know', async () => {
    const bad = badBlock();
    const mallory = await FakePeer.join(world, 'mallory');
    const honest = await FakePeer.join(world, 'honest');
    for (const peer of [mallory, honest]) await peer.connectTo(node);
    await mallory.gossip('block', messageOf(bad, 1, [0]));
    await honest.gossip('block', messageOf(bad, 2, [0]));
    expect(offencesOf('honest')).toEqual([]);
    expect(node.node.peers().map(({ id }) => id)).toContain(honest.id);
  });

  it('nor does one that follows it', async () => {
    const bad = badBlock();
    const honest = await FakePeer.join(world, 'honest');
    await honest.connectTo(node);
    await honest.gossipBlock(bad);
    await honest.gossipBlock(maker.block(bad));
    expect(offencesOf('honest')).toEqual([]);
    expect(node.node.peers().map(({ id }) => id)).toContain(honest.id);
  });
});
