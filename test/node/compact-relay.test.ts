/** Blocks told by their short ids: from the pool, from the sender, from others, as a whole, or not at all. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { CheckedBlock, CheckedTransaction } from '../../src/chain/records.ts';
import { trustTransaction } from '../../src/chain/records.ts';
import { encodeBlock, encodeTransactions } from '../../src/core/encoding.ts';
import { SHORT_ID_BYTES } from '../../src/core/short-ids.ts';
import type { SignedTransaction } from '../../src/core/types.ts';
import { type CompactBlock, decodeCompactBlock, encodeCompactBlock } from '../../src/node/compact-block.ts';
import type { RequestHandler } from '../../src/node/ports.ts';
import { BlockTransactionsRequestType } from '../../src/node/wire.ts';
import { FakePeer, messageOf } from '../support/fake-peer.ts';
import { BlockMaker, type Key, payment, testKey, testNetwork } from '../support/ledger.ts';
import { eventsOf, type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

const key: Key = testKey(1);
const definition = testNetwork({ allocations: [{ address: key.publicKey, amount: 10n ** 9n }] });
/** One way, in this network. */
const HOP_MS = 5;

let world: VirtualWorld;
/** Whom we test. */
let alice: VirtualNode;
/** Hears blocks of Alice only. */
let bob: VirtualNode;
/** Sends Alice the block. */
let sender: FakePeer;
/** Has the block too. */
let friend: FakePeer;
let maker: BlockMaker;
let payments: CheckedTransaction[];
let block: CheckedBlock;

beforeEach(async () => {
  world = new VirtualWorld(definition);
  maker = new BlockMaker(definition);
  payments = Array.from({ length: 6 }, (_, sequence) =>
    payment(definition, { from: key, to: testKey(2).address, sequence }),
  );
  block = maker.block(maker.genesis, { transactions: payments });
  [alice, bob] = (await world.startConnected('alice', 'bob')) as [VirtualNode, VirtualNode];
  sender = await FakePeer.join(world, 'sender');
  friend = await FakePeer.join(world, 'friend');
  for (const peer of [sender, friend]) await peer.connectTo(alice);
  await world.clock.advance(1_000);
});

/** Puts the first so many into a node's pool. */
function pooled(node: VirtualNode, count: number): void {
  for (const checked of payments.slice(0, count)) node.node.pool.add(checked);
}

/** Answers `block-transactions` as one that has the block. */
const giving =
  (change: (signed: SignedTransaction[]) => SignedTransaction[] = (signed) => signed): RequestHandler =>
  (request) => {
    const { indexes } = BlockTransactionsRequestType.deserialize(request);
    friend.askedTransactions.push(indexes);
    return [
      encodeTransactions(
        change(indexes.map((index) => block.block.transactions[index] as SignedTransaction)),
      ),
    ];
  };

const wholeBlock: RequestHandler = () => [encodeBlock(block.block)];

const never: RequestHandler = async function* () {
  await new Promise(() => {});
};

const protocolsAsked = (node: VirtualNode, from = 0): string[] =>
  node.network.asked
    .slice(from)
    .filter(({ protocol }) => protocol !== 'status')
    .map(({ peer, protocol }) => `${protocol} of ${peer}`);

const offences = (node: VirtualNode): string[] =>
  eventsOf(node, 'peer.penalised').map(({ offence, peer }) => `${peer}: ${offence.split(':')[0]}`);

const hasBlock = (node: VirtualNode): boolean => node.node.chain.tip.id === block.id;

async function expectQuiet(): Promise<void> {
  for (const { failures, node } of [alice, bob]) {
    expect(failures).toEqual([]);
    expect(node.sizes()).toMatchObject({ completing: 0, fetching: 0 });
  }
}

/** Tells Alice of the block, whatever is in the message, and lets so much time pass. */
async function tell(message: Uint8Array, ms: number): Promise<void> {
  await sender.network.publish('block', message);
  await world.clock.advance(ms);
}

/** The message with the block, changed. */
function changed(change: (compact: CompactBlock) => Partial<CompactBlock>): Uint8Array {
  const compact = decodeCompactBlock(messageOf(block), definition.params);
  return encodeCompactBlock({ ...compact, ...change(compact) });
}

describe('a block whose transactions are pooled', () => {
  it('is connected without a single request, everywhere', async () => {
    for (const node of [alice, bob]) pooled(node, payments.length);
    const asked = [alice, bob].map(({ network }) => network.asked.length);
    await tell(messageOf(block, world.clock.now()), 2 * HOP_MS);
    expect([alice, bob].map(hasBlock)).toEqual([true, true]);
    expect([alice, bob].map(({ network }) => network.asked.length)).toEqual(asked);
    expect(eventsOf(bob, 'block.accepted')).toMatchObject([{ from: 'alice', latencyMs: 2 * HOP_MS }]);
    await expectQuiet();
  });

  it('is verified no second time', async () => {
    // Nobody could verify these: they count as verified because the pool has them.
    const unsigned = payments.map(({ id, signed, size }) =>
      trustTransaction({ id, size, signed: { ...signed, signature: new Uint8Array(64) } }),
    );
    for (const checked of unsigned) alice.node.pool.add(checked);
    block = maker.block(maker.genesis, { transactions: unsigned });
    await tell(messageOf(block), HOP_MS);
    expect(hasBlock(alice)).toBe(true);
  });
});

describe('transactions the pool has not', () => {
  it('are asked of the sender, by their places', async () => {
    pooled(alice, 4);
    await sender.gossipBlock(block);
    expect(hasBlock(alice)).toBe(true);
    expect(sender.askedTransactions).toEqual([[4, 5]]);
    expect(protocolsAsked(alice).slice(-1)).toEqual(['block-transactions of sender']);
    expect(eventsOf(alice, 'block.accepted')).toMatchObject([
      { id: block.id, source: 'gossip', from: 'sender' },
    ]);
    expect(offences(alice)).toEqual([]);
    await expectQuiet();
  });

  it('are not asked for if they came with it', async () => {
    pooled(alice, 4);
    const before = alice.network.asked.length;
    await tell(messageOf(block, 0, [4, 5]), HOP_MS);
    expect(hasBlock(alice)).toBe(true);
    expect(alice.network.asked.length).toBe(before);
  });

  it('do not keep the block from being passed on at once', async () => {
    sender.bend('block-transactions', never);
    await tell(messageOf(block), 2 * HOP_MS);
    expect(bob.network.verdicts).toMatchObject([{ topic: 'block', from: 'alice', verdict: 'accept' }]);
    expect(alice.node.sizes()).toMatchObject({ completing: 1, fetching: 1 });
  });

  it('are asked of another as well when the sender stalls', async () => {
    sender.bend('block-transactions', never);
    friend.bend('block-transactions', giving());
    const before = alice.network.asked.length;
    await tell(messageOf(block), 1_000 + HOP_MS);
    expect(hasBlock(alice)).toBe(false);
    await world.clock.advance(5 * HOP_MS);
    expect(hasBlock(alice)).toBe(true);
    // Bob, who heard of the block from Alice, does not keep her waiting.
    expect(protocolsAsked(alice, before)).toEqual([
      'block-transactions of sender',
      'block-transactions of bob',
      'block-transactions of friend',
    ]);
    await world.clock.advance(10_000);
    expect(offences(alice)).toEqual(['sender: too-slow']);
    await expectQuiet();
  });

  it.each<[string, RequestHandler]>([
    [
      'refuses',
      () => {
        throw new Error('for a test');
      },
    ],
    ['gives nothing', () => []],
    ['gives one too few', giving((signed) => signed.slice(0, -1))],
    ['gives one too many', giving((signed) => [...signed, ...signed.slice(0, 1)])],
    ['gives garbage', () => [new Uint8Array(500).fill(7)]],
    ['claims more than it gives', () => [new Uint8Array(50_000).fill(1)]],
    ['gives other transactions', giving((signed) => signed.toReversed())],
  ])('are asked of another when the sender %s', async (_, handler) => {
    pooled(alice, 2);
    sender.bend('block-transactions', handler);
    friend.bend('block-transactions', giving());
    for (const peer of [sender, friend]) peer.bend('blocks', never);
    world.hub.cut([alice.network, sender.network, friend.network], [bob.network]);
    await tell(messageOf(block), 100);
    expect(hasBlock(alice)).toBe(true);
    expect(friend.askedTransactions.at(-1)).toEqual([2, 3, 4, 5]);
    expect(offences(alice).filter((offence) => offence.startsWith('friend'))).toEqual([]);
    await expectQuiet();
  });

  it('that are lies cost the liar, once the block is known', async () => {
    sender.bend(
      'block-transactions',
      giving((signed) => signed.toReversed()),
    );
    friend.bend('block-transactions', giving());
    await tell(messageOf(block), 100);
    expect(hasBlock(alice)).toBe(true);
    expect(offences(alice)).toEqual(['sender: broken-promise']);
  });

  it('with signatures that are lies are told by the root, and cost the liar', async () => {
    const forge = (signed: SignedTransaction): SignedTransaction => ({
      ...signed,
      signature: new Uint8Array(64),
    });
    sender.bend(
      'block-transactions',
      giving((signed) => signed.map(forge)),
    );
    friend.bend('blocks', wholeBlock);
    await tell(messageOf(block), 100);
    expect(hasBlock(alice)).toBe(true);
    expect(eventsOf(alice, 'block.refused')).toEqual([]);
    expect(offences(alice)).toEqual(['sender: broken-promise']);
  });

  it('are asked next of whoever sent the block too, in other words', async () => {
    const third = await FakePeer.join(world, 'third');
    await third.connectTo(alice);
    third.bend('block-transactions', giving());
    sender.bend('block-transactions', never);
    await tell(messageOf(block, 1), 100);
    await third.gossip('block', messageOf(block, 2));
    const before = alice.network.asked.length;
    await world.clock.advance(1_000);
    expect(hasBlock(alice)).toBe(true);
    expect(protocolsAsked(alice, before)).toEqual(['block-transactions of third']);
  });

  it('that break a rule make the block bad for good, at a price for the peer that served it', async () => {
    const forged = payment(definition, { from: key, to: testKey(2).address, sequence: 0 });
    forged.signed.signature.fill(0);
    const bad = maker.block(maker.genesis, { transactions: [forged] });
    await sender.gossipBlock(bad);
    expect(eventsOf(alice, 'block.refused')).toMatchObject([{ id: bad.id, code: 'invalid-signature' }]);
    expect(offences(alice)).toEqual(['sender: invalid-block']);
    expect(alice.node.chain.byId(bad.id)?.status).toBe('invalid');
    await world.clock.advance(30_000);
    expect(bob.node.chain.tip.height).toBe(0);
    expect(offences(bob)).toEqual([]);
    await expectQuiet();
  });
});

describe('what was put together and is not the block', () => {
  it('because a signature is another in the pool: the whole block is fetched, and nobody is to blame', async () => {
    pooled(alice, 5);
    const [last] = payments.slice(-1) as [CheckedTransaction];
    const signature = last.signed.signature.toReversed();
    alice.node.pool.add(trustTransaction({ ...last, signed: { ...last.signed, signature } }));
    sender.bend('blocks', wholeBlock);
    const before = alice.network.asked.length;
    await tell(messageOf(block), 50);
    expect(hasBlock(alice)).toBe(true);
    expect(protocolsAsked(alice, before)).toEqual(['blocks of sender']);
    expect(offences(alice)).toEqual([]);
    await expectQuiet();
  });

  const garbled: [string, (compact: CompactBlock) => Partial<CompactBlock>][] = [
    ['are random', ({ shortIds }) => ({ shortIds: shortIds.map((byte, at) => byte ^ at) })],
    ['are all the same', ({ shortIds }) => ({ shortIds: new Uint8Array(shortIds.length).fill(7) })],
    ['are too few', ({ shortIds }) => ({ shortIds: shortIds.slice(SHORT_ID_BYTES) })],
    ['are none', () => ({ shortIds: new Uint8Array(0) })],
    ['are too many', ({ shortIds }) => ({ shortIds: new Uint8Array(2 * shortIds.length) })],
    [
      'are in another order',
      ({ shortIds }) => ({
        shortIds: Uint8Array.from([...shortIds.slice(SHORT_ID_BYTES), ...shortIds.slice(0, SHORT_ID_BYTES)]),
      }),
    ],
    [
      'come with a transaction that is another',
      () => ({ prefilled: [{ index: 0, signed: (payments[1] as CheckedTransaction).signed }] }),
    ],
  ];
  it.each(garbled)('because the short ids %s: everybody finds the block all the same', async (_, change) => {
    for (const node of [alice, bob]) pooled(node, 6);
    for (const peer of [sender, friend]) {
      peer.bend('blocks', wholeBlock);
      peer.bend('block-transactions', giving());
    }
    await tell(changed(change), 1_000);
    expect([alice, bob].map(hasBlock)).toEqual([true, true]);
    for (const node of [alice, bob]) expect(offences(node)).toEqual([]);
    await expectQuiet();
  });

  it('is asked for as a whole last of those whose word was doubted', async () => {
    sender.bend(
      'block-transactions',
      giving((signed) => signed.toReversed()),
    );
    friend.bend(
      'block-transactions',
      giving((signed) => signed.toReversed()),
    );
    for (const peer of [sender, friend]) peer.bend('blocks', wholeBlock);
    world.hub.cut([alice.network, sender.network, friend.network], [bob.network]);
    const third = await FakePeer.join(world, 'third');
    world.hub.heal();
    await third.connectTo(alice);
    third.bend('blocks', wholeBlock);
    const before = alice.network.asked.length;
    await tell(messageOf(block), 200);
    expect(hasBlock(alice)).toBe(true);
    const whole = protocolsAsked(alice, before).filter((what) => what.startsWith('blocks'));
    expect(whole).toEqual(['blocks of third']);
    expect(offences(alice)).toEqual(['sender: broken-promise', 'friend: broken-promise']);
  });

  it.each<[string, () => CheckedBlock, string]>([
    ['another block', () => maker.block(maker.genesis), 'friend: broken-promise'],
    [
      'a body that is another’s',
      () => ({ ...block, block: { ...block.block, transactions: block.block.transactions.slice(1) } }),
      'friend: invalid-block',
    ],
  ])('and a peer that gives %s as the whole of it pays', async (_, other, offence) => {
    const given = other();
    friend.bend('blocks', () => [encodeBlock(given.block)]);
    sender.bend('block-transactions', giving());
    await tell(
      changed(() => ({ shortIds: new Uint8Array(SHORT_ID_BYTES) })),
      500,
    );
    expect(offences(alice)).toContain(offence);
    expect(hasBlock(alice)).toBe(false);
  });
});

describe('a body that is withheld', () => {
  it('is given up after a while, at no price, and sync finds the block later', async () => {
    await tell(messageOf(block), 100);
    await world.clock.advance(25_000);
    expect(alice.node.chain.tip.height).toBe(0);
    expect(offences(alice)).toEqual([]);
    await expectQuiet();
    const late = await FakePeer.join(world, 'late', [block]);
    await late.connectTo(alice);
    await world.clock.until(() => hasBlock(alice), 'synced', 30_000);
    await world.converge([alice, bob], 30_000);
  });

  it('is not passed on again in other words once it was given up', async () => {
    await tell(messageOf(block), 25_000);
    const passed = bob.network.verdicts.length;
    expect(passed).toBe(1);
    await tell(
      changed(() => ({ publishedAt: 7 })),
      500,
    );
    expect(alice.network.verdicts.at(-1)?.verdict).toBe('ignore');
    expect(bob.network.verdicts).toHaveLength(passed);
    expect(offences(alice)).toEqual([]);
  });

  it('by peers that never answer is given up after twenty seconds, however many there are', async () => {
    const peers = [sender, friend];
    for (const name of ['third', 'fourth', 'fifth']) peers.push(await FakePeer.join(world, name));
    for (const peer of peers.slice(2)) await peer.connectTo(alice);
    for (const peer of peers) {
      peer.bend('block-transactions', never);
      peer.bend('blocks', never);
    }
    await tell(messageOf(block), 19_000);
    expect(alice.node.sizes()).toMatchObject({ completing: 1, fetching: 1 });
    await world.clock.advance(1_100);
    expect(alice.node.sizes()).toMatchObject({ completing: 0, fetching: 0 });
    expect(alice.failures).toEqual([]);
  });

  it('does not keep what follows from being passed on and set aside', async () => {
    sender.bend('block-transactions', never);
    await tell(messageOf(block), 50);
    const next = maker.block(block);
    await sender.network.publish('block', messageOf(next));
    await world.clock.advance(50);
    expect(bob.network.verdicts.map(({ verdict }) => verdict)).toEqual(['accept', 'accept']);
    expect(alice.node.sizes()).toMatchObject({ completing: 1, orphans: 1 });
    friend.bend('block-transactions', giving());
    await world.clock.until(() => alice.node.chain.tip.id === next.id, 'both', 5_000);
  });

  it('takes only so much: of a peer four blocks are fetched at once, in all eight', async () => {
    const peers = [sender, friend, await FakePeer.join(world, 'third'), await FakePeer.join(world, 'fourth')];
    for (const [at, peer] of peers.entries()) {
      if (at > 1) await peer.connectTo(alice);
      peer.bend('block-transactions', never);
      for (let i = 0; i < 6; i++) {
        const withheld = maker.block(maker.genesis, { transactions: payments.slice(0, 1) });
        await peer.network.publish('block', messageOf(withheld));
      }
      await world.clock.advance(50);
      expect(alice.node.sizes().fetching).toBe(Math.min(8, 4 * (at + 1)));
    }
    await world.clock.advance(60_000);
    expect(alice.node.sizes()).toMatchObject({ completing: 0, fetching: 0 });
    expect(alice.failures).toEqual([]);
  });

  it('and in one turn, so many blocks of a peer: the rest is dropped', async () => {
    const blocks = Array.from({ length: 258 }, () => maker.block(maker.genesis));
    for (const one of blocks) await sender.network.publish('block', messageOf(one));
    await world.clock.advance(HOP_MS);
    const verdicts = alice.network.verdicts.map(({ verdict }) => verdict);
    expect(verdicts.filter((verdict) => verdict === 'accept')).toHaveLength(256);
    expect(verdicts.slice(256)).toEqual(['ignore', 'ignore']);
    await expectQuiet();
  });
});
