import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_FUTURE_MS } from '../../src/core/header.ts';
import { bigIntToBytes, bytesToBigInt } from '../../src/core/hex.ts';
import { idToBytes } from '../../src/core/identifiers.ts';
import { MAX_UINT63 } from '../../src/core/types.ts';
import type { NodeEvent } from '../../src/node/events.ts';
import { runInBackground } from '../../src/node/faults.ts';
import { Mining } from '../../src/node/mining.ts';
import type { Miner, MiningJob } from '../../src/node/ports.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { asChecked, BlockMaker, mineHeader, payingNetwork, payment, testKey } from '../support/ledger.ts';
import { eventsOf, type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

/** Searches only when told to, and counts what it was asked. */
class HeldMiner implements Miner {
  readonly threads = 1;
  readonly jobs: MiningJob[] = [];
  #found: ((nonce: Uint8Array | undefined) => void) | undefined;

  search(job: MiningJob, signal: AbortSignal): Promise<Uint8Array | undefined> {
    this.jobs.push(job);
    const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
    this.#found = resolve;
    signal.addEventListener('abort', () => {
      this.#found = undefined;
      resolve(undefined);
    });
    return promise;
  }

  get isSearching(): boolean {
    return this.#found !== undefined;
  }

  /** Ends the search under way with a good nonce. */
  find(): void {
    const job = this.jobs.at(-1);
    for (let count = 0n; job !== undefined && count < 10_000n; count++) {
      const nonce = bigIntToBytes(count, 32);
      const id = createHash('sha256').update(job.headerRoot).update(nonce).digest();
      if (bytesToBigInt(id) > job.target) continue;
      this.#found?.(nonce);
      this.#found = undefined;
      return;
    }
  }

  hashrate(): number {
    return 0;
  }

  async close(): Promise<void> {}
}

let world: VirtualWorld;
let miner: HeldMiner;
let node: VirtualNode;
let maker: BlockMaker;

beforeEach(async () => {
  const definition = payingNetwork({ blockInterval: 100n });
  world = new VirtualWorld(definition);
  maker = new BlockMaker(definition);
  miner = new HeldMiner();
  node = await world.start('node', { miner });
});

const tipHeight = (): number => node.node.chain.tip.height;

async function findNext(): Promise<void> {
  await world.clock.until(() => miner.isSearching, 'searching');
  const height = tipHeight();
  miner.find();
  await world.clock.until(() => tipHeight() > height, 'connected', 1_000);
}

describe('continuous mining', () => {
  it('goes on from tip to tip, and each block is on the chain before it is told', async () => {
    node.node.mining.start();
    for (let i = 0; i < 3; i++) await findNext();
    expect(eventsOf(node, 'block.mined').map(({ height }) => height)).toEqual([1, 2, 3]);
    expect(node.node.chain.account(node.key.address).balance).toBe(3n * world.definition.params.subsidy);
    await world.wait(node.node.mining.stop(), 'stopped');
    expect(node.node.mining.active).toBe(false);
  });

  it('starts anew on a new tip, at once', async () => {
    node.node.mining.start();
    await world.clock.advance(0);
    const block = maker.block(maker.genesis);
    const peer = await FakePeer.join(world, 'peer');
    await peer.connectTo(node);
    const before = world.clock.now();
    const { length } = miner.jobs;
    node.node.chain.addBlock(block, before);
    await world.clock.until(() => miner.jobs.length > length, 'a new search', 1);
    miner.find();
    await world.clock.until(() => tipHeight() === 2, 'connected', 10);
    expect(node.failures).toEqual([]);
  });

  it('takes them in less often while a template takes long to make', async () => {
    const { pool } = node.node;
    const select = pool.select.bind(pool);
    vi.spyOn(pool, 'select').mockImplementation((maxBytes) => {
      world.clock.pass(20);
      return select(maxBytes);
    });
    node.node.mining.start();
    await findNext();
    await world.clock.until(() => miner.isSearching, 'searching');
    const { length } = miner.jobs;
    const { signed } = payment(world.definition, { from: node.key, to: testKey(2).address, sequence: 0 });
    await world.wait(node.node.submit([signed]), 'submitted');
    await world.clock.advance(350);
    expect(miner.jobs).toHaveLength(length);
    await world.clock.advance(100);
    expect(miner.jobs).toHaveLength(length + 1);
  });

  it('takes in new transactions within a moment, many of them with one restart', async () => {
    node.node.mining.start();
    await findNext();
    await world.clock.until(() => miner.isSearching, 'searching');
    const { length } = miner.jobs;
    const paid = [0, 1, 2].map((sequence) =>
      payment(world.definition, { from: node.key, to: testKey(2).address, sequence }),
    );
    for (const { signed } of paid) await world.wait(node.node.submit([signed]), 'submitted');
    await world.clock.advance(150);
    expect(miner.jobs.length).toBe(length + 1);
    await findNext();
    expect(node.node.chain.transaction(paid[2]?.id as never)?.record.height).toBe(2);
  });

  it('takes them in as soon after a pause that a transaction fell into', async () => {
    // A tip ahead of the clock: the next block is not due, so mining pauses.
    const ahead = BigInt(world.clock.now() + MAX_FUTURE_MS);
    node.node.chain.addBlock(
      maker.block(maker.genesis, { timestamp: ahead, miner: node.key.address }),
      world.clock.now(),
    );
    world.clock.correct(world.clock.now() - 500);
    node.node.mining.start();
    await world.clock.advance(0);
    const pay = (sequence: number) =>
      payment(world.definition, { from: node.key, to: testKey(2).address, sequence }).signed;
    await world.wait(node.node.submit([pay(0)]), 'submitted');
    await world.clock.until(() => miner.isSearching, 'searching', 1_000);
    const { length } = miner.jobs;
    await world.wait(node.node.submit([pay(1)]), 'submitted');
    await world.clock.advance(150);
    expect(miner.jobs.length).toBe(length + 1);
  });

  it('tells once that it waits for a tip ahead of the clock, and goes on when the clock is set right', async () => {
    const startMs = world.clock.now();
    const genesisMs = Number(maker.genesis.block.sealed.header.timestamp);
    const [hourMs, untilMs] = [3_600_000, genesisMs + 1 - MAX_FUTURE_MS];
    world.clock.correct(genesisMs - hourMs);
    node.node.mining.start();
    await world.clock.advance(120_000);
    const told = { event: 'mining.waiting', height: 0, aheadMs: hourMs + 1, untilMs };
    expect(eventsOf(node, 'mining.waiting')).toEqual([told]);
    expect(node.node.mining.waitsUntilMs).toBe(untilMs);
    expect(miner.isSearching).toBe(false);
    world.clock.correct(startMs);
    await world.clock.until(() => miner.isSearching, 'searching', 2_000);
    expect(node.node.mining.waitsUntilMs).toBeUndefined();
    // It is told again when it happens again.
    world.clock.correct(genesisMs - hourMs);
    await world.clock.advance(5_000);
    expect(eventsOf(node, 'mining.waiting')).toHaveLength(2);
  });

  it('keeps its timestamps true however long the search takes', async () => {
    node.node.mining.start();
    await world.clock.advance(60_000);
    expect(miner.jobs.length).toBeGreaterThanOrEqual(59);
    await findNext();
    const timestamp = Number(node.node.chain.tip.sealed.header.timestamp);
    expect(world.clock.now() - timestamp).toBeLessThanOrEqual(1_100);
  });

  it('ends its search at once when it is stopped', async () => {
    node.node.mining.start();
    await world.clock.advance(0);
    expect(miner.isSearching).toBe(true);
    await world.wait(node.node.mining.stop(), 'stopped');
    expect(miner.isSearching).toBe(false);
    const { length } = miner.jobs;
    await world.clock.advance(5_000);
    expect(miner.jobs.length).toBe(length);
  });

  it('does not end the node when its reward has no room in the balance: it is said, and another may be paid', async () => {
    const rich = testKey(5);
    const definition = payingNetwork({
      allocations: [{ address: rich.publicKey, amount: MAX_UINT63 }],
      subsidy: 500n,
    });
    const other = new VirtualWorld(definition);
    const { key, node: full } = await other.start('full');
    const { chain, pool } = full;
    const told: NodeEvent[] = [];
    const failures: unknown[] = [];
    const mining = new Mining({
      ...{ chain, pool, miner, clock: other.clock, address: rich.address },
      background: runInBackground((error) => failures.push(error)),
      emit: (event) => told.push(event),
      isCatchingUp: () => false,
      onMined: () => Promise.resolve(false),
    });
    mining.start();
    await other.clock.advance(5_000);
    expect(told).toEqual([{ event: 'mining.unpayable', miner: rich.address }]);
    expect(miner.jobs).toEqual([]);
    await other.wait(mining.close(), 'closed');
    expect(failures).toEqual([]);
    const asked = full.mining.mine(1, undefined, rich.address);
    await expect(other.wait(asked, 'answered')).rejects.toThrow('has no room for a reward');
    await other.wait(full.mining.mine(1, undefined, key.address), 'mined');
    expect(chain.tip.height).toBe(1);
  });

  it('goes on as one loop when it is stopped and started again at once', async () => {
    const loops: Promise<unknown>[] = [];
    const { chain, pool } = node.node;
    const mining = new Mining({
      chain,
      pool,
      miner,
      clock: world.clock,
      address: node.key.address,
      background: (loop) => loops.push(loop),
      emit: () => {},
      isCatchingUp: () => false,
      onMined: async () => true,
    });
    mining.start();
    await world.clock.advance(0);
    for (let round = 0; round < 3; round++) {
      void mining.stop();
      mining.start();
    }
    await world.clock.until(() => miner.isSearching, 'searching');
    expect(loops).toHaveLength(1);
    await world.wait(mining.stop(), 'stopped');
    await world.wait(Promise.all(loops), 'ended');
    mining.start();
    expect(loops).toHaveLength(2);
    await world.wait(mining.close(), 'closed');
  });

  it('waits while the blocks of a longer chain come', async () => {
    const chain = maker.filled(maker.genesis, 300);
    const peer = await FakePeer.join(world, 'peer', chain);
    peer.bend('blocks', async function* (request) {
      await new Promise<void>((resolve) => world.clock.after(1_000, resolve));
      yield* [...peer.answerBlocks(request)].slice(0, 10);
    });
    node.node.mining.start();
    await peer.connectTo(node);
    const isHere = (height: number) => () => node.node.chain.tip.height >= height;
    await world.clock.until(isHere(40), 'some blocks are here', 60_000);
    await world.clock.advance(100);
    const before = miner.jobs.length;
    await world.clock.until(isHere(280), 'nearly all', 60_000);
    expect(miner.jobs).toHaveLength(before);
    await world.clock.until(isHere(300), 'all', 60_000);
    await world.clock.until(() => miner.jobs.length > before, 'it mines', 5_000);
  });

  it('goes on while blocks are only promised', async () => {
    const chain = maker.filled(maker.genesis, 300);
    const peer = await FakePeer.join(world, 'peer', chain);
    let asked = 0;
    peer.bend('blocks', async function* () {
      asked++;
      await new Promise<never>(() => {});
    });
    await peer.connectTo(node);
    await world.clock.until(() => asked > 0, 'bodies asked for');
    node.node.mining.start();
    await world.clock.until(() => miner.isSearching, 'it mines', 1_000);
  });

  it('is not kept waiting by claims nobody proves', async () => {
    const liar = await FakePeer.join(world, 'liar');
    liar.bend('headers', async function* () {
      await new Promise<void>((resolve) => world.clock.after(14_000, resolve));
      yield new Uint8Array(4).fill(0);
    });
    liar.status = { work: 2n ** 100n };
    await liar.connectTo(node);
    node.node.mining.start();
    let searching = 0;
    for (let second = 0; second < 60; second++) {
      await world.clock.advance(1_000);
      if (miner.isSearching) searching++;
    }
    expect(searching).toBeGreaterThan(50);
  });
});

describe('mining on demand', () => {
  it.each([0, -1, 1.5, Number.NaN, 100_001])('refuses a count of %s', async (count) => {
    await expect(node.node.mining.mine(count)).rejects.toThrow(RangeError);
  });

  it('mines exactly so many, one on the other, also while mining continuously', async () => {
    const easy = await world.start('easy');
    easy.node.mining.start();
    const ids = await world.mine(easy, 20);
    expect(new Set(ids).size).toBe(20);
    const heights = ids.map((id) => easy.node.chain.byId(id)?.height ?? 0);
    expect(heights).toEqual(heights.map((_, index) => (heights[0] ?? 0) + index));
    await world.wait(easy.node.mining.stop(), 'stopped');
  });

  it('takes the turn of continuous mining and gives it back', async () => {
    node.node.mining.start();
    await world.clock.advance(0);
    const mined = node.node.mining.mine(2);
    await findNext();
    await findNext();
    expect(await world.wait(mined, 'mined')).toHaveLength(2);
    await findNext();
    expect(tipHeight()).toBe(3);
  });

  it('gives the rewards to whom it is told, and its own go on to its own', async () => {
    node.node.mining.start();
    await world.clock.advance(0);
    const other = testKey(2).address;
    const mined = node.node.mining.mine(1, undefined, other);
    await findNext();
    await world.wait(mined, 'mined');
    await findNext();
    const { subsidy } = world.definition.params;
    const { chain } = node.node;
    expect(chain.account(other).balance).toBe(subsidy);
    expect(chain.account(node.key.address).balance).toBe(subsidy);
  });

  it('serves two callers one after the other', async () => {
    const easy = await world.start('easy');
    const both = Promise.all([easy.node.mining.mine(3), easy.node.mining.mine(2)]);
    const [first, second] = await world.wait(both, 'mined');
    expect([...first, ...second].map((id) => easy.node.chain.byId(id)?.height)).toEqual([1, 2, 3, 4, 5]);
  });

  it('ends with what it has when its caller gives up', async () => {
    const caller = new AbortController();
    const mined = node.node.mining.mine(5, caller.signal);
    await findNext();
    await findNext();
    caller.abort();
    expect(await world.wait(mined, 'ended')).toHaveLength(2);
    expect(miner.isSearching).toBe(false);
  });

  it('lets a caller give up before its turn, and leaves the other’s search alone', async () => {
    const first = node.node.mining.mine(1);
    await world.clock.advance(0);
    const { length } = miner.jobs;
    const caller = new AbortController();
    const second = node.node.mining.mine(1, caller.signal);
    await world.clock.advance(0);
    caller.abort();
    expect(await world.wait(second, 'given up')).toEqual([]);
    expect(miner.jobs.length).toBeLessThanOrEqual(length + 1);
    await findNext();
    expect(await world.wait(first, 'mined')).toHaveLength(1);
  });

  it('mines nothing for a caller that has given up already', async () => {
    expect(await world.wait(node.node.mining.mine(1, AbortSignal.abort()), 'ended')).toEqual([]);
    expect(miner.jobs).toEqual([]);
  });

  it('ends when the node stops', async () => {
    const mined = node.node.mining.mine(5);
    await findNext();
    await world.wait(node.node.stop(), 'stopped');
    expect(await mined).toHaveLength(1);
  });

  it('waits for a time that is not ahead of what others take', async () => {
    const ahead = BigInt(world.clock.now() + MAX_FUTURE_MS);
    node.node.chain.addBlock(maker.block(maker.genesis, { timestamp: ahead }), world.clock.now());
    const easy = node.node.mining.mine(3);
    for (let i = 0; i < 3; i++) {
      await findNext();
      const { timestamp } = node.node.chain.tip.sealed.header;
      expect(Number(timestamp)).toBeLessThanOrEqual(world.clock.now() + MAX_FUTURE_MS);
    }
    expect(await world.wait(easy, 'mined')).toHaveLength(3);
  });

  it('is refused, instead of waited for, while the tip is ahead of the clock', async () => {
    world.clock.correct(Number(maker.genesis.block.sealed.header.timestamp) - 3_600_000);
    await expect(world.wait(node.node.mining.mine(1), 'refused')).rejects.toThrow(
      "no block can follow #0 yet, it is 3,600 s ahead of this machine's clock: set the clock right, or wait",
    );
    expect(miner.isSearching).toBe(false);
  });

  it('does not count a block that is not due any more because the clock was set back', async () => {
    const mined = node.node.mining.mine(1);
    await world.clock.until(() => miner.isSearching, 'searching');
    world.clock.correct(world.clock.now() - 2 * MAX_FUTURE_MS);
    miner.find();
    await world.clock.advance(0);
    expect(eventsOf(node, 'block.mined')).toEqual([]);
    await findNext();
    expect(await world.wait(mined, 'mined')).toEqual([node.node.chain.tip.id]);
  });
});

describe('a stopped node', () => {
  it('leaves no timer behind', async () => {
    const busy = await world.start('busy');
    await world.mine(busy, 3);
    const paid = payment(world.definition, { from: busy.key, to: testKey(2).address, sequence: 0 });
    await world.wait(busy.node.submit([paid.signed]), 'submitted');
    const peer = await FakePeer.join(world, 'peer', []);
    await peer.connectTo(busy);
    await world.wait(node.node.stop(), 'stopped');
    busy.network.stopMs = 500;
    const stopped = busy.node.stop();
    // What still comes while it stops must set nothing going.
    const { tip } = busy.node.chain;
    const sealed = mineHeader({
      ...tip.sealed.header,
      parent: idToBytes(tip.id),
      height: BigInt(tip.height + 1),
      timestamp: tip.sealed.header.timestamp + 1n,
      transactionsRoot: maker.genesis.block.sealed.header.transactionsRoot,
    });
    await peer.gossipSoon(asChecked({ sealed, transactions: [] }));
    await world.wait(stopped, 'stopped');
    expect(busy.node.chain.tip.id).toBe(tip.id);
    await world.clock.advance(0);
    expect(world.clock.pending).toBe(0);
    expect(busy.failures).toEqual([]);
  });
});
