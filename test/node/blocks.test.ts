import { beforeEach, describe, expect, it } from 'vitest';
import type { CheckedBlock, CheckedTransaction } from '../../src/chain/records.ts';
import { MAX_FUTURE_MS } from '../../src/core/header.ts';
import type { Header } from '../../src/core/types.ts';
import { FakePeer, messageOf } from '../support/fake-peer.ts';
import {
  asChecked,
  BlockMaker,
  type PaymentFields,
  payment,
  testKey,
  testNetwork,
} from '../support/ledger.ts';
import { eventsOf, type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

/** Alice, whom we test; Bob, who hears only what Alice passes on; Mallory, connected to Alice. */
let world: VirtualWorld;
let alice: VirtualNode;
let bob: VirtualNode;
let mallory: FakePeer;
let maker: BlockMaker;

beforeEach(async () => {
  const definition = testNetwork();
  world = new VirtualWorld(definition);
  [alice, bob] = (await world.startConnected('alice', 'bob')) as [VirtualNode, VirtualNode];
  mallory = await FakePeer.join(world, 'mallory');
  await mallory.connectTo(alice);
  await world.clock.advance(1_000);
  maker = new BlockMaker(definition);
});

/** Turns a bit of the signature. */
function forge({ signed }: CheckedTransaction): void {
  signed.signature.set([(signed.signature[0] ?? 0) ^ 1]);
}

const refusals = (node: VirtualNode): string[] => eventsOf(node, 'block.refused').map(({ code }) => code);

async function expectNothingElseDisturbed(): Promise<void> {
  expect(alice.failures).toEqual([]);
  expect(bob.failures).toEqual([]);
  const honest = maker.block(maker.genesis);
  const friend = await FakePeer.join(world, 'friend');
  await friend.connectTo(alice);
  await friend.gossipBlock(honest);
  expect(alice.node.chain.tip.id).toBe(honest.id);
  expect(bob.node.chain.tip.id).toBe(honest.id);
}

describe('a valid block by gossip', () => {
  it('is connected and passed on', async () => {
    const block = maker.block(maker.genesis);
    await mallory.gossipBlock(block);
    expect(alice.node.chain.tip.id).toBe(block.id);
    expect(bob.node.chain.tip.id).toBe(block.id);
    expect(eventsOf(bob, 'block.accepted')).toMatchObject([
      { id: block.id, height: 1, from: 'alice', source: 'gossip', onChain: true, latencyMs: 10 },
    ]);
  });

  it('is passed on before its body is checked, for header and proof of work hold', async () => {
    const key = testKey(1);
    const forged = payment(world.definition, { from: key, to: key.address, sequence: 0 });
    forge(forged);
    const block = maker.block(maker.genesis, { transactions: [forged] });
    await mallory.gossip('block', messageOf(block, 0, [0]));
    expect(refusals(alice)).toEqual(['invalid-signature']);
    expect(refusals(bob)).toEqual(['invalid-signature']);
    expect(alice.node.chain.tip.height).toBe(0);
  });

  it('waits for its parent and is connected after it', async () => {
    const [first, second] = maker.chain(maker.genesis, 2) as [CheckedBlock, CheckedBlock];
    await mallory.gossipBlock(second);
    expect(alice.node.chain.tip.height).toBe(0);
    await mallory.gossipBlock(first);
    expect(alice.node.chain.tip.id).toBe(second.id);
    await world.converge([alice, bob], 5_000);
  });

  it('makes the node fetch what lies between', async () => {
    const chain = maker.chain(maker.genesis, 10);
    mallory.chain = chain;
    await mallory.gossipBlock(chain[9] as CheckedBlock);
    await world.clock.until(() => alice.node.chain.tip.id === chain[9]?.id, 'fetched', 30_000);
    await world.converge([alice, bob], 5_000);
  });
});

describe('a block before its time', () => {
  it('is set aside, costs nobody anything, and is connected when its time comes', async () => {
    const ahead = BigInt(world.clock.now() + MAX_FUTURE_MS + 5_000);
    const block = maker.block(maker.genesis, { timestamp: ahead });
    await mallory.gossipBlock(block);
    expect(eventsOf(alice, 'block.early')).toMatchObject([{ id: block.id, height: 1 }]);
    expect(alice.node.chain.tip.height).toBe(0);
    expect(bob.network.verdicts).toEqual([]);
    expect(alice.node.peers().find(({ id }) => id === mallory.id)?.score).toBe(0);
    await world.clock.advance(5_000);
    expect(alice.node.chain.tip.id).toBe(block.id);
  });

  it('is not kept waiting for years', async () => {
    const block = maker.block(maker.genesis, { timestamp: 2n ** 63n });
    await mallory.gossipBlock(block);
    expect(eventsOf(alice, 'block.early')).toHaveLength(1);
    await expectNothingElseDisturbed();
  });
});

describe('a header that breaks a rule is never passed on, and costs the connection', () => {
  const broken: [string, string, () => Partial<Header>][] = [
    ['of a wrong height', 'wrong-height', () => ({ height: 7n })],
    [
      'not later than its parent',
      'timestamp-not-after-parent',
      () => ({ timestamp: world.definition.params.genesisTime }),
    ],
    ['with easier bits', 'wrong-bits', () => ({ bits: 0x2100ffff })],
  ];
  it.each(broken)('%s: %s', async (_what, code, header) => {
    await mallory.gossipBlock(maker.block(maker.genesis, { header: header() }));
    expect(refusals(alice)).toEqual([code]);
    expect(bob.network.verdicts).toEqual([]);
    expect(alice.network.isBanned(mallory.id)).toBe(true);
    await expectNothingElseDisturbed();
  });

  it('without proof of work: invalid-proof-of-work', async () => {
    const { block } = maker.block(maker.genesis);
    const nonce = Uint8Array.from(block.sealed.nonce);
    let unproven = block;
    for (let i = 0; i < 64 && unproven === block; i++) {
      nonce[31] = i;
      const candidate = asChecked({ ...block, sealed: { ...block.sealed, nonce: Uint8Array.from(nonce) } });
      if (candidate.id.startsWith('f')) unproven = candidate.block;
    }
    await mallory.gossip('block', messageOf(asChecked(unproven)));
    expect(refusals(alice)).toEqual(['invalid-proof-of-work']);
    expect(bob.network.verdicts).toEqual([]);
    await expectNothingElseDisturbed();
  });
});

describe('a body that breaks a rule is never connected', () => {
  const key = testKey(1);
  const other = testKey(2);
  const pay = (fields: Partial<PaymentFields>, network = world.definition): CheckedTransaction =>
    payment(network, { from: key, to: other.address, sequence: 0, ...fields });

  /** Blocks after one that made the key wealthy; the last one is bad. */
  const bodies: [string, string, (funded: CheckedBlock) => CheckedBlock[]][] = [
    [
      'a double spend',
      'wrong-sequence',
      (funded) => [
        maker.block(funded, { transactions: [pay({ amount: 10n }), pay({ to: testKey(3).address })] }),
      ],
    ],
    [
      'a replayed transaction',
      'wrong-sequence',
      (funded) => {
        const first = maker.block(funded, { transactions: [pay({})] });
        return [first, maker.block(first, { transactions: [pay({})] })];
      },
    ],
    [
      'an overspend',
      'insufficient-balance',
      (funded) => [maker.block(funded, { transactions: [pay({ amount: 51_000_000n })] })],
    ],
    [
      'an overflow',
      'amount-overflow',
      (funded) => [
        maker.block(funded, { transactions: [pay({ amount: 2n ** 64n - 1n, fee: 2n ** 64n - 1n })] }),
      ],
    ],
    [
      'a foreign-network transaction',
      'invalid-signature',
      (funded) => [maker.block(funded, { transactions: [pay({}, testNetwork({ subsidy: 1n }))] })],
    ],
    [
      'a small-order key',
      'invalid-signature',
      (funded) => {
        const forged = pay({ from: { ...key, publicKey: new Uint8Array(32) } });
        return [maker.block(funded, { transactions: [forged] })];
      },
    ],
  ];
  it.each(bodies)('%s: %s', async (_what, code, make) => {
    const funded = maker.block(maker.genesis, { miner: key.address });
    const blocks = [funded, ...make(funded)];
    // With all of its transactions, for nobody who knows that a body is bad gives it to others.
    for (const block of blocks) await mallory.gossip('block', messageOf(block, 0, [0, 1]));
    const [last, bad] = blocks.slice(-2) as [CheckedBlock, CheckedBlock];
    for (const node of [alice, bob]) {
      expect(refusals(node)).toEqual([code]);
      expect(node.node.chain.tip.id).toBe(last.id);
      expect(node.node.chain.byId(bad.id)?.status).toBe('invalid');
      expect(node.failures).toEqual([]);
    }
    await mallory.gossipBlock(maker.block(last));
    expect(alice.node.chain.tip.height).toBe(Number(last.block.sealed.header.height) + 1);
  });

  it('a body that is not the one the header names says nothing about the block', async () => {
    const good = maker.block(maker.genesis, { miner: key.address });
    const swapped = {
      ...good.block,
      transactions: [payment(world.definition, { from: key, to: other.address, sequence: 0 }).signed],
    };
    await mallory.gossip('block', messageOf(asChecked(swapped), 0, [0]));
    expect(alice.node.chain.tip.height).toBe(0);
    await world.clock.advance(30_000);
    expect(refusals(alice)).toEqual([]);
    await mallory.gossipBlock(good);
    expect(alice.node.chain.tip.id).toBe(good.id);
  });

  it('is remembered: the same block again is refused without checking its body', async () => {
    const forged = payment(world.definition, { from: key, to: other.address, sequence: 0 });
    forge(forged);
    const bad = maker.block(maker.genesis, { transactions: [forged] });
    await mallory.gossipBlock(bad);
    expect(alice.node.chain.byId(bad.id)?.status).toBe('invalid');
    const friend = await FakePeer.join(world, 'friend');
    await friend.connectTo(alice);
    await friend.gossip('block', messageOf(bad, 1));
    expect(refusals(alice)).toEqual(['invalid-signature', 'invalid-ancestor']);
  });
});

describe('garbage on the block topic', () => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['a few bytes', new Uint8Array(11)],
    ['a time and a wrong offset', new Uint8Array(400)],
    ['random bytes', new Uint8Array(500).fill(7)],
  ])('%s is refused and costs score', async (_what, message) => {
    await mallory.gossip('block', message);
    expect(alice.network.verdicts.at(-1)?.verdict).toBe('reject');
    expect(alice.node.peers().find(({ id }) => id === mallory.id)?.score).toBeGreaterThanOrEqual(49);
    await expectNothingElseDisturbed();
  });
});

it('a store that fails while a gossiped block is looked up is heard of', async () => {
  const broken = new Error('a broken disk');
  alice.node.chain.byId = () => {
    throw broken;
  };
  await mallory.gossipBlock(maker.block(maker.genesis));
  expect(alice.failures).toEqual([broken]);
});
