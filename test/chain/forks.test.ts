/** Branches beside the chain: found, told apart, and what became of them. On both stores. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import type { Fork } from '../../src/chain/forks.ts';
import type { BlockRecord, CheckedBlock } from '../../src/chain/records.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { BlockMaker, NOW_MS, payingNetwork, payment, testKey, testNetwork } from '../support/ledger.ts';

const FROM_THE_NEWEST = Number.MAX_SAFE_INTEGER;
const network = payingNetwork();
const ids = (blocks: readonly { readonly id: string }[]) => blocks.map(({ id }) => id);

describe.each(['memory', 'disk'])('in %s', (place) => {
  let folder: string;
  let store: Store;
  let chain: Chain;
  let maker: BlockMaker;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tallystick-forks-'));
    store = place === 'memory' ? new MemoryStore() : SqliteStore.open({ folder, network });
    chain = Chain.open(network, store);
    maker = new BlockMaker(network);
  });

  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function add(blocks: readonly CheckedBlock[]): void {
    for (const block of blocks) chain.addBlock(block, NOW_MS);
  }

  function ends(before = FROM_THE_NEWEST): BlockRecord[] {
    return [...chain.forks.ends(before)].flatMap(({ end }) => end ?? []);
  }

  function fork({ id }: { readonly id: CheckedBlock['id'] }): Fork {
    const end = chain.byId(id);
    const found = end && chain.forks.fork(end, chain.tip);
    if (found === undefined) throw new Error('it is no fork');
    return found;
  }

  function returned(found: Fork, limit = 100): number | undefined {
    const looking = chain.forks.returned(found, limit);
    for (;;) {
      const { done, value } = looking.next();
      if (done === true) return value;
    }
  }

  it('a chain that never parted has none', () => {
    expect(ends()).toEqual([]);
    add(maker.chain(maker.genesis, 40));
    expect(ends()).toEqual([]);
  });

  it('the end of a branch is looked for along a thousand blocks, no further', () => {
    const blocks = maker.chain(maker.genesis, 1_002);
    add(blocks);
    const [first, second] = blocks.map(({ id }) => chain.byId(id)) as [BlockRecord, BlockRecord];
    expect(chain.forks.endOf(second)?.id).toBe(blocks.at(-1)?.id);
    expect(chain.forks.endOf(first)).toBeUndefined();
  });

  it('a branch that lost: where it began, both sides, and the block that decided it', () => {
    const common = maker.chain(maker.genesis, 5, { miner: testKey(1).address });
    const [last] = common.slice(-1) as [CheckedBlock];
    const lost = maker.chain(last, 2, { miner: testKey(2).address });
    const won = maker.chain(last, 9, { miner: testKey(3).address });
    add([...common, ...lost, ...won]);
    expect(ids(ends())).toEqual([lost[1]?.id]);
    const found = fork(lost[1] as CheckedBlock);
    expect(found).toMatchObject({ state: 'lost', isDecided: true, leftChain: 2 });
    expect(found.ancestor.id).toBe(last.id);
    expect([found.branch.blocks, found.branch.first?.id, found.branch.last.id]).toEqual([2, ...ids(lost)]);
    expect([found.chain.blocks, found.chain.first?.id, found.chain.last.id]).toEqual([
      3,
      won[0]?.id,
      won[2]?.id,
    ]);
    expect([...found.branch.miners]).toEqual([[testKey(2).address, 2]]);
    expect([...found.chain.miners]).toEqual([[testKey(3).address, 3]]);
    expect(chain.forks.endOf(chain.byId(lost[0]?.id as CheckedBlock['id']) as BlockRecord)?.id).toBe(
      lost[1]?.id,
    );
  });

  it('one of as much work as the chain is open, and was never the chain', () => {
    const [first, second] = [maker.chain(maker.genesis, 3), maker.chain(maker.genesis, 3)];
    add([...first, ...second]);
    const found = fork(second[2] as CheckedBlock);
    expect(found).toMatchObject({ state: 'open', isDecided: false, leftChain: 0 });
    expect(found.chain.last.id).toBe(first[2]?.id);
    expect(returned(found)).toBe(0);
  });

  it('one whose bodies never came, and one that broke a rule, are told as such', () => {
    const common = maker.chain(maker.genesis, 3);
    add(common);
    const onlyHeaders = maker.chain(common[0] as CheckedBlock, 1);
    const refused = maker.chain(common[1] as CheckedBlock, 1);
    chain.addHeaders(
      [...onlyHeaders, ...refused].map(({ block }) => block.sealed),
      NOW_MS,
    );
    chain.markInvalid(refused[0]?.id as CheckedBlock['id']);
    expect(fork(onlyHeaders[0] as CheckedBlock).state).toBe('headers');
    expect(fork(refused[0] as CheckedBlock).state).toBe('invalid');
    expect(ids(ends())).toEqual([refused[0]?.id, onlyHeaders[0]?.id]);
  });

  it('headers that go on from the tip are no fork: they are being fetched', () => {
    add(maker.chain(maker.genesis, 3));
    const ahead = maker.adopt(chain.block(chain.tip) as NonNullable<ReturnType<Chain['block']>>);
    const [next] = maker.chain(ahead, 1) as [CheckedBlock];
    chain.addHeaders([next.block.sealed], NOW_MS);
    expect(chain.forks.fork(chain.byId(next.id) as BlockRecord, chain.tip)).toBeUndefined();
    expect(chain.forks.fork(chain.tip, chain.tip)).toBeUndefined();
  });

  it('the transactions that only the branch had, had to be mined again', () => {
    const key = testKey(77);
    const pay = (sequence: number) =>
      payment(network, { from: key, to: testKey(4).address, sequence, amount: 5n });
    const lost = maker.block(maker.genesis, { transactions: [pay(0), pay(1), pay(2)] });
    const won = [maker.block(maker.genesis, { transactions: [pay(0)] })];
    won.push(maker.block(won[0] as CheckedBlock));
    // It has them after the fork was decided, so they were mined again.
    won.push(maker.block(won[1] as CheckedBlock, { transactions: [pay(1)] }));
    add([lost, ...won]);
    const found = fork(lost);
    expect(returned(found)).toBe(2);
    expect(returned(found, 4)).toBe(2);
    expect(returned(found, 3)).toBeUndefined();
  });

  it('a deep one that came hundreds of blocks later is found, by its height too', () => {
    const main = maker.chain(maker.genesis, 400);
    add(main);
    const deep = maker.chain(main[9] as CheckedBlock, 60);
    add(deep);
    add(maker.chain(main.at(-1) as CheckedBlock, 300));
    expect(ids(ends())).toEqual([deep.at(-1)?.id]);
    expect(fork(deep.at(-1) as CheckedBlock).branch).toMatchObject({ blocks: 60 });
    expect([...chain.blocksBetween(30, 32)].map(({ id }) => id)).toEqual([
      main[29]?.id,
      deep[19]?.id,
      main[30]?.id,
      deep[20]?.id,
    ]);
  });

  it('however long the chain and the branches, few blocks are looked at', () => {
    const main = maker.chain(maker.genesis, 300);
    const long = maker.chain(main[4] as CheckedBlock, 200);
    add([...main, ...long, ...maker.chain(main.at(-1) as CheckedBlock, 300)]);
    const steps = [...chain.forks.ends(FROM_THE_NEWEST)];
    expect(steps.filter(({ end }) => end !== undefined)).toHaveLength(1);
    expect(steps.length).toBeLessThan(60);
  });

  it('are listed on from any step', () => {
    const main = maker.chain(maker.genesis, 12);
    add(main);
    for (const block of main) add(maker.chain(block, 1));
    const all = ids(ends());
    expect(all.length).toBeGreaterThan(10);
    const paged: string[] = [];
    let before = FROM_THE_NEWEST;
    for (;;) {
      const step = [...chain.forks.ends(before)].find(({ end }) => end !== undefined);
      if (step?.end === undefined) break;
      paged.push(step.end.id);
      before = step.number;
    }
    expect(paged).toEqual(all);
  });
});

it('whatever the tree, every last block off the chain is listed once, the newest first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 60 }), (choices) => {
      const plain = testNetwork();
      const chain = Chain.open(plain, new MemoryStore());
      const maker = new BlockMaker(plain);
      const blocks: CheckedBlock[] = [maker.genesis];
      for (const back of choices) {
        // Mostly the newest block, so that there are runs.
        const parent = blocks[Math.max(0, blocks.length - 1 - (back > 3 ? back * 3 : 0))] as CheckedBlock;
        const block = maker.block(parent);
        blocks.push(block);
        chain.addBlock(block, NOW_MS);
      }
      const records = blocks.map(({ id }) => chain.byId(id) as BlockRecord);
      const parents = new Set(records.map(({ parent }) => parent));
      const expected = records
        .filter((record) => !chain.isOnChain(record) && !parents.has(record.number))
        .reverse();
      const listed = [...chain.forks.ends(FROM_THE_NEWEST)].flatMap(({ end }) => end ?? []);
      expect(ids(listed)).toEqual(ids(expected));
    }),
    { numRuns: 60 },
  );
});
