/** Who has a block, or is about to, gives its transactions to who lacks them; a miner gives some along with it. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { CheckedBlock, CheckedTransaction } from '../../src/chain/records.ts';
import { encodeTransactions } from '../../src/core/encoding.ts';
import { idToBytes } from '../../src/core/identifiers.ts';
import { MAX_SERVE_WAITING } from '../../src/node/block-completion.ts';
import { decodeCompactBlock } from '../../src/node/compact-block.ts';
import type { RequestHandler } from '../../src/node/ports.ts';
import { BlockTransactionsRequestType } from '../../src/node/wire.ts';
import { MAX_ANSWERS } from '../../src/p2p/request-limits.ts';
import { FakePeer, messageOf } from '../support/fake-peer.ts';
import { BlockMaker, type Key, payment, testKey, testNetwork } from '../support/ledger.ts';
import { type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

const key: Key = testKey(1);
const definition = testNetwork({ allocations: [{ address: key.publicKey, amount: 10n ** 9n }] });
/** One way, in this network. */
const HOP_MS = 5;

let world: VirtualWorld;
/** Whom we test. */
let alice: VirtualNode;
/** Hears blocks of Alice only. */
let bob: VirtualNode;
/** Tells Alice of the block. */
let sender: FakePeer;
/** Asks Alice. */
let friend: FakePeer;
let payments: CheckedTransaction[];
let block: CheckedBlock;

beforeEach(async () => {
  world = new VirtualWorld(definition);
  const maker = new BlockMaker(definition);
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

const never: RequestHandler = async function* () {
  await new Promise(() => {});
};

const hasBlock = (node: VirtualNode): boolean => node.node.chain.tip.id === block.id;

function poolAll(node: VirtualNode): void {
  for (const checked of payments) node.node.pool.add(checked);
}

async function tell(message: Uint8Array, ms: number): Promise<void> {
  await sender.network.publish('block', message);
  await world.clock.advance(ms);
}

describe('a node asked for transactions of a block', () => {
  const limits = { deadlineMs: 10_000, maxChunks: 1, maxChunkBytes: 10_000 };
  const ask = (indexes: number[], id = block.id, asker = friend): Promise<Uint8Array[]> =>
    asker.network.request(
      alice.network.self,
      'block-transactions',
      BlockTransactionsRequestType.serialize({ block: idToBytes(id), indexes }),
      limits,
    );
  const signedAt = (...indexes: number[]): Uint8Array[] => [
    encodeTransactions(indexes.map((index) => (payments[index] as CheckedTransaction).signed)),
  ];

  it('gives those of a block it has, its own too', async () => {
    poolAll(alice);
    await tell(messageOf(block), 50);
    expect(await world.wait(ask([0, 3, 5]), 'given')).toEqual(signedAt(0, 3, 5));
    const own = payment(definition, { from: key, to: testKey(3).address, sequence: 6 });
    alice.node.pool.add(own);
    const [mined] = await world.mine(alice, 1);
    expect(await world.wait(ask([0], mined), 'given')).toEqual([encodeTransactions([own.signed])]);
  });

  it('waits until it has the block itself', async () => {
    sender.bend('block-transactions', async function* () {
      await new Promise<void>((resolve) => world.clock.after(500, resolve));
      yield* signedAt(0, 1, 2, 3, 4, 5);
    });
    await tell(messageOf(block), 50);
    expect(hasBlock(alice)).toBe(false);
    const begunMs = world.clock.now();
    expect(await world.wait(ask([1, 2]), 'given')).toEqual(signedAt(1, 2));
    expect(world.clock.now() - begunMs).toBeLessThan(500);
    await world.clock.until(() => hasBlock(bob), 'Bob got it from Alice', 500);
    expect(bob.network.asked.filter(({ protocol }) => protocol === 'block-transactions')).toMatchObject([
      { peer: 'alice' },
    ]);
  });

  it('does not wait for ever', async () => {
    for (const peer of [sender, friend]) peer.bend('block-transactions', never);
    await tell(messageOf(block), 50);
    const begunMs = world.clock.now();
    await expect(world.wait(ask([0]), 'refused')).rejects.toMatchObject({ failure: 'refused' });
    expect(world.clock.now() - begunMs).toBe(2_000 + HOP_MS);
  });

  it('lets half of the places for answers wait, two of a peer, and refuses the others at once', async () => {
    for (const peer of [sender, friend]) peer.bend('block-transactions', never);
    const askers = [friend];
    for (let number = 0; number < 9; number++) {
      const asker = await FakePeer.join(world, `asker${number}`);
      await asker.connectTo(alice);
      askers.push(asker);
    }
    await tell(messageOf(block), 50);
    // Bob waits too.
    const asked = askers.map((asker) => Array.from({ length: 4 }, () => ask([0], block.id, asker)));
    const outcomes = asked.map((ofOne) => ofOne.map((one) => one.then(String, ({ failure }) => failure)));
    await world.clock.advance(2 * HOP_MS);
    const waiting = await Promise.all(
      outcomes.map(async (ofOne) => {
        const now = await Promise.all(ofOne.map((one) => Promise.race([one, Promise.resolve('waits')])));
        return now.filter((outcome) => outcome === 'waits').length;
      }),
    );
    expect(waiting).toEqual([2, 2, 2, 2, 2, 2, 2, 1, 0, 0]);
    expect(MAX_SERVE_WAITING).toBe(MAX_ANSWERS.relay / 2);
    await world.clock.advance(2_000);
    expect(await Promise.all(outcomes.flat())).toEqual(Array(40).fill('refused'));
  });

  it.each<[string, number[]]>([
    ['none', []],
    ['one that is not there', [6]],
    ['the same twice', [1, 1]],
    ['them in another order', [2, 1]],
  ])('refuses to give %s', async (_, indexes) => {
    poolAll(alice);
    await tell(messageOf(block), 50);
    await expect(world.wait(ask(indexes), 'refused')).rejects.toMatchObject({ failure: 'refused' });
  });

  it('refuses what it has never heard of at once', async () => {
    const begunMs = world.clock.now();
    await expect(world.wait(ask([0]), 'refused')).rejects.toMatchObject({ failure: 'refused' });
    expect(world.clock.now() - begunMs).toBe(HOP_MS);
  });
});

describe('a mined block', () => {
  const submitAndMine = async (count: number): Promise<void> => {
    await world.wait(alice.node.submit(payments.slice(0, count).map(({ signed }) => signed)), 'submitted');
    await world.mine(alice, 1);
    await world.clock.until(() => bob.node.chain.tip.height === 1, 'told', 5_000);
  };
  const prefilledOf = (): number[] => {
    const told = alice.network.sent.find(({ topic }) => topic === 'block')?.message as Uint8Array;
    return decodeCompactBlock(told, definition.params).prefilled.map(({ index }) => index);
  };

  it('brings along what others have not heard of yet', async () => {
    await submitAndMine(3);
    expect(prefilledOf()).toEqual([0, 1, 2]);
    expect(bob.network.asked.some(({ protocol }) => protocol === 'block-transactions')).toBe(false);
  });

  it('leaves out what they know by now', async () => {
    await world.wait(alice.node.submit([(payments[0] as CheckedTransaction).signed]), 'submitted');
    await world.clock.advance(260);
    await submitAndMine(2);
    expect(prefilledOf()).toEqual([1]);
  });

  it('can always be had from its miner, though nobody had its transactions', async () => {
    payments = Array.from({ length: 150 }, (_, sequence) =>
      payment(definition, { from: key, to: testKey(2).address, sequence }),
    );
    await submitAndMine(150);
    expect(prefilledOf()).toEqual([]);
    expect(bob.node.chain.tip.id).toBe(alice.node.chain.tip.id);
  });
});
