/** Who waits to be compared, and for how long: no longer than it is connected. */
import { describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/chain/mempool.ts';
import type { BodySync } from '../../src/node/body-sync.ts';
import { own } from '../../src/node/faults.ts';
import type { HeaderSync } from '../../src/node/header-sync.ts';
import { Peers } from '../../src/node/peers.ts';
import { PoolSync, type PoolSyncOptions } from '../../src/node/pool-sync.ts';
import type { Network, PeerId } from '../../src/node/ports.ts';
import { Sync } from '../../src/node/sync.ts';
import type { TransactionRelay } from '../../src/node/transaction-relay.ts';
import { Turns } from '../../src/node/turns.ts';
import { WorkBudgets } from '../../src/node/work-budget.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { testNetwork } from '../support/ledger.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const peerIds = (count: number, name = 'peer'): PeerId[] =>
  Array.from({ length: count }, (_, number) => `${name}${number}` as PeerId);

function setUp(chainIdle: PoolSyncOptions['chainIdle']) {
  const clock = new VirtualClock();
  const chain = Chain.open(testNetwork(), new MemoryStore());
  const failures: unknown[] = [];
  /** Peers that are being asked, and what answers for them. */
  const asked = new Map<PeerId, () => void>();
  const network = {
    request: (peer: PeerId) =>
      new Promise<Uint8Array[]>((resolve) => asked.set(peer, () => resolve([new Uint8Array(0)]))),
  } as Partial<Network> as Network;
  const sync = new PoolSync({
    ...{ network, chain, pool: new Mempool(chain), clock, chainIdle },
    relay: {} as TransactionRelay,
    budgets: new WorkBudgets(clock),
    turns: new Turns((call) => clock.after(0, call)),
    during: (_peer, _what, work) => own(Promise.resolve(work())),
    background: (work) => void work.catch((error) => failures.push(error)),
  });
  return { asked, clock, failures, sync };
}

describe('peers whose pools are to be compared', () => {
  it('wait for a place in turn, and those that are gone wait no more', async () => {
    const { asked, clock, failures, sync } = setUp(async () => true);
    const peers = peerIds(40);
    for (const peer of peers) sync.heard(peer);
    await clock.advance(1);
    expect([asked.size, sync.waiting]).toEqual([32, 8]);
    // As many again come and go, time and again.
    for (let round = 0; round < 5; round++) {
      const strangers = peerIds(32, `stranger${round}-`);
      for (const peer of strangers) sync.heard(peer);
      await clock.advance(1);
      for (const peer of strangers) sync.forget(peer);
      expect(sync.waiting).toBe(8);
    }
    sync.forget(peers[33] as PeerId);
    asked.get(peers[0] as PeerId)?.();
    asked.get(peers[1] as PeerId)?.();
    await clock.advance(1);
    expect([...asked.keys()].slice(32)).toEqual([peers[32], peers[34]]);
    expect(sync.waiting).toBe(5);
    sync.stop();
    expect(sync.waiting).toBe(0);
    await clock.advance(1);
    expect(failures).toEqual([]);
  });

  it('that are gone when the chain is here are not asked', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const { asked, clock, sync } = setUp(() => promise);
    for (const peer of peerIds(3)) sync.heard(peer);
    sync.forget('peer1' as PeerId);
    resolve(true);
    await clock.advance(1);
    expect([...asked.keys()]).toEqual(['peer0', 'peer2']);
  });
});

describe('to wait until nothing is being fetched', () => {
  it('ends when that is so, or with its time', async () => {
    const clock = new VirtualClock();
    const bodies = { active: true, wake: () => {} };
    const sync = new Sync({
      ...{ chain: Chain.open(testNetwork(), new MemoryStore()), clock, peers: new Peers() },
      during: (_peer, _what, work) => own(Promise.resolve(work())),
      headers: {} as HeaderSync,
      bodies: bodies as BodySync,
      background: () => {},
      emit: () => {},
    });
    const outcomes: string[] = [];
    for (const limitMs of [1_000, 5_000, 9_000])
      void sync.idle(limitMs).then((isIdle) => outcomes.push(`${limitMs}: ${isIdle}`));
    await clock.advance(5_001);
    expect(outcomes).toEqual(['1000: false', '5000: false']);
    bodies.active = false;
    sync.bodiesRest();
    await clock.advance(0);
    expect(outcomes.slice(2)).toEqual(['9000: true']);
    expect(await sync.idle(1)).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
