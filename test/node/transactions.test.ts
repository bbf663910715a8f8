import { beforeEach, describe, expect, it } from 'vitest';
import type { CheckedTransaction } from '../../src/chain/records.ts';
import { type Address, idFromBytes } from '../../src/core/identifiers.ts';
import { RequestRefused, type SignatureVerifier } from '../../src/node/ports.ts';
import {
  decodeWire,
  MAX_GOSSIP_TRANSACTIONS,
  MAX_GOSSIP_TRANSACTIONS_BYTES,
  PoolIdsType,
  TransactionsAnswerType,
  TransactionsMessageType,
} from '../../src/node/wire.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { faultyStore, SimulatedCrash } from '../support/faulty-store.ts';
import { type Key, type PaymentFields, payment, testKey, testNetwork } from '../support/ledger.ts';
import { eventsOf, inlineVerifier, type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

/** Alice, whom we test; Bob, who hears only what Alice passes on; Mallory, connected to Alice. */
let world: VirtualWorld;
let alice: VirtualNode;
let bob: VirtualNode;
let mallory: FakePeer;

beforeEach(async () => {
  world = new VirtualWorld(testNetwork());
  [alice, bob] = (await world.startConnected('alice', 'bob')) as [VirtualNode, VirtualNode];
  await world.mine(alice, 1);
  await world.converge();
  mallory = await FakePeer.join(world, 'mallory');
  await mallory.connectTo(alice);
  await world.clock.advance(1_000);
});

/** From the key that got the first block's reward. */
const pay = (sequence: number, fields: Partial<PaymentFields> = {}): CheckedTransaction =>
  payment(world.definition, { from: alice.key, to: testKey(7).address, sequence, ...fields });

const encode = (...all: CheckedTransaction[]): Uint8Array =>
  TransactionsMessageType.serialize({ salt: 0, transactions: all.map(({ signed }) => signed) });

const gossip = (...all: CheckedTransaction[]): Promise<void> =>
  mallory.gossip('transactions', encode(...all));

/** The zero address: nobody has its key, and a point of small order it is too. */
const NOBODY = idFromBytes<Address>(new Uint8Array(32));

/** A payment whose signature has a bit turned. */
function forged(sequence: number, fields: Partial<PaymentFields> = {}): CheckedTransaction {
  const paid = pay(sequence, fields);
  paid.signed.signature.set([(paid.signed.signature[0] ?? 0) ^ 1]);
  return paid;
}

const scoreOf = (peer: FakePeer): number =>
  alice.node.peers().find(({ id }) => id === peer.id)?.score ?? Number.POSITIVE_INFINITY;

const verdict = (): string | undefined =>
  alice.network.verdicts.findLast(({ topic }) => topic === 'transactions')?.verdict;

const messagesOf = (node: VirtualNode): number[] =>
  node.network.sent
    .filter(({ topic }) => topic === 'transactions')
    .map(({ message }) => decodeWire(TransactionsMessageType, message, 'sent').transactions.length);

describe('submitted transactions', () => {
  it('of one moment leave as one message; at once after a lull, and then not before company could have come', async () => {
    const submit = (...sequences: number[]) =>
      world.wait(
        Promise.all(sequences.map((sequence) => alice.node.submit([pay(sequence).signed]))),
        'submitted',
      );
    await submit(0, 1, 2, 3, 4);
    await world.clock.until(() => bob.node.pool.count === 5, 'passed on', 15);
    expect(messagesOf(alice)).toEqual([5]);
    await submit(5);
    await submit(6, 7);
    await world.clock.advance(20);
    expect(messagesOf(alice)).toEqual([5]);
    await world.clock.until(() => bob.node.pool.count === 8, 'passed on', 60);
    expect(messagesOf(alice)).toEqual([5, 3]);
  });

  it('that fill a batch leave at once', async () => {
    const many = Array.from({ length: 300 }, (_, sequence) => pay(sequence));
    await world.wait(alice.node.submit(many.map(({ signed }) => signed)), 'submitted');
    expect(messagesOf(alice).length).toBeGreaterThan(0);
    await world.clock.until(() => bob.node.pool.count === 300, 'passed on', 100);
    for (const { message, topic } of alice.network.sent) {
      if (topic === 'transactions') expect(message.length).toBeLessThanOrEqual(MAX_GOSSIP_TRANSACTIONS_BYTES);
    }
  });

  it('have an outcome each, in their order', async () => {
    const outcomes = await world.wait(
      alice.node.submit([pay(0).signed, forged(1).signed, pay(5).signed, pay(0).signed]),
      'submitted',
    );
    expect(outcomes).toMatchObject([
      { accepted: true, known: false },
      { accepted: false, error: { code: 'invalid-signature' } },
      { accepted: false, error: { code: 'sequence-gap' } },
      { accepted: true, known: true },
    ]);
  });
});

describe('acknowledged means kept', () => {
  let key: Key;

  async function start(): Promise<{ node: VirtualNode; store: ReturnType<typeof faultyStore> }> {
    const store = faultyStore(new MemoryStore());
    const node = await world.start('keeper', { store: store.store });
    await world.mine(node, 1);
    key = node.key;
    return { node, store };
  }

  it('a submit resolves once the store has the transaction, and not before', async () => {
    const { node, store } = await start();
    const paid = pay(0, { from: key });
    let isAcknowledged = false;
    const submitted = node.node.submit([paid.signed]).then(() => {
      isAcknowledged = true;
    });
    await world.clock.until(() => {
      const isKept = store.store.pool.all().some(({ id }) => id === paid.id);
      expect(isAcknowledged && !isKept).toBe(false);
      return isAcknowledged;
    }, 'acknowledged');
    await submitted;
  });

  it('a submit the store cannot keep is rejected and not passed on; trying again works', async () => {
    const { node, store } = await start();
    const paid = pay(0, { from: key });
    store.arm(0);
    await expect(world.wait(node.node.submit([paid.signed]), 'rejected')).rejects.toThrow(SimulatedCrash);
    await world.clock.advance(200);
    expect(messagesOf(node)).toEqual([]);
    store.arm(Number.POSITIVE_INFINITY);
    const [outcome] = await world.wait(node.node.submit([paid.signed]), 'submitted');
    expect(outcome).toMatchObject({ accepted: true });
    expect(store.store.pool.all().map(({ id }) => id)).toEqual([paid.id]);
  });

  it('also while the node is stopping', async () => {
    const { node, store } = await start();
    const paid = pay(0, { from: key });
    node.network.stopMs = 1_000;
    let keptWhenAcknowledged: boolean | undefined;
    const submitted = node.node.submit([paid.signed]).then(() => {
      keptWhenAcknowledged = store.store.pool.all().some(({ id }) => id === paid.id);
    });
    await world.wait(Promise.all([submitted, node.node.stop()]), 'stopped');
    expect(keptWhenAcknowledged).toBe(true);
  });
});

describe('transactions by gossip', () => {
  it('that are valid are pooled and passed on as they came', async () => {
    await gossip(pay(0), pay(1));
    expect(verdict()).toBe('accept');
    expect(bob.node.pool.count).toBe(2);
    expect(eventsOf(alice, 'transaction.accepted').map(({ from }) => from)).toEqual([mallory.id, mallory.id]);
  });

  it('that are all known are not passed on again', async () => {
    await gossip(pay(0), pay(1));
    await gossip(pay(1));
    expect(verdict()).toBe('ignore');
    expect(messagesOf(alice)).toEqual([2]);
    expect(scoreOf(mallory)).toBe(0);
  });

  it('with a wrong signature cost the sender and stay here; the good ones beside them go on', async () => {
    await gossip(pay(0), forged(1));
    expect(verdict()).toBe('reject');
    expect(scoreOf(mallory)).toBeCloseTo(34, 0);
    expect(bob.node.pool.ids()).toEqual([pay(0).id]);
    expect(bob.node.peers().find(({ id }) => id === alice.network.self)?.score).toBe(0);
  });

  it('with wrong signatures again and again cost the connection', async () => {
    for (const amount of [1n, 2n, 3n]) await gossip(forged(0, { amount }));
    expect(alice.network.isBanned(mallory.id)).toBe(true);
  });

  it.each<[string, string, () => CheckedTransaction]>([
    ['more than the sender has', 'insufficient-balance', () => pay(0, { amount: 2n ** 62n })],
    ['a fee too low', 'fee-too-low', () => pay(0, { fee: 1n })],
    ['a sequence too far', 'sequence-gap', () => pay(9)],
  ])('with %s are not passed on, and cost nobody anything', async (_what, code, make) => {
    await gossip(make());
    expect(verdict()).toBe('ignore');
    expect(eventsOf(alice, 'transaction.refused').map((refused) => refused.code)).toEqual([code]);
    expect(messagesOf(alice)).toEqual([]);
    expect(scoreOf(mallory)).toBe(0);
  });

  it('of a sequence that is used are not passed on, and cost nobody anything', async () => {
    await gossip(pay(0));
    await world.mine(alice, 1);
    await gossip(pay(0, { amount: 2n }));
    expect(verdict()).toBe('ignore');
    expect(eventsOf(alice, 'transaction.refused').map(({ code }) => code)).toEqual(['wrong-sequence']);
    expect(scoreOf(mallory)).toBe(0);
  });

  it.each<[string, () => CheckedTransaction]>([
    [
      'of another network',
      () => payment(testNetwork({ subsidy: 1n }), { from: alice.key, to: testKey(7).address, sequence: 1 }),
    ],
    [
      'of a small-order key',
      () => pay(0, { from: { ...alice.key, publicKey: new Uint8Array(32) }, amount: 1n, fee: 200n }),
    ],
  ])('%s count as wrongly signed', async (_what, make) => {
    // Who has nothing is not verified at all.
    await world.wait(alice.node.submit([pay(0, { to: NOBODY, amount: 10_000n }).signed]), 'submitted');
    await world.mine(alice, 1);
    alice.network.sent.length = 0;
    await gossip(make());
    expect(verdict()).toBe('reject');
    expect(scoreOf(mallory)).toBeCloseTo(34, 0);
    expect(messagesOf(alice)).toEqual([]);
  });

  it.each<[string, () => Uint8Array]>([
    ['nothing', () => new Uint8Array(0)],
    ['a few bytes', () => new Uint8Array(3)],
    ['random bytes', () => new Uint8Array(500).fill(7)],
    ['a cut message', () => encode(pay(0), pay(1)).slice(0, -1)],
    ['too many', () => encode(...Array.from({ length: MAX_GOSSIP_TRANSACTIONS + 1 }, () => pay(0)))],
    [
      'too many bytes',
      () => encode(...Array.from({ length: 120 }, () => pay(0, { data: new Uint8Array(1_024) }))),
    ],
  ])('as garbage (%s) are refused and cost score', async (_what, make) => {
    await mallory.gossip('transactions', make());
    expect(verdict()).toBe('reject');
    expect(scoreOf(mallory)).toBeCloseTo(50, 0);
    expect(alice.node.pool.count).toBe(0);
    expect(alice.failures).toEqual([]);
  });
});

describe('a transaction whose block was faster than its gossip', () => {
  it('is known already: it is neither refused nor verified once more', async () => {
    let verified = 0;
    const verifier: SignatureVerifier = {
      verify: (checks) => {
        verified += checks.length;
        return inlineVerifier.verify(checks);
      },
    };
    const carol = await world.start('carol', { verifier });
    world.hub.introduceAll();
    await world.converge();
    await mallory.connectTo(carol);
    await world.clock.advance(1_000);
    alice.network.hangUp(bob.network.self, 'apart for a moment');
    const paid = pay(0);
    await world.wait(alice.node.submit([paid.signed]), 'submitted');
    await world.mine(alice, 1);
    await world.converge([alice, carol]);
    const before = verified;
    await mallory.gossip('transactions', encode(paid));
    expect(verified).toBe(before);
    expect(eventsOf(carol, 'transaction.refused')).toEqual([]);
    expect(carol.node.pool.count).toBe(0);
  });

  it('is of a sequence that is used, for a caller of the node', async () => {
    await gossip(pay(0));
    await world.mine(alice, 1);
    const [outcome] = await world.wait(alice.node.submit([pay(0).signed]), 'submitted');
    expect(outcome).toMatchObject({ accepted: false, error: { code: 'wrong-sequence' } });
  });
});

describe('a transaction that takes long to check', () => {
  it('is not overtaken by the next one of its sender', async () => {
    const verifier: SignatureVerifier = {
      verify: (checks) =>
        new Promise((resolve) =>
          world.clock.after(checks.length, () => resolve(inlineVerifier.verify(checks))),
        ),
    };
    const carol = await world.start('carol', { verifier, key: alice.key });
    await world.mine(carol, 1);
    const many = carol.node.submit([0, 1, 2, 3, 4, 5].map((sequence) => pay(sequence).signed));
    await world.clock.advance(0);
    const next = carol.node.submit([pay(6).signed]);
    const outcomes = await world.wait(Promise.all([many, next]), 'submitted');
    expect(outcomes.flat().map(({ accepted }) => accepted)).toEqual(new Array(7).fill(true));
  });
});

describe('a gap in what a peer sends', () => {
  it('makes the pools be compared again, but not all the time', async () => {
    const peer = await FakePeer.join(world, 'gappy');
    let asked = 0;
    peer.bend('pool', () => {
      asked++;
      return [PoolIdsType.serialize([pay(0), pay(1)].map(({ id }) => Buffer.from(id, 'hex')))];
    });
    peer.bend('transactions', () => [TransactionsAnswerType.serialize([])]);
    await peer.connectTo(alice);
    await world.clock.advance(2_000);
    expect(asked).toBe(1);
    await peer.gossip('transactions', encode(pay(1)));
    await world.clock.advance(50_000);
    expect(asked).toBe(1);
    peer.bend('transactions', () => [
      TransactionsAnswerType.serialize([pay(0), pay(1)].map(({ signed }) => signed)),
    ]);
    await world.clock.advance(20_000);
    await peer.gossip('transactions', encode(pay(2)));
    await world.clock.until(() => alice.node.pool.count === 3, 'made up for', 60_000);
    expect(asked).toBe(2);
  });
});

describe('pools are compared again', () => {
  let asked: number;
  let offering: FakePeer;

  beforeEach(async () => {
    asked = 0;
    offering = await FakePeer.join(world, 'offering');
    offering.bend('pool', () => {
      asked++;
      return [PoolIdsType.serialize([])];
    });
    await offering.connectTo(alice);
    await world.clock.advance(2_000);
    expect(asked).toBe(1);
  });

  it('once a peer answers that did not for a while: what it told meanwhile may be lost', async () => {
    offering.bend('status', () => {
      throw new RequestRefused('busy', 'the line is cut');
    });
    await world.clock.advance(60_000);
    offering.bend('status', offering.answerStatus);
    await world.clock.until(() => asked === 2, 'compared again', 60_000);
  });

  it('every ten minutes of a connection all the same', async () => {
    await world.clock.advance(9 * 60_000);
    expect(asked).toBe(1);
    await world.clock.until(() => asked === 2, 'compared again', 2 * 60_000);
  });

  it('and a first time, though there is always a peer that claims to have more work', async () => {
    const claim = async (number: number): Promise<void> => {
      const peer = await FakePeer.join(world, `claiming-${number}`);
      peer.status = { work: 1n << 200n };
      peer.bend('headers', async function* () {
        await new Promise(() => {});
      });
      await peer.connectTo(alice);
    };
    await claim(0);
    const late = await FakePeer.join(world, 'late');
    let askedLate = 0;
    late.bend('pool', () => {
      askedLate++;
      return [PoolIdsType.serialize([])];
    });
    await late.connectTo(alice);
    for (let number = 1; number <= 10 && askedLate === 0; number++) {
      await world.clock.advance(5_000);
      await claim(number);
    }
    expect(askedLate).toBe(1);
  });
});

describe('a transaction that overtook its predecessor', () => {
  it('waits for it, and both are passed on', async () => {
    await gossip(pay(2));
    await gossip(pay(1));
    expect(alice.node.pool.count).toBe(0);
    await gossip(pay(0));
    expect(alice.node.pool.count).toBe(3);
    await world.clock.until(() => bob.node.pool.count === 3, 'passed on', 200);
  });

  it('leaves after it: whoever hears them gets them in order', async () => {
    await gossip(pay(1));
    await world.wait(alice.node.submit([pay(0).signed]), 'submitted');
    await world.clock.advance(200);
    const sent = alice.network.sent.filter(({ topic }) => topic === 'transactions');
    const told = sent.flatMap(
      ({ message }) => decodeWire(TransactionsMessageType, message, 'sent').transactions,
    );
    expect(told.map(({ transaction }) => transaction.sequence)).toEqual([0n, 1n]);
    expect(eventsOf(bob, 'transaction.refused')).toEqual([]);
  });

  it('is admitted when the predecessor comes in a block', async () => {
    await gossip(pay(1));
    bob.network.hangUp(alice.network.self, 'apart for a moment');
    await world.wait(bob.node.submit([pay(0).signed]), 'submitted');
    await world.mine(bob, 1);
    await world.converge();
    await world.clock.until(() => alice.node.pool.count > 0, 'admitted', 100);
    expect(alice.node.pool.ids()).toEqual([pay(1).id]);
  });

  it('does not wait for ever', async () => {
    await gossip(pay(1));
    await world.clock.advance(31_000);
    await gossip(pay(0));
    expect(alice.node.pool.ids()).toEqual([pay(0).id]);
  });

  it('may be the last of a long row', async () => {
    const row = Array.from({ length: 1_000 }, (_, index) => pay(index + 1));
    for (let at = 0; at < row.length; at += 500) await gossip(...row.slice(at, at + 500));
    await gossip(pay(0));
    expect(alice.node.pool.count).toBe(1_001);
    await world.clock.until(() => bob.node.pool.count === 1_001, 'passed on', 1_000);
  });
});

describe('pools compared on connect', () => {
  async function offer(ids: CheckedTransaction[], given: CheckedTransaction[]): Promise<FakePeer> {
    const peer = await FakePeer.join(world, 'offering');
    peer.bend('pool', () => [PoolIdsType.serialize(ids.map(({ id }) => Buffer.from(id, 'hex')))]);
    peer.bend('transactions', () => [TransactionsAnswerType.serialize(given.map(({ signed }) => signed))]);
    await peer.connectTo(alice);
    await world.clock.advance(2_000);
    return peer;
  }

  it('bring what is missing, and it is passed on', async () => {
    await offer([pay(0), pay(1)], [pay(0), pay(1)]);
    expect(bob.node.pool.count).toBe(2);
  });

  it('cost a peer that gives wrong signatures', async () => {
    const peer = await offer([pay(0)], [forged(0)]);
    expect(scoreOf(peer)).toBeCloseTo(34, 0);
    expect(alice.node.pool.count).toBe(0);
    expect(messagesOf(alice)).toEqual([]);
  });

  it('with garbage cost the peer score and nothing else', async () => {
    const peer = await FakePeer.join(world, 'offering');
    peer.bend('pool', () => [new Uint8Array(33)]);
    await peer.connectTo(alice);
    await world.clock.advance(2_000);
    expect(scoreOf(peer)).toBeCloseTo(50, 0);
    expect(alice.failures).toEqual([]);
  });
});
