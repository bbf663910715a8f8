/** Work is weighed: what is far below the tip is neither kept nor passed on, and what is withheld stops nobody. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { CheckedBlock } from '../../src/chain/records.ts';
import type { SignatureVerifier } from '../../src/node/ports.ts';
import { MAX_HEADERS } from '../../src/node/wire.ts';
import { FakePeer, messageOf } from '../support/fake-peer.ts';
import { BlockMaker, payingNetwork, payment, testKey } from '../support/ledger.ts';
import { eventsOf, type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

let world: VirtualWorld;
let node: VirtualNode;
let maker: BlockMaker;
let honest: FakePeer;
let chain: CheckedBlock[];

beforeEach(async () => {
  const definition = payingNetwork({ blockInterval: 100n });
  world = new VirtualWorld(definition);
  maker = new BlockMaker(definition);
  node = await world.start('node');
  chain = maker.filled(maker.genesis, 20);
  honest = await FakePeer.join(world, 'honest', chain);
  await honest.connectTo(node);
  await world.clock.until(() => node.node.chain.tip.id === chain.at(-1)?.id, 'caught up', 10_000);
});

const refused = () => eventsOf(node, 'block.refused').map(({ code }) => code);
const penalised = () => eventsOf(node, 'peer.penalised').map(({ offence, peer }) => `${peer}: ${offence}`);
const wait = (ms: number) => new Promise<void>((resolve) => world.clock.after(ms, resolve));

/** Breaks a rule of its own body: the signature of its only transaction is wrong. */
function badlySigned(parent: CheckedBlock, sequence: number): CheckedBlock {
  const forged = payment(world.definition, { from: testKey(77), to: testKey(2).address, sequence });
  forged.signed.signature.fill(1);
  return maker.block(parent, { transactions: [forged] });
}

describe('a block on an old parent', () => {
  it('is neither kept nor passed on nor fetched, and costs nobody', async () => {
    const sender = await FakePeer.join(world, 'sender');
    const other = await world.start('other');
    await sender.connectTo(node);
    await honest.connectTo(other);
    await world.clock.until(() => other.node.chain.tip.height === 20, 'caught up', 10_000);
    const kept = node.store.blocks.count();
    for (const old of maker.filled(maker.genesis, 3)) await sender.gossipBlock(old);
    await sender.gossipBlock(maker.block(chain[10] as CheckedBlock));
    await world.clock.advance(30_000);
    expect(node.store.blocks.count()).toBe(kept);
    expect(other.store.blocks.count()).toBe(kept);
    expect(sender.askedTransactions).toEqual([]);
    expect(sender.askedBodies).toEqual([]);
    expect(penalised()).toEqual([]);
  });

  it('that is near the tip is a fork like any other', async () => {
    const sender = await FakePeer.join(world, 'sender');
    await sender.connectTo(node);
    const beside = maker.block(chain[14] as CheckedBlock);
    await sender.gossipBlock(beside);
    expect(node.node.chain.byId(beside.id)?.status).toBe('body');
  });

  it('is brought by sync if its branch outweighs the chain', async () => {
    const branch = maker.chain(maker.genesis, 21);
    const heavier = await FakePeer.join(world, 'heavier', branch);
    await heavier.connectTo(node);
    await world.clock.until(() => node.node.chain.tip.id === branch.at(-1)?.id, 'reorganised', 30_000);
  });

  it('with bits easier than the limit is refused before it waits for a parent', async () => {
    const sender = await FakePeer.join(world, 'sender');
    await sender.connectTo(node);
    const stray = maker.block(maker.genesis);
    await sender.gossipBlock(maker.block(stray, { header: { bits: 0x2100ffff } }));
    expect(refused()).toEqual(['wrong-bits']);
    expect(node.node.sizes().orphans).toBe(0);
    expect(sender.headerRequests).toBe(0);
    expect(node.network.isBanned(sender.id)).toBe(true);
  });
});

describe('a bad block', () => {
  it('hidden in a side branch costs nothing to a peer whose status is older than the branch', async () => {
    const relayer = await FakePeer.join(world, 'relayer');
    await relayer.connectTo(node);
    const overspend = payment(world.definition, { from: testKey(1), to: testKey(2).address, sequence: 0 });
    const side = maker.block(chain[18] as CheckedBlock, { transactions: [overspend] });
    await relayer.gossipBlock(side);
    expect(node.node.peers().find(({ id }) => id === relayer.id)?.tip).toBe(side.id);
    await relayer.gossipBlock(maker.block(side));
    expect(node.node.chain.byId(side.id)?.status).toBe('invalid');
    expect(penalised()).toEqual([]);
  });

  it('on a block still on its way costs the peer that passes it on nothing', async () => {
    const [parent] = maker.filled(chain.at(-1) as CheckedBlock, 1) as [CheckedBlock];
    const mallory = await FakePeer.join(world, 'mallory');
    mallory.bend('block-transactions', async function* () {
      await wait(60_000);
      yield new Uint8Array(0);
    });
    await mallory.connectTo(node);
    await mallory.gossipBlock(parent);
    await honest.gossip('block', messageOf(badlySigned(parent, 21), 0, [0]));
    expect(refused()).toEqual(['invalid-signature']);
    expect(penalised()).toEqual([]);
  });

  it('that sync finds bad before the gossiped one is checked costs its relayer nothing', async () => {
    let calls = 0;
    const verifier: SignatureVerifier = {
      verify: async (checks) => {
        if (calls++ === 0) await wait(3_000);
        return checks.map(() => false);
      },
    };
    const late = await world.start('late', { verifier });
    const bad = badlySigned(maker.genesis, 0);
    const relayer = await FakePeer.join(world, 'relayer');
    const server = await FakePeer.join(world, 'server', [bad]);
    await relayer.connectTo(late);
    await relayer.gossip('block', messageOf(bad, 0, [0]));
    await server.connectTo(late);
    await world.clock.advance(5_000);
    expect(late.node.chain.byId(bad.id)?.status).toBe('invalid');
    expect(new Set(eventsOf(late, 'peer.penalised').map(({ peer }) => peer))).toEqual(new Set([server.id]));
    expect(late.failures).toEqual([]);
  });

  it('that gossip and sync bring at once does not stop the node', async () => {
    const bad = badlySigned(chain.at(-1) as CheckedBlock, 20);
    const teller = await FakePeer.join(world, 'teller');
    const server = await FakePeer.join(world, 'server', [...chain, bad, maker.block(bad)]);
    teller.bend('block-transactions', async function* (request) {
      await wait(3_000);
      yield* teller.answerTransactions(request);
    });
    await teller.connectTo(node);
    await teller.gossipBlock(bad);
    await server.connectTo(node);
    await world.clock.advance(20_000);
    expect(node.failures).toEqual([]);
    expect(node.node.chain.byId(bad.id)?.status).toBe('invalid');
    expect(node.network.isBanned(server.id)).toBe(true);
    expect(node.node.chain.tip.id).toBe(chain.at(-1)?.id);
  });

  it.each([1, 12])('costs the peers that pass it on nothing, if %i of them come', async (count) => {
    for (let i = 0; i < count; i++) {
      const bad = badlySigned(chain.at(-1) as CheckedBlock, 20);
      await honest.gossip('block', messageOf(bad, i, [0]));
    }
    expect(refused()).toEqual(Array(count).fill('invalid-signature'));
    expect(penalised()).toEqual([]);
  });

  it('hidden in a side branch costs nothing to the peers that passed the branch on', async () => {
    const overspend = payment(world.definition, { from: testKey(1), to: testKey(2).address, sequence: 0 });
    const side = maker.block(chain[18] as CheckedBlock, { transactions: [overspend] });
    const [second, third] = maker.chain(side, 2) as [CheckedBlock, CheckedBlock];
    for (const block of [side, second, third]) await honest.gossipBlock(block);
    expect(refused()).toContain('insufficient-balance');
    expect(node.node.chain.byId(side.id)?.status).toBe('invalid');
    expect(penalised()).toEqual([]);
    expect(node.node.chain.tip.id).toBe(chain.at(-1)?.id);
  });

  it('costs a peer that says its chain has it the connection', async () => {
    const overspend = payment(world.definition, { from: testKey(1), to: testKey(2).address, sequence: 0 });
    const side = maker.block(chain.at(-1) as CheckedBlock, { transactions: [overspend] });
    const liar = await FakePeer.join(world, 'liar', [...chain, side]);
    await liar.connectTo(node);
    await world.clock.until(() => node.network.isBanned(liar.id), 'banned', 10_000);
  });
});

describe('headers whose blocks are never given', () => {
  it('cost the peer that gave them the connection, and others nothing', async () => {
    const withheld = maker.filled(chain.at(-1) as CheckedBlock, 2);
    const liar = await FakePeer.join(world, 'liar', [...chain, ...withheld]);
    liar.bend('blocks', () => []);
    await liar.connectTo(node);
    await world.clock.until(() => node.network.isBanned(liar.id), 'banned', 30_000);
    expect(penalised().every((line) => line.startsWith('liar: broken-promise'))).toBe(true);
  });

  it('given under another tip cost it, too', async () => {
    const withheld = maker.filled(chain.at(-1) as CheckedBlock, 2);
    const liar = await FakePeer.join(world, 'liar', [...chain, ...withheld]);
    liar.status = { tip: new Uint8Array(32).fill(7), work: liar.work() };
    liar.bend('blocks', () => []);
    await liar.connectTo(node);
    await world.clock.until(() => node.network.isBanned(liar.id), 'banned', 30_000);
  });

  it('are no fault of a peer on another branch that was asked for them, though that branch is the best meanwhile', async () => {
    const branch = maker.filled(chain.at(-1) as CheckedBlock, 10);
    const ours = maker.filled(chain.at(-1) as CheckedBlock, 11);
    const withholding = await FakePeer.join(world, 'withholding', [...chain, ...branch]);
    withholding.bend('blocks', () => []);
    const other = await FakePeer.join(world, 'other', [...chain, ...ours]);
    const own = new Set(ours.map(({ id }) => id as string));
    other.bend('headers', async function* (request) {
      await wait(1_500);
      yield* other.answerHeaders(request);
    });
    other.bend('blocks', async function* (request) {
      const blocks = [...other.answerBlocks(request)];
      if (!own.has(other.askedBodies.at(-1) as string)) await wait(2_500);
      yield* blocks;
    });
    await withholding.connectTo(node);
    await other.connectTo(node);
    await world.clock.until(() => node.node.chain.tip.id === ours.at(-1)?.id, 'caught up', 30_000);
    await world.clock.advance(5_000);
    expect(penalised().filter((line) => line.startsWith('other'))).toEqual([]);
  });
});

describe('a walk through headers', () => {
  it.each([
    ['one that feeds', 1, 12_000],
    ['as many as there are turns that feed', 4, 20_000],
  ])(
    'of %s them slowly does not keep the node from others',
    async (_, feeders, withinMs) => {
      const newcomer = await world.start('newcomer');
      const easy = maker.chain(maker.genesis, 2 * MAX_HEADERS);
      for (let number = 0; number < feeders; number++) {
        const feeder = await FakePeer.join(world, `feeder${number}`, easy);
        feeder.status = { work: 10n ** 9n };
        feeder.bend('headers', async function* (request) {
          await wait(13_000);
          yield* feeder.answerHeaders(request);
        });
        await feeder.connectTo(newcomer);
      }
      const good = await FakePeer.join(world, 'good', maker.chain(maker.genesis, 2 * MAX_HEADERS + 100));
      await good.connectTo(newcomer);
      const isHere = () => newcomer.node.chain.tip.id === good.chain.at(-1)?.id;
      await world.clock.until(isHere, 'caught up', withinMs);
    },
    120_000,
  );

  it('starts anew, at no cost, when the peer reorganises between two answers', async () => {
    const ours = maker.chain(maker.genesis, MAX_HEADERS + 50);
    const good = await FakePeer.join(world, 'good', ours);
    const late = await world.start('late');
    await good.connectTo(late);
    await world.clock.until(() => late.node.chain.tip.id === ours.at(-1)?.id, 'caught up', 60_000);
    const before = maker.chain(maker.genesis, MAX_HEADERS + 100);
    const after = [...before.slice(0, 500), ...maker.chain(before[499] as CheckedBlock, MAX_HEADERS)];
    const moving = await FakePeer.join(world, 'moving', before);
    let answers = 0;
    moving.bend('headers', (request) => {
      if (answers++ === 1) moving.chain = after;
      return moving.answerHeaders(request);
    });
    await moving.connectTo(late);
    await world.clock.until(() => late.node.chain.tip.id === after.at(-1)?.id, 'caught up', 120_000);
    expect(eventsOf(late, 'peer.penalised')).toEqual([]);
    expect(late.failures).toEqual([]);
  }, 120_000);
});
