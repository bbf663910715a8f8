import { describe, expect, it } from 'vitest';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { encodeBlock } from '../../src/core/encoding.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import type { PeerId } from '../../src/node/ports.ts';
import { BlocksRequestType, HeadersType, MAX_HEADERS } from '../../src/node/wire.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { asChecked, BlockMaker, payingNetwork, payment, testKey } from '../support/ledger.ts';
import { eventsOf, type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

const never = (): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
});

interface Setting {
  readonly world: VirtualWorld;
  readonly maker: BlockMaker;
  readonly late: VirtualNode;
}

async function setUp(): Promise<Setting> {
  // Short intervals, so that even a long chain is not ahead of the clock.
  const definition = payingNetwork({ blockInterval: 100n });
  const world = new VirtualWorld(definition);
  return { world, maker: new BlockMaker(definition), late: await world.start('late') };
}

const atTipOf = (node: VirtualNode, chain: readonly CheckedBlock[]) => (): boolean =>
  node.node.chain.tip.id === chain.at(-1)?.id;

describe('a node that joins late', () => {
  it('gets 2,500 blocks by headers first, bodies from several peers at once', async () => {
    const { world, maker, late } = await setUp();
    const chain = maker.filled(maker.genesis, 2_500);
    const peers = [];
    for (const name of ['p1', 'p2', 'p3']) peers.push(await FakePeer.join(world, name, chain));
    for (const peer of peers) await peer.connectTo(late);
    await world.clock.until(atTipOf(late, chain), 'caught up');
    expect(late.node.chain.tip.height).toBe(2_500);
    expect(peers.reduce((sum, peer) => sum + peer.headerRequests, 0)).toBeLessThanOrEqual(
      2_500 / MAX_HEADERS + 4,
    );
    const asked = peers.map((peer) => peer.askedBodies.length);
    expect(asked.reduce((a, b) => a + b)).toBe(2_500);
    for (const count of asked) expect(count).toBeGreaterThan(250);
    expect(eventsOf(late, 'peer.penalised')).toEqual([]);
    expect(late.failures).toEqual([]);
    expect(late.node.syncProgress()).toEqual({ state: 'idle', height: 2_500, targetHeight: 2_500 });
  });

  it('takes up where it was when its only peer goes and another comes', async () => {
    const { world, maker, late } = await setUp();
    const chain = maker.filled(maker.genesis, 600);
    const first = await FakePeer.join(world, 'first', chain);
    let served = 0;
    first.bend('blocks', function* (request) {
      for (const id of BlocksRequestType.deserialize(request).ids.map(bytesToHex)) {
        if (served++ > 300) return;
        const found = chain.find((block) => block.id === id);
        if (found !== undefined) yield encodeBlock(found.block);
      }
    });
    await first.connectTo(late);
    await world.clock.until(() => late.node.chain.tip.height > 200, 'on the way');
    first.network.hangUp(late.network.self, 'gone');
    const second = await FakePeer.join(world, 'second', chain);
    await second.connectTo(late);
    await world.clock.until(atTipOf(late, chain), 'caught up');
    expect(second.askedBodies.length).toBeLessThan(400);
  });
});

describe('bodies that came before an earlier one', () => {
  it('are connected when gossip brings the earlier ones', async () => {
    const { world, maker, late } = await setUp();
    const chain = maker.filled(maker.genesis, 40);
    const peers = [await FakePeer.join(world, 'first', chain), await FakePeer.join(world, 'second', chain)];
    // The first is asked for the blocks from the first on, and gives none.
    const missing: string[] = [];
    for (const peer of peers) {
      peer.bend('blocks', (request) => {
        const ids = BlocksRequestType.deserialize(request).ids.map(bytesToHex);
        if (!ids.includes(`${chain[0]?.id}`))
          return ids.map((id) => encodeBlock((chain.find((block) => block.id === id) as CheckedBlock).block));
        missing.push(...ids);
        return never();
      });
      await peer.connectTo(late);
    }
    await world.clock.advance(1_000);
    expect(late.node.chain.tip.height).toBe(0);
    for (const block of chain.slice(0, new Set(missing).size)) {
      await (peers[0] as FakePeer).gossipSoon(block);
      // Only so many are completed at once.
      await world.clock.advance(20);
    }
    await world.clock.until(atTipOf(late, chain), 'all connected', 3_000);
  });
});

describe('a peer that stalls', () => {
  it('with headers: another is asked', async () => {
    const { world, maker, late } = await setUp();
    const chain = maker.chain(maker.genesis, 50);
    const stalling = await FakePeer.join(world, 'stalling', chain);
    stalling.bend('headers', never);
    stalling.status = { work: 10n ** 9n };
    await stalling.connectTo(late);
    await world.clock.advance(2_000);
    const good = await FakePeer.join(world, 'good', chain);
    await good.connectTo(late);
    await world.clock.until(atTipOf(late, chain), 'caught up', 60_000);
    await world.clock.until(() => eventsOf(late, 'peer.penalised').length > 0, 'it pays', 20_000);
    expect(eventsOf(late, 'peer.penalised').every(({ peer }) => peer === stalling.id)).toBe(true);
  });

  it('with bodies: they are fetched from another, and it pays', async () => {
    const { world, maker, late } = await setUp();
    const chain = maker.filled(maker.genesis, 500);
    const stalling = await FakePeer.join(world, 'stalling', chain);
    stalling.bend('blocks', never);
    await stalling.connectTo(late);
    await world.clock.advance(1_000);
    const good = await FakePeer.join(world, 'good', chain);
    await good.connectTo(late);
    await world.clock.until(atTipOf(late, chain), 'caught up', 60_000);
    const scoreOf = (id: PeerId) => late.node.peers().find((peer) => peer.id === id)?.score ?? 0;
    await world.clock.until(() => scoreOf(stalling.id) > 0, 'it pays', 20_000);
    expect(scoreOf(good.id)).toBe(0);
  });

  it('and stalls: it loses the connection', async () => {
    const { world, maker, late } = await setUp();
    const stalling = await FakePeer.join(world, 'stalling', maker.filled(maker.genesis, 500));
    stalling.bend('blocks', never);
    await stalling.connectTo(late);
    await world.clock.until(() => late.network.isBanned(stalling.id), 'refused', 90_000);
  });

  it('because it is behind a cut cable is welcome again: eight cuts in the midst of catching up', async () => {
    const { world, maker, late } = await setUp();
    const chain = maker.filled(maker.genesis, 900);
    const honest = await FakePeer.join(world, 'honest', chain);
    for (let cut = 0; cut < 8; cut++) {
      honest.bend('blocks', never); // bytes under way are lost
      await honest.connectTo(late);
      await world.clock.advance(16_000); // until the silence is noticed
      honest.network.hangUp(late.network.self, 'it fell silent');
    }
    expect(late.network.isBanned(honest.id)).toBe(false);
    const healed = await FakePeer.join(world, 'healed', chain);
    await healed.connectTo(late);
    await world.clock.until(atTipOf(late, chain), 'caught up', 60_000);
  });
});

describe('a peer that lies', () => {
  it('with another block than the one asked for: it pays, and nothing of it is kept', async () => {
    const { world, maker, late } = await setUp();
    const chain = maker.filled(maker.genesis, 3);
    const [first] = chain as [CheckedBlock];
    const paid = payment(world.definition, { from: testKey(77), to: testKey(2).address, sequence: 0 });
    const other = maker.block(maker.genesis, { transactions: [paid] });
    const liar = await FakePeer.join(world, 'liar', chain);
    liar.bend('blocks', () => [encodeBlock(other.block)]);
    await liar.connectTo(late);
    await world.clock.advance(1_000);
    const offences = eventsOf(late, 'peer.penalised').map(({ offence }) => offence.split(':')[0]);
    expect(offences).toEqual(['broken-promise']);
    expect(late.node.chain.tip.height).toBe(0);
    const good = await FakePeer.join(world, 'good', chain);
    await good.connectTo(late);
    await world.clock.until(atTipOf(late, chain), 'caught up');
    const record = late.node.chain.byId(first.id);
    expect(record && late.node.chain.blockBytes(record)).toEqual(encodeBlock(first.block));
    expect(late.failures).toEqual([]);
  });

  it('with bodies it promised and withholds: it is dropped, another gives them', async () => {
    const { world, maker, late } = await setUp();
    const chain = maker.filled(maker.genesis, 100);
    const withholding = await FakePeer.join(world, 'withholding', chain);
    withholding.bend('blocks', () => []);
    await withholding.connectTo(late);
    await world.clock.advance(3_000);
    const good = await FakePeer.join(world, 'good', chain);
    await good.connectTo(late);
    await world.clock.until(atTipOf(late, chain), 'caught up', 60_000);
  });

  it('with withheld bodies alone: the node keeps its own tip, and mines on it', async () => {
    const { world, maker, late } = await setUp();
    const withholding = await FakePeer.join(world, 'withholding', maker.filled(maker.genesis, 100));
    withholding.bend('blocks', () => []);
    await withholding.connectTo(late);
    await world.clock.advance(60_000);
    expect(late.network.isBanned(withholding.id)).toBe(true);
    late.node.mining.start();
    await world.clock.until(() => late.node.chain.tip.height >= 3, 'it mines', 60_000);
    await world.wait(late.node.mining.stop(), 'stopped');
  });

  it('about its work: headers that show none of it cost score, and it is not asked for ever', async () => {
    const { world, maker, late } = await setUp();
    const liar = await FakePeer.join(world, 'liar', maker.chain(maker.genesis, 2));
    liar.status = { work: 2n ** 200n, height: 10n ** 6n };
    await liar.connectTo(late);
    await world.clock.advance(10 * 60_000);
    expect(late.network.isBanned(liar.id) || liar.headerRequests < 100).toBe(true);
    expect(eventsOf(late, 'peer.penalised').some(({ offence }) => offence.startsWith('broken-promise'))).toBe(
      true,
    );
    expect(late.node.chain.tip.height).toBe(2);
  });

  it('with a header that breaks a rule: nothing of it is kept, and another chain is taken', async () => {
    const { world, maker, late } = await setUp();
    const chain = maker.chain(maker.genesis, 20);
    const bad = maker.block(chain[9] as CheckedBlock, { header: { bits: 0x2100ffff } });
    const liar = await FakePeer.join(world, 'liar', [
      ...chain.slice(0, 10),
      bad,
      ...maker.chain(bad, 20, { header: { bits: 0x2100ffff } }),
    ]);
    await liar.connectTo(late);
    await world.clock.advance(1_000);
    expect(late.network.isBanned(liar.id)).toBe(true);
    const good = await FakePeer.join(world, 'good', chain);
    await good.connectTo(late);
    await world.clock.until(atTipOf(late, chain), 'caught up', 60_000);
    expect(late.node.chain.byId(bad.id)).toBeUndefined();
  });

  it('with a body that breaks a rule deep in a heavier chain: the old tip stands, the branch is remembered', async () => {
    const { world, maker, late } = await setUp();
    const honest = maker.chain(maker.genesis, 30);
    const good = await FakePeer.join(world, 'good', honest);
    await good.connectTo(late);
    await world.clock.until(atTipOf(late, honest), 'caught up');
    const overspend = payment(world.definition, { from: testKey(1), to: testKey(2).address, sequence: 0 });
    const fork = maker.chain(honest[9] as CheckedBlock, 10);
    const bad = maker.block(fork.at(-1) as CheckedBlock, { transactions: [overspend] });
    const branch = [...honest.slice(0, 10), ...fork, bad, ...maker.chain(bad, 30)];
    const liar = await FakePeer.join(world, 'liar', branch);
    await liar.connectTo(late);
    await world.clock.advance(20_000);
    expect(late.node.chain.tip.id).toBe(honest.at(-1)?.id);
    expect(late.network.isBanned(liar.id)).toBe(true);
    expect(late.network.isBanned(good.id)).toBe(false);
    expect(late.node.chain.byId(bad.id)?.status).toBe('invalid');
    expect(late.node.chain.byId(branch.at(-1)?.id ?? bad.id)?.status).toBe('invalid');
    expect(eventsOf(late, 'block.refused').map(({ code }) => code)).toContain('insufficient-balance');
    good.chain = [...honest, maker.block(honest.at(-1) as CheckedBlock)];
    await good.gossipBlock(good.chain.at(-1) as CheckedBlock);
    expect(late.node.chain.tip.height).toBe(31);
  });

  it('with another body than the header’s: the block itself stays welcome', async () => {
    const { world, maker, late } = await setUp();
    const chain = maker.filled(maker.genesis, 5);
    const liar = await FakePeer.join(world, 'liar', chain);
    const stray = payment(world.definition, { from: testKey(1), to: testKey(2).address, sequence: 0 });
    liar.bend('blocks', function* () {
      const { block } = chain[0] as CheckedBlock;
      yield encodeBlock(asChecked({ ...block, transactions: [stray.signed] }).block);
    });
    await liar.connectTo(late);
    await world.clock.advance(1_000);
    expect(late.network.isBanned(liar.id)).toBe(true);
    const good = await FakePeer.join(world, 'good', chain);
    await good.connectTo(late);
    await world.clock.until(atTipOf(late, chain), 'caught up');
  });

  it('with garbage instead of headers or blocks: it pays, and another gives them', async () => {
    const { world, maker, late } = await setUp();
    const chain = maker.chain(maker.genesis, 5);
    const liar = await FakePeer.join(world, 'liar', chain);
    liar.bend('headers', () => [new Uint8Array(1_000).fill(9)]);
    await liar.connectTo(late);
    const good = await FakePeer.join(world, 'good', chain);
    await good.connectTo(late);
    await world.clock.until(atTipOf(late, chain), 'caught up');
    expect(eventsOf(late, 'peer.penalised').map(({ offence }) => offence.split(':')[0])).toContain(
      'malformed-message',
    );
    expect(late.failures).toEqual([]);
  });

  it('with many easy headers that never outweigh ours: none of them is stored', async () => {
    const { world, maker, late } = await setUp();
    const honest = maker.chain(maker.genesis, 300);
    const good = await FakePeer.join(world, 'good', honest);
    await good.connectTo(late);
    await world.clock.until(atTipOf(late, honest), 'caught up');
    const before = late.store.blocks.count();
    const liar = await FakePeer.join(world, 'liar', maker.chain(maker.genesis, 250));
    liar.status = { work: 10n ** 6n };
    await liar.connectTo(late);
    await world.clock.advance(60_000);
    expect(late.store.blocks.count()).toBe(before);
  });
});

describe('a long chain that takes many headers to outweigh ours', () => {
  it('is walked twice: checked first, then kept', async () => {
    const { world, maker, late } = await setUp();
    const ours = maker.chain(maker.genesis, 22_100);
    const good = await FakePeer.join(world, 'good', ours);
    await good.connectTo(late);
    await world.clock.until(atTipOf(late, ours), 'caught up');
    const theirs = maker.chain(maker.genesis, 22_200);
    const heavier = await FakePeer.join(world, 'heavier', theirs);
    await heavier.connectTo(late);
    await world.clock.until(atTipOf(late, theirs), 'caught up with the heavier', 600_000);
    expect(heavier.headerRequests).toBeGreaterThan(20);
    expect(late.network.isBanned(heavier.id)).toBe(false);
  }, 120_000);

  it('and a peer that tells another chain the second time is dropped with nothing kept beyond one answer', async () => {
    const { world, maker, late } = await setUp();
    const ours = maker.chain(maker.genesis, 20_100);
    const good = await FakePeer.join(world, 'good', ours);
    await good.connectTo(late);
    await world.clock.until(atTipOf(late, ours), 'caught up');
    const before = late.store.blocks.count();
    const theirs = maker.chain(maker.genesis, 20_500);
    const liar = await FakePeer.join(world, 'liar', theirs);
    const other = maker.chain(maker.genesis, MAX_HEADERS).map(({ block }) => block.sealed);
    const { bend } = liar;
    let answers = 0;
    const answersAWalk = Math.ceil(theirs.length / MAX_HEADERS) + 1;
    bend.call(liar, 'headers', () => {
      const from = (answers % answersAWalk) * MAX_HEADERS;
      answers++;
      const isFirstWalk = from < theirs.length;
      return [
        HeadersType.serialize(
          isFirstWalk ? theirs.slice(from, from + MAX_HEADERS).map(({ block }) => block.sealed) : other,
        ),
      ];
    });
    await liar.connectTo(late);
    await world.clock.advance(60_000);
    expect(late.store.blocks.count()).toBe(before);
    expect(
      eventsOf(late, 'peer.penalised').some(({ offence }) => offence.includes('it tells other headers')),
    ).toBe(true);
  }, 120_000);
});
