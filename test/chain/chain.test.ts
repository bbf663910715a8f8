import { beforeEach, describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { InvalidBlockError, UnknownParentError } from '../../src/chain/errors.ts';
import { locatorHeights, MAX_LOCATOR_IDS } from '../../src/chain/locator.ts';
import type { BlockRecord, CheckedBlock, TipChange } from '../../src/chain/records.ts';
import { decodeBlock, decodeSealedHeader, encodeBlock } from '../../src/core/encoding.ts';
import { InvariantError, RuleError } from '../../src/core/errors.ts';
import { MAX_FUTURE_MS } from '../../src/core/header.ts';
import type { BlockId, TransactionId } from '../../src/core/identifiers.ts';
import { workOfBits } from '../../src/core/target.ts';
import type { SealedHeader } from '../../src/core/types.ts';
import { StoreError } from '../../src/store/errors.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { BlockMaker, NOW_MS, payment, testKey, testNetwork } from '../support/ledger.ts';

const alice = testKey(1);
const bob = testKey(2);
const miner = testKey(3);
const network = testNetwork({ allocations: [{ address: alice.publicKey, amount: 1_000_000n }] });
const pay = (sequence: number, fields = {}) =>
  payment(network, { from: alice, to: bob.address, sequence, ...fields });

let store: MemoryStore;
let chain: Chain;
let maker: BlockMaker;

beforeEach(() => {
  store = new MemoryStore();
  chain = Chain.open(network, store);
  maker = new BlockMaker(network);
});

function add(...blocks: CheckedBlock[]): void {
  for (const block of blocks) chain.addBlock(block, NOW_MS);
}

function headersAfter(locator: readonly BlockId[], limit: number): SealedHeader[] {
  return chain.headersAfter(locator, limit).map(decodeSealedHeader);
}

function recordOf(block: CheckedBlock): BlockRecord {
  const record = chain.byId(block.id);
  if (record === undefined) throw new Error('the block is not here');
  return record;
}

const sealed = (blocks: readonly CheckedBlock[]) => blocks.map(({ block }) => block.sealed);
const ids = (blocks: readonly { id: BlockId }[]) => blocks.map(({ id }) => id);

describe('opening', () => {
  it('an empty store gives the genesis and its allocations', () => {
    expect(chain.tip).toMatchObject({
      id: network.genesisId,
      number: 0,
      height: 0,
      parent: -1,
      status: 'body',
    });
    expect(chain.tip.work).toBe(workOfBits(network.params.initialBits));
    expect(chain.bestHeader).toEqual(chain.tip);
    expect(chain.account(alice.address)).toEqual({ balance: 1_000_000n, sequence: 0n });
    expect(chain.parentOf(chain.tip)).toBeUndefined();
    expect(chain.block(chain.tip)).toEqual(network.genesis);
  });

  it("refuses another network's store", () => {
    expect(() => Chain.open(testNetwork({ subsidy: 7n }), store)).toThrow(StoreError);
  });

  it('refuses a store whose tip is not whole', () => {
    const [a1] = maker.chain(maker.genesis, 1) as [CheckedBlock];
    add(a1);
    store.atomically(() => store.bodies.remove(1));
    expect(() => Chain.open(network, store)).toThrow(/damaged.*last block/);
  });

  it('refuses a store with blocks and no chain', () => {
    store.atomically(() => store.mainChain.truncate(-1));
    expect(() => Chain.open(network, store)).toThrow(/damaged/);
  });
});

describe('a connected block', () => {
  it('is found by id, height, transaction and address, and byte for byte', () => {
    const first = pay(0, { amount: 10n, fee: 1_000n, data: new Uint8Array([1, 2, 3]) });
    const second = pay(1, { amount: 20n, fee: 2_000n });
    const a1 = maker.block(maker.genesis);
    add(a1);
    const b2 = maker.block(a1, { transactions: [first, second], miner: miner.address });
    const result = chain.addBlock(b2, NOW_MS);
    expect(result.kind).toBe('connected');
    const record = recordOf(b2);
    expect(chain.tip).toEqual(record);
    expect(chain.atHeight(2)).toEqual(record);
    expect(chain.isOnChain(record)).toBe(true);
    expect(chain.parentOf(record)?.id).toBe(a1.id);
    expect(chain.blockBytes(record)).toEqual(encodeBlock(b2.block));
    expect(decodeBlock(chain.blockBytes(record) ?? new Uint8Array(), network.params)).toEqual(b2.block);
    expect(chain.transaction(second.id)).toEqual({ signed: second.signed, record, index: 1 });
    expect(chain.account(alice.address)).toEqual({ balance: 1_000_000n - 3_030n, sequence: 2n });
    expect(chain.account(bob.address).balance).toBe(30n);
    expect(chain.account(miner.address).balance).toBe(network.params.subsidy + 3_000n);
  });

  it('nothing is found that is not there', () => {
    expect(chain.byId('00'.repeat(32) as BlockId)).toBeUndefined();
    expect(chain.transaction('00'.repeat(32) as TransactionId)).toBeUndefined();
    for (const height of [1, -1, 0.5, Number.NaN]) expect(chain.atHeight(height)).toBeUndefined();
    expect(chain.history(bob.address, { limit: 10 })).toEqual([]);
  });

  it('whose id is not its own is a broken promise', () => {
    const [a1, a2] = maker.chain(maker.genesis, 2) as [CheckedBlock, CheckedBlock];
    expect(() => chain.addBlock({ ...a1, id: a2.id }, NOW_MS)).toThrow(InvariantError);
    expect(chain.tip.height).toBe(0);
  });
});

describe('history', () => {
  it('is newest first, page by page, each transaction once', () => {
    const toSelf = payment(network, { from: alice, to: alice.address, sequence: 2 });
    const a1 = maker.block(maker.genesis, { transactions: [pay(0), pay(1), toSelf] });
    const a2 = maker.block(a1, { transactions: [pay(3)] });
    add(a1, a2);
    const places = (entries: { record: BlockRecord; index: number }[]) =>
      entries.map(({ record, index }) => `${record.height}:${index}`);
    expect(places(chain.history(alice.address, { limit: 9 }))).toEqual(['2:0', '1:2', '1:1', '1:0']);
    expect(places(chain.history(bob.address, { limit: 9 }))).toEqual(['2:0', '1:1', '1:0']);
    expect(places(chain.history(bob.address, { limit: 2 }))).toEqual(['2:0', '1:1']);
    expect(places(chain.history(bob.address, { limit: 2, before: { height: 1, index: 1 } }))).toEqual([
      '1:0',
    ]);
  });

  it('and the transaction index follow a reorganisation', () => {
    const a1 = maker.block(maker.genesis, { transactions: [pay(0), pay(1)] });
    const b1 = maker.block(maker.genesis, { transactions: [pay(0)] });
    const b2 = maker.block(b1);
    add(a1, b1, b2);
    expect(chain.tip.id).toBe(b2.id);
    expect(chain.history(bob.address, { limit: 9 }).map(({ record }) => record.id)).toEqual([b1.id]);
    expect(chain.transaction(pay(0).id)?.record.id).toBe(b1.id);
    expect(chain.transaction(pay(1).id)).toBeUndefined();
  });

  it('an index that points nowhere is damage', () => {
    const places = [
      { block: 0, index: 3 },
      { block: 9, index: 0 },
    ];
    for (const place of places) {
      store.atomically(() => store.history.add(bob.address, place));
      expect(() => chain.history(bob.address, { limit: 1 })).toThrow(StoreError);
    }
  });

  it('a place that another transaction shares its prefix with is passed over', () => {
    const a1 = maker.block(maker.genesis, { transactions: [pay(0), pay(1)] });
    add(a1);
    store.atomically(() => store.transactions.add(pay(0).id, { block: 1, index: 1 }));
    expect(chain.transaction(pay(0).id)?.index).toBe(0);
  });
});

describe('a reorganisation', () => {
  it('is one change, told after it was committed; abandoned transactions are in the pool table', () => {
    const [onBoth, abandoned, later] = [pay(0), pay(1), pay(2)];
    const a1 = maker.block(maker.genesis, { transactions: [onBoth, abandoned] });
    const a2 = maker.block(a1, { transactions: [later] });
    const b1 = maker.block(maker.genesis, { transactions: [onBoth] });
    const [b2, b3] = maker.chain(b1, 2) as [CheckedBlock, CheckedBlock];
    add(a1, a2, b1, b2);
    const oldTip = chain.tip;
    const changes: TipChange[] = [];
    const end = chain.onTipChange((change) => {
      expect(chain.tip.id).toBe(b3.id);
      changes.push(change);
    });
    const result = chain.addBlock(b3, NOW_MS);
    expect(changes).toHaveLength(1);
    expect(result).toEqual({ kind: 'connected', change: changes[0] });
    expect(changes[0]).toMatchObject({ oldTip, newTip: chain.tip });
    expect(changes[0]?.disconnected).toEqual([a1, a2]);
    expect(changes[0]?.connected).toEqual([b1, b2, b3]);
    expect(store.pool.all().map(({ id }) => id)).toEqual([abandoned.id, later.id]);
    expect(chain.isOnChain(recordOf(a2))).toBe(false);
    end();
    add(maker.block(b3));
    expect(changes).toHaveLength(1);
  });
});

describe('several blocks in one commit', () => {
  it('make one change', () => {
    const blocks = maker.chain(maker.genesis, 5, { miner: miner.address });
    const changes: TipChange[] = [];
    chain.onTipChange((change) => changes.push(change));
    const results = chain.addBlocks(blocks, NOW_MS, 'bulk');
    expect(results.map(({ kind }) => kind)).toEqual(Array(5).fill('connected'));
    expect(changes).toHaveLength(1);
    expect(changes[0]?.connected).toEqual(blocks);
    expect(chain.account(miner.address).balance).toBe(5n * network.params.subsidy);
    expect(chain.addBlocks(blocks, NOW_MS).map(({ kind }) => kind)).toEqual(Array(5).fill('known'));
    expect(chain.addBlocks([], NOW_MS)).toEqual([]);
  });

  it('take over from another branch on the way', () => {
    add(...maker.chain(maker.genesis, 2));
    const blocks = maker.chain(maker.genesis, 4, { miner: miner.address });
    const kinds = chain.addBlocks(blocks, NOW_MS).map(({ kind }) => kind);
    expect(kinds).toEqual(['stored', 'stored', 'connected', 'connected']);
    expect(chain.account(miner.address).balance).toBe(4n * network.params.subsidy);
    expect(chain.account('00'.repeat(32) as typeof miner.address).balance).toBe(0n);
  });

  it('stay as far as they are valid', () => {
    const [a1, a2] = maker.chain(maker.genesis, 2) as [CheckedBlock, CheckedBlock];
    const bad = maker.block(a2, { transactions: [pay(3)] });
    const after = maker.block(bad);
    try {
      chain.addBlocks([a1, a2, bad, after], NOW_MS);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof InvalidBlockError)) throw error;
      expect(error).toMatchObject({ code: 'wrong-sequence', block: bad.id });
      expect(error.results.map(({ kind }) => kind)).toEqual(['connected', 'connected']);
    }
    expect(chain.tip.id).toBe(a2.id);
    expect(chain.byId(bad.id)?.status).toBe('invalid');
    expect(chain.byId(after.id)).toBeUndefined();
  });

  it('stop at one that is early or an orphan', () => {
    const a1 = maker.block(maker.genesis);
    const early = maker.block(a1, { timestamp: BigInt(NOW_MS + MAX_FUTURE_MS + 1) });
    const after = maker.block(early);
    expect(chain.addBlocks([a1, early, after], NOW_MS).map(({ kind }) => kind)).toEqual([
      'connected',
      'early',
    ]);
    expect(chain.addBlocks([after], NOW_MS).map(({ kind }) => kind)).toEqual(['orphan']);
  });

  it('must follow each other', () => {
    const siblings = [maker.block(maker.genesis), maker.block(maker.genesis)];
    expect(() => chain.addBlocks(siblings, NOW_MS)).toThrow(InvariantError);
  });
});

describe('headers', () => {
  it('are kept before their bodies; the best is the one with most work', () => {
    const a = maker.chain(maker.genesis, 3);
    const { added, early } = chain.addHeaders(sealed(a), NOW_MS);
    expect(ids(added)).toEqual(ids(a));
    expect(early).toBeUndefined();
    expect(added.map(({ status }) => status)).toEqual(['header', 'header', 'header']);
    expect(chain.bestHeader.id).toBe(a[2]?.id);
    expect(chain.tip.height).toBe(0);
    expect(chain.addHeaders(sealed(a), NOW_MS)).toEqual({ added: [] });
    expect(chain.addHeaders([network.genesis.sealed], NOW_MS)).toEqual({ added: [] });
    expect(chain.blockBytes(recordOf(a[0] as CheckedBlock))).toBeUndefined();
    add(...a);
    expect(chain.tip.id).toBe(a[2]?.id);
    expect(chain.bestHeader).toMatchObject({ id: a[2]?.id, status: 'body' });
  });

  it('of equal work: the tip is best, else the first that came', () => {
    const [a1, b1, c1] = [maker.block(maker.genesis), maker.block(maker.genesis), maker.block(maker.genesis)];
    chain.addHeaders(sealed([a1, b1]), NOW_MS);
    expect(chain.bestHeader.id).toBe(a1.id);
    expect(Chain.open(network, store).bestHeader.id).toBe(a1.id);
    add(c1);
    expect(chain.bestHeader.id).toBe(c1.id);
    expect(Chain.open(network, store).bestHeader.id).toBe(c1.id);
    expect(chain.missingBodies(9)).toEqual([]);
  });

  it('of several branches can come in one call', () => {
    const a = maker.chain(maker.genesis, 2);
    const b = maker.chain(maker.genesis, 3);
    chain.addHeaders(sealed([...a, ...b]), NOW_MS);
    expect(chain.bestHeader.id).toBe(b[2]?.id);
  });

  it('are kept all or none', () => {
    const a = maker.chain(maker.genesis, 2);
    const wrong = maker.block(a[1] as CheckedBlock, { header: { bits: 0x207f_fffe } });
    expect(() => chain.addHeaders(sealed([...a, wrong]), NOW_MS)).toThrow(RuleError);
    expect(chain.byId(a[0]?.id as BlockId)).toBeUndefined();
    expect(chain.bestHeader.height).toBe(0);
    const gap = [a[0], maker.chain(a[1] as CheckedBlock, 1)[0]] as CheckedBlock[];
    expect(() => chain.addHeaders(sealed(gap), NOW_MS)).toThrow(UnknownParentError);
    expect(chain.byId(a[0]?.id as BlockId)).toBeUndefined();
  });

  it('without work are refused', () => {
    const { header } = maker.block(maker.genesis).block.sealed;
    const nonces = Array.from({ length: 64 }, (_, nonce) => ({
      header,
      nonce: new Uint8Array(32).fill(nonce),
    }));
    const refused = nonces.filter((each) => {
      try {
        chain.headerRun(chain.tip).append(each);
        return false;
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-proof-of-work' });
        return true;
      }
    });
    expect(refused.length).toBeGreaterThan(0);
    expect(() => chain.addHeaders(refused, NOW_MS)).toThrow(RuleError);
  });

  it('stop at an early one', () => {
    const a1 = maker.block(maker.genesis);
    const early = maker.block(a1, { timestamp: BigInt(NOW_MS + MAX_FUTURE_MS + 1) });
    const after = maker.block(early);
    const result = chain.addHeaders(sealed([a1, early, after]), NOW_MS);
    expect(ids(result.added)).toEqual([a1.id]);
    expect(result.early).toEqual(early.block.sealed);
    expect(chain.addHeaders(sealed([early, after]), NOW_MS + 1_001).added).toHaveLength(2);
  });

  it('of or after an invalid block are refused', () => {
    const bad = maker.block(maker.genesis, { transactions: [pay(5)] });
    expect(() => add(bad)).toThrow(RuleError);
    const after = maker.block(bad);
    for (const headers of [[bad], [after]]) {
      expect(() => chain.addHeaders(sealed(headers), NOW_MS)).toThrow(
        /descends from a block that is invalid/,
      );
    }
    expect(chain.bestHeader.height).toBe(0);
  });

  it('whose body turns out invalid are best no longer', () => {
    const a = maker.chain(maker.genesis, 2);
    const bad = maker.block(maker.genesis, { transactions: [pay(5)] });
    const b = [bad, ...maker.chain(bad, 4)];
    chain.addHeaders(sealed([...a, ...b]), NOW_MS);
    expect(chain.bestHeader.id).toBe(b[4]?.id);
    expect(() => add(bad)).toThrow(RuleError);
    expect(chain.bestHeader.id).toBe(a[1]?.id);
    expect(chain.byId(b[4]?.id as BlockId)?.status).toBe('invalid');
  });

  it('can be declared invalid when their body breaks a rule by itself', () => {
    const a = maker.chain(maker.genesis, 1);
    const b = maker.chain(maker.genesis, 2);
    chain.addHeaders(sealed([...a, ...b]), NOW_MS);
    chain.markInvalid(b[0]?.id as BlockId);
    chain.markInvalid(b[0]?.id as BlockId);
    chain.markInvalid('00'.repeat(32) as BlockId);
    expect(chain.bestHeader.id).toBe(a[0]?.id);
    expect(() => add(...b)).toThrow(/invalid/);
    add(...a);
    expect(() => chain.markInvalid(a[0]?.id as BlockId)).toThrow(InvariantError);
  });
});

describe('a run of headers', () => {
  it('adds up work without keeping anything', () => {
    const a = maker.chain(maker.genesis, 3);
    const run = chain.headerRun(chain.tip);
    expect(run.extend(sealed(a), NOW_MS)).toBe(3);
    expect(run.tip).toMatchObject({ id: a[2]?.id, work: 4n * chain.tip.work });
    expect(chain.byId(a[0]?.id as BlockId)).toBeUndefined();
  });

  it('stays as it was when a header does not follow or breaks a rule', () => {
    const a = maker.chain(maker.genesis, 3);
    const run = chain.headerRun(chain.tip);
    expect(() => run.extend(sealed([a[0], a[2]] as CheckedBlock[]), NOW_MS)).toThrow(UnknownParentError);
    expect(run.tip.id).toBe(a[0]?.id);
    const wrong = maker.block(a[0] as CheckedBlock, { header: { height: 9n } });
    expect(() => run.append(wrong.block.sealed)).toThrow(InvalidBlockError);
    expect(run.tip.id).toBe(a[0]?.id);
    expect(run.extend(sealed(a.slice(1)), NOW_MS)).toBe(2);
  });

  it('stops before an early one', () => {
    const early = maker.block(maker.genesis, { timestamp: BigInt(NOW_MS + MAX_FUTURE_MS + 1) });
    expect(chain.headerRun(chain.tip).extend(sealed([early]), NOW_MS)).toBe(0);
  });
});

describe('missing bodies', () => {
  it('are those on the way to the best header, in order', () => {
    const a = maker.chain(maker.genesis, 40);
    chain.addHeaders(sealed(a), NOW_MS);
    expect(ids(chain.missingBodies(100))).toEqual(ids(a));
    expect(ids(chain.missingBodies(3))).toEqual(ids(a.slice(0, 3)));
    expect(chain.missingBodies(0)).toEqual([]);
    for (const count of [1, 2, 13]) {
      const missing = chain.missingBodies(count).length;
      expect(missing).toBe(count);
    }
    chain.addBlocks(a.slice(0, 17), NOW_MS);
    expect(ids(chain.missingBodies(5))).toEqual(ids(a.slice(17, 22)));
    chain.addBlocks(a.slice(17), NOW_MS);
    expect(chain.missingBodies(5)).toEqual([]);
  });

  it('begin at the fork with what is stored, be it on the chain or not', () => {
    const a = maker.chain(maker.genesis, 5);
    add(...a);
    const b = maker.chain(a[1] as CheckedBlock, 6);
    add(b[0] as CheckedBlock);
    chain.addHeaders(sealed(b), NOW_MS);
    expect(ids(chain.missingBodies(9))).toEqual(ids(b.slice(1)));
  });
});

describe('ancestors', () => {
  it('are found in few steps, however long the branch', () => {
    const a = maker.chain(maker.genesis, 3_000);
    chain.addHeaders(sealed(a), NOW_MS);
    let reads = 0;
    const counted = <Method extends 'link' | 'get'>(name: Method) => {
      const original = store.blocks[name].bind(store.blocks);
      store.blocks[name] = ((number: number) => {
        reads += 1;
        return original(number);
      }) as (typeof store.blocks)[Method];
    };
    counted('link');
    counted('get');
    expect(ids(chain.missingBodies(2))).toEqual(ids(a.slice(0, 2)));
    expect(reads).toBeLessThan(150);
    reads = 0;
    expect(chain.locator(chain.bestHeader).at(-1)).toBe(network.genesisId);
    expect(reads).toBeLessThan(500);
  });
});

describe('locators', () => {
  it('are dense near the tip, then doubling, and end with the genesis', () => {
    const a = maker.chain(maker.genesis, 60);
    chain.addBlocks(a, NOW_MS);
    const heights = chain.locator().map((id) => chain.byId(id)?.height);
    expect(heights).toEqual([60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 49, 45, 37, 21, 0]);
    expect(heights).toEqual(locatorHeights(60));
  });

  it('never have more ids than a request may carry', () => {
    for (const height of [0, 1, 10, 11, 1e6, 2 ** 50]) {
      const heights = locatorHeights(height);
      expect(heights.length).toBeLessThanOrEqual(MAX_LOCATOR_IDS);
      expect(heights[0]).toBe(height);
      expect(heights.at(-1)).toBe(0);
    }
  });

  it('of a branch that is only headers find the fork', () => {
    const a = maker.chain(maker.genesis, 30);
    chain.addBlocks(a, NOW_MS);
    const b = maker.chain(a[20] as CheckedBlock, 20);
    chain.addHeaders(sealed(b), NOW_MS);
    const locator = chain.locator(chain.bestHeader);
    expect(locator[0]).toBe(b[19]?.id);
    const [first] = headersAfter(locator, 1);
    expect(first?.header.height).toBeLessThanOrEqual(22n);
  });

  it('are answered with what comes after the first id on the chain', () => {
    const a = maker.chain(maker.genesis, 10);
    chain.addBlocks(a, NOW_MS);
    const side = maker.block(maker.genesis);
    add(side);
    const unknown = 'ab'.repeat(32) as BlockId;
    expect(headersAfter([unknown, side.id, a[4]?.id as BlockId, a[2]?.id as BlockId], 3)).toEqual(
      sealed(a.slice(5, 8)),
    );
    expect(headersAfter([unknown], 100)).toEqual(sealed(a));
    expect(headersAfter([], 2)).toEqual(sealed(a.slice(0, 2)));
    expect(headersAfter([chain.tip.id], 2)).toEqual([]);
    const late = [...Array<BlockId>(MAX_LOCATOR_IDS).fill(unknown), a[8]?.id as BlockId];
    expect(headersAfter(late, 1)).toEqual(sealed(a.slice(0, 1)));
  });
});
