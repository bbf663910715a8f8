/** What strangers can make a node do for nothing: little, and never before its own callers and honest peers. */
import { beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import type { CheckedTransaction } from '../../src/chain/records.ts';
import type { Urgency } from '../../src/core/signature.ts';
import type { SignatureVerifier } from '../../src/node/ports.ts';
import { TransactionAdmission } from '../../src/node/transaction-admission.ts';
import { Turns } from '../../src/node/turns.ts';
import { MAX_GOSSIP_TRANSACTIONS, PoolIdsType, TransactionsMessageType } from '../../src/node/wire.ts';
import { BUDGET_UNITS, WORK } from '../../src/node/work-budget.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { type PaymentFields, payment, testKey, testNetwork } from '../support/ledger.ts';
import { SlowVerifier } from '../support/slow-verifier.ts';
import { eventsOf, inlineVerifier, type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

const [rich, other, poor] = [testKey(1), testKey(2), testKey(3)];
const ALLOCATIONS = [rich, other].map(({ publicKey }) => ({ address: publicKey, amount: 10n ** 12n }));

let world: VirtualWorld;
let verifier: SlowVerifier;
let alice: VirtualNode;
let salt = 0;

beforeEach(async () => {
  world = new VirtualWorld(testNetwork({ allocations: ALLOCATIONS }));
  verifier = new SlowVerifier(world.clock);
  alice = await world.start('alice', { verifier });
});

async function join(name: string): Promise<FakePeer> {
  const peer = await FakePeer.join(world, name);
  await peer.connectTo(alice);
  await world.clock.advance(100);
  return peer;
}

const pay = (sequence: number, fields: Partial<PaymentFields> = {}): CheckedTransaction =>
  payment(world.definition, { from: rich, to: testKey(7).address, sequence, ...fields });

function forged(sequence: number, fields: Partial<PaymentFields> = {}): CheckedTransaction {
  const paid = pay(sequence, fields);
  paid.signed.signature.set([(paid.signed.signature[0] ?? 0) ^ 1]);
  return paid;
}

/** A message no other is like. */
const encode = (all: readonly CheckedTransaction[]): Uint8Array =>
  TransactionsMessageType.serialize({ salt: salt++, transactions: all.map(({ signed }) => signed) });

/** Tells without waiting for what becomes of it. */
const tell = (peer: FakePeer, ...all: CheckedTransaction[]): Promise<void> =>
  peer.network.publish('transactions', encode(all));

const scoreOf = ({ id }: FakePeer): number | undefined =>
  alice.node.peers().find((peer) => peer.id === id)?.score;

const verdicts = (): string[] => alice.network.verdicts.map(({ verdict }) => verdict);

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

it("asks as what it is: own callers' signatures as own, strangers' as strangers', in strangers' turns", async () => {
  const asked: (Urgency | undefined)[] = [];
  const recording: SignatureVerifier = {
    verify: (checks, urgency?: Urgency) => {
      asked.push(urgency);
      return inlineVerifier.verify(checks);
    },
  };
  const carol = await world.start('carol', { verifier: recording });
  await world.wait(carol.node.submit([pay(0).signed]), 'submitted');
  const mallory = await FakePeer.join(world, 'mallory');
  await mallory.connectTo(carol);
  await world.clock.advance(1_000);
  const strangersTurn = vi.spyOn(Turns.prototype, 'nextForStranger');
  await mallory.gossip('transactions', encode([pay(1)]));
  expect(strangersTurn).toHaveBeenCalled();
  strangersTurn.mockRestore();
  expect(asked).toEqual(['own', 'stranger']);
});

describe('no signature is verified', () => {
  it('of a transaction that is confirmed, however often and in whatever company it is told', async () => {
    const paid = numbers(20).map((sequence) => pay(sequence));
    await world.wait(alice.node.submit(paid.map(({ signed }) => signed)), 'submitted');
    await world.mine(alice, 1);
    // It was not there when the block came: nothing is fresh in its memory.
    const late = new SlowVerifier(world.clock);
    const carol = await world.start('carol', { verifier: late });
    world.hub.introduceAll();
    await world.converge();
    const mallory = await FakePeer.join(world, 'mallory');
    await mallory.connectTo(carol);
    await world.clock.advance(1_000);
    const before = late.verified;
    for (const count of [20, 20, 7, 1]) await mallory.gossip('transactions', encode(paid.slice(0, count)));
    expect(late.verified).toBe(before);
    expect(carol.node.peers().find(({ id }) => id === mallory.id)?.score).toBe(0);
  });

  it.each<[string, () => CheckedTransaction]>([
    ['of an account that has nothing', () => pay(0, { from: poor })],
    ['with a fee too low', () => pay(0, { fee: 1n })],
    ['beyond what its sender has', () => pay(0, { amount: 10n ** 12n })],
    ['behind a gap no pool could close', () => pay(1_024)],
    ['behind a gap, before what is missing is here', () => pay(3)],
  ])('of one %s', async (_what, make) => {
    const mallory = await join('mallory');
    await mallory.gossip('transactions', encode([make()]));
    expect(verifier.verified).toBe(0);
    expect(verdicts()).toEqual(['ignore']);
    expect(scoreOf(mallory)).toBe(0);
  });

  it('twice of the same wrong bytes, whoever tells them', async () => {
    const [eve, mallory] = [await join('eve'), await join('mallory')];
    await eve.gossip('transactions', encode([forged(0)]));
    await mallory.gossip('transactions', encode([forged(0)]));
    expect(verifier.verified).toBe(1);
    expect([eve, mallory].map(scoreOf)).toEqual([34, 34]);
  });

  it('of an amount no ledger can hold, which no honest peer passes on', async () => {
    const mallory = await join('mallory');
    await mallory.gossip('transactions', encode([pay(0, { amount: 2n ** 63n - 1n })]));
    expect(verifier.verified).toBe(0);
    expect(scoreOf(mallory)).toBe(34);
  });

  it('behind a wrong one, beyond the portion it is in', async () => {
    const mallory = await join('mallory');
    await mallory.gossip('transactions', encode(numbers(500).map((sequence) => forged(sequence))));
    expect(verifier.verified).toBe(64);
  });
});

describe('a wrong signature told first', () => {
  it('does not keep the right one out', async () => {
    const [mallory, bob] = [await join('mallory'), await join('bob')];
    await mallory.gossip('transactions', encode([forged(0)]));
    await bob.gossip('transactions', encode([pay(0)]));
    expect(alice.node.pool.ids()).toEqual([pay(0).id]);
    expect(scoreOf(bob)).toBe(0);
  });

  it('does not keep the right one out of a gap either, and its teller pays when it is found', async () => {
    const [mallory, bob] = [await join('mallory'), await join('bob')];
    await mallory.gossip('transactions', encode([forged(1)]));
    await bob.gossip('transactions', encode([pay(1)]));
    await bob.gossip('transactions', encode([pay(0)]));
    await world.clock.until(() => alice.node.pool.count === 2, 'both admitted', 1_000);
    expect(scoreOf(bob)).toBe(0);
    expect(scoreOf(mallory)).toBe(34);
  });
});

describe('a flood of wrong signatures', () => {
  const LIARS = 12;
  const MESSAGES = 20;

  /** Every message of every liar another, all of them at once. */
  async function flood(): Promise<void> {
    const honest = numbers(64).map((sequence) => pay(sequence).signed);
    const liars = await Promise.all(numbers(LIARS).map((number) => FakePeer.join(world, `liar-${number}`)));
    for (const liar of liars) await liar.connectTo(alice);
    await world.clock.advance(100);
    for (const [index, liar] of liars.entries()) {
      for (const message of numbers(MESSAGES)) {
        const amount = BigInt(2 + MESSAGES * index + message);
        // The signature is that of another amount.
        const transactions = honest.map(({ signature, transaction }) => ({
          transaction: { ...transaction, amount },
          signature,
        }));
        void liar.network.publish(
          'transactions',
          TransactionsMessageType.serialize({ salt: salt++, transactions }),
        );
      }
    }
    // They have arrived, and wait.
    await world.clock.advance(6);
  }

  it('ends with its tellers gone, what they had still waiting unchecked', async () => {
    await flood();
    await world.clock.advance(10_000);
    expect(alice.node.peers()).toEqual([]);
    // Three tries each, of a portion each.
    expect(verifier.verified).toBeLessThanOrEqual(LIARS * 3 * 64);
    const after = verifier.verified;
    await world.clock.advance(60_000);
    expect(verifier.verified).toBe(after);
    expect(alice.node.sizes().transactionMessages).toBe(0);
  });

  it("lets the node's own callers and honest peers go on meanwhile", async () => {
    const bob = await join('bob');
    await flood();
    void tell(bob, pay(0, { from: other }));
    const startMs = world.clock.now();
    const [outcome] = await world.wait(alice.node.submit([pay(0).signed]), 'submitted');
    expect(outcome).toMatchObject({ accepted: true });
    expect(world.clock.now() - startMs).toBeLessThan(50);
    await world.clock.until(() => alice.node.pool.count === 2, 'heard', 500);
    expect(scoreOf(bob)).toBe(0);
  });
});

describe('what comes to nothing', () => {
  let refuse: MockInstance<TransactionAdmission['refuse']>;
  beforeEach(() => {
    refuse = vi.spyOn(TransactionAdmission.prototype, 'refuse');
    return () => refuse.mockRestore();
  });
  const looked = (): number => refuse.mock.calls.length;
  const junk = (message: number): CheckedTransaction[] =>
    numbers(MAX_GOSSIP_TRANSACTIONS).map((index) => pay(index, { from: poor, amount: BigInt(message + 1) }));

  it('is looked at within bounds: beyond them a peer is not listened to for a while, and costs it nothing else', async () => {
    const mallory = await join('mallory');
    for (const message of numbers(40)) await tell(mallory, ...junk(message));
    await tell(mallory, pay(0));
    await world.clock.advance(200);
    expect(looked()).toBeGreaterThanOrEqual(BUDGET_UNITS / WORK.refused);
    expect(looked()).toBeLessThan((2 * BUDGET_UNITS) / WORK.refused);
    // Few of them are worth an event.
    expect(eventsOf(alice, 'transaction.refused').length).toBeLessThan(looked() / 50);
    expect(scoreOf(mallory)).toBe(0);
    expect(alice.node.pool.count).toBe(0);
    await world.clock.advance(10_000);
    await mallory.gossip('transactions', encode([pay(0)]));
    expect(alice.node.pool.count).toBe(1);
  });

  it('counts on for a peer that connects again', async () => {
    const mallory = await join('mallory');
    for (const message of numbers(30)) await tell(mallory, ...junk(message));
    await world.clock.advance(100);
    mallory.network.hangUp(alice.network.self, 'for a moment');
    await mallory.connectTo(alice);
    for (const message of numbers(30)) await tell(mallory, ...junk(30 + message));
    await world.clock.advance(100);
    expect(looked()).toBeLessThan((2 * BUDGET_UNITS) / WORK.refused);
  });

  it('costs dearer if it is told again', async () => {
    const mallory = await join('mallory');
    for (const _ of numbers(10)) await tell(mallory, ...junk(0).slice(0, 100));
    await world.clock.advance(200);
    // 100 × 8, and then 100 × (8 + 16) a time.
    expect(looked()).toBeLessThanOrEqual(500);
  });

  it('is cheaper where only we do not want it: an honest peer cannot know', async () => {
    const honest = await join('honest');
    const unwanted = numbers(400).map((index) => pay(index, { fee: 0n }));
    await tell(honest, ...unwanted);
    await world.clock.advance(200);
    expect(new Set(eventsOf(alice, 'transaction.refused').map(({ code }) => code))).toEqual(
      new Set(['fee-too-low']),
    );
    expect(looked()).toBe(400);
    await tell(honest, ...numbers(480).map((index) => pay(400 + index, { fee: 0n })));
    await tell(honest, ...numbers(480).map((index) => pay(880 + index, { fee: 0n })));
    await world.clock.advance(200);
    expect(looked()).toBeGreaterThan(BUDGET_UNITS / WORK.refused);
  });

  it('does not use up what others may cause', async () => {
    const [mallory, bob] = [await join('mallory'), await join('bob')];
    for (const message of numbers(40)) void tell(mallory, ...junk(message));
    void tell(bob, pay(0));
    await world.clock.until(() => alice.node.pool.count === 1, 'heard', 200);
  });
});

describe('what many peers tell', () => {
  it('is told for nothing: each may tell what came to something', async () => {
    const peers = await Promise.all(numbers(4).map((number) => join(`peer-${number}`)));
    for (const round of numbers(20)) {
      const paid = numbers(50).map((index) => pay(50 * round + index));
      for (const peer of peers) await peer.gossip('transactions', encode(paid));
    }
    expect(alice.node.pool.count).toBe(1_000);
    expect(verifier.verified).toBe(1_000);
    await world.clock.advance(1_000);
    const extra = numbers(1).map(() => pay(1_000));
    for (const peer of peers) await peer.gossip('transactions', encode(extra));
    expect(alice.node.pool.count).toBe(1_001);
  });
});

describe('a message', () => {
  beforeEach(async () => {
    await join('bob');
  });

  const accepted = (): boolean => verdicts().at(-1) === 'accept';

  it('goes on as it came if at least half of it is new', async () => {
    const mallory = await join('mallory');
    await mallory.gossip('transactions', encode([pay(0)]));
    await mallory.gossip('transactions', encode([pay(0), pay(1)]));
    expect(accepted()).toBe(true);
  });

  it('of old ones with one new does not: that goes on by itself', async () => {
    const mallory = await join('mallory');
    await mallory.gossip('transactions', encode([pay(0), pay(1)]));
    alice.network.sent.length = 0;
    await mallory.gossip('transactions', encode([pay(0), pay(1), pay(2)]));
    expect(verdicts().at(-1)).toBe('ignore');
    const [sent] = alice.network.sent.map(({ message }) => TransactionsMessageType.deserialize(message));
    expect(sent?.transactions).toEqual([pay(2).signed]);
  });

  it('of one transaction again and again is verified once', async () => {
    const mallory = await join('mallory');
    await mallory.gossip('transactions', encode(new Array(500).fill(pay(0))));
    expect(verifier.verified).toBe(1);
    expect(verdicts().at(-1)).toBe('ignore');
  });

  it('with a known one under another signature does not go on: who hears it next would hold it against us', async () => {
    const mallory = await join('mallory');
    await mallory.gossip('transactions', encode([pay(0)]));
    await mallory.gossip('transactions', encode([forged(0), pay(1)]));
    expect(verdicts().at(-1)).toBe('ignore');
    expect(alice.node.pool.count).toBe(2);
  });
});

describe('a submission', () => {
  it('that follows what a peer tells just then waits for it', async () => {
    const bob = await join('bob');
    void tell(bob, ...numbers(60).map((sequence) => pay(sequence)));
    await world.clock.until(() => verifier.verified > 0, 'being verified', 100);
    expect(alice.node.pool.count).toBe(0);
    const [outcome] = await world.wait(alice.node.submit([pay(60).signed]), 'submitted');
    expect(outcome).toMatchObject({ accepted: true });
  });
});

describe('ids of a pool that need no fetching', () => {
  it('are looked up in turns, within bounds that a new connection does not widen', async () => {
    const paid = numbers(300).map((sequence) => pay(sequence));
    await world.wait(alice.node.submit(paid.map(({ signed }) => signed)), 'submitted');
    await world.mine(alice, 1);
    await world.clock.advance(60_000);
    const ids = PoolIdsType.serialize(
      numbers(32_768).map((index) =>
        Buffer.from((paid[index % paid.length] as CheckedTransaction).id, 'hex'),
      ),
    );
    let lookups = 0;
    let inARow = 0;
    let mostInARow = 0;
    let turns = 0;
    const after = world.clock.after.bind(world.clock);
    world.clock.after = (delayMs, call) => {
      if (delayMs === 0) turns++;
      return after(delayMs, call);
    };
    const { chain } = alice.node;
    const seemsConfirmed = chain.seemsConfirmed.bind(chain);
    chain.seemsConfirmed = (id) => {
      lookups++;
      inARow++;
      mostInARow = Math.max(mostInARow, inARow);
      queueMicrotask(() => {
        inARow = 0;
      });
      return seemsConfirmed(id);
    };
    let asked = 0;
    const mallory = await FakePeer.join(world, 'mallory');
    mallory.bend('pool', () => {
      asked++;
      return [ids];
    });
    for (const _ of numbers(5)) {
      await mallory.connectTo(alice);
      await world.clock.advance(500);
      mallory.network.hangUp(alice.network.self, 'again');
    }
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(8);
    expect(lookups).toBeLessThan(3 * BUDGET_UNITS);
    expect(mostInARow).toBeLessThanOrEqual(256);
    expect(turns).toBeGreaterThanOrEqual(lookups / 256);
    expect(alice.failures).toEqual([]);
  });

  it('and are never given end the comparison', async () => {
    const mallory = await FakePeer.join(world, 'mallory');
    let fetches = 0;
    mallory.bend('pool', () => [
      PoolIdsType.serialize(
        numbers(32_768).map((index) => Buffer.from(index.toString(16).padStart(64, '0'), 'hex')),
      ),
    ]);
    mallory.bend('transactions', () => {
      fetches++;
      return [new Uint8Array(0)];
    });
    await mallory.connectTo(alice);
    await world.clock.advance(5_000);
    expect(fetches).toBe(3);
    expect(scoreOf(mallory)).toBe(0);
  });
});
