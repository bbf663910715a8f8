/** Bodies of branches long lost go; what may still win, or has won, keeps all it needs. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { BlockMaker, payingNetwork } from '../support/ledger.ts';

const network = payingNetwork();
let maker: BlockMaker;
let store: MemoryStore;
let chain: Chain;

beforeEach(() => {
  maker = new BlockMaker(network);
  store = new MemoryStore();
  chain = Chain.open(network, store);
});

const add = (blocks: readonly CheckedBlock[]): void => {
  for (const block of blocks) chain.addBlock(block, Number(block.block.sealed.header.timestamp));
};
const withBody = (blocks: readonly CheckedBlock[]): number =>
  blocks.filter(({ id }) => {
    const record = chain.byId(id);
    return record?.status === 'body' && store.bodies.bytes(record.number) !== undefined;
  }).length;
const last = (blocks: readonly CheckedBlock[]): CheckedBlock => blocks.at(-1) as CheckedBlock;

describe('a branch that lost', () => {
  it('loses its bodies once the chain is far beyond it, and keeps its headers', () => {
    const main = maker.filled(maker.genesis, 10);
    const branch = maker.filled(main[4] as CheckedBlock, 4);
    add([...main, ...branch]);
    add(maker.chain(last(main), 120));
    expect(withBody(branch)).toBe(4);
    add(maker.chain(maker.adopt(chain.block(chain.tip) as never), 260));
    expect(withBody(branch)).toBe(0);
    expect(branch.map(({ id }) => chain.byId(id)?.status)).toEqual(Array(4).fill('header'));
    expect(withBody(main)).toBe(10);
  });

  it('because the tip left it, too', () => {
    const was = maker.filled(maker.genesis, 5);
    const main = maker.filled(maker.genesis, 6);
    add([...was, ...main, ...maker.chain(last(main), 400)]);
    expect(withBody(was)).toBe(0);
  });

  it('and comes back with the most work has its bodies fetched again', () => {
    const main = maker.filled(maker.genesis, 3);
    const branch = maker.filled(maker.genesis, 2);
    add([...main, ...branch]);
    const rest = maker.chain(last(main), 400);
    add(rest);
    const longer = maker.chain(last(branch), 420);
    const headers = longer.map(({ block }) => block.sealed);
    chain.addHeaders(headers, Number(last(longer).block.sealed.header.timestamp));
    expect(chain.missingBodies(3).map(({ id }) => id)).toEqual(
      [...branch, longer[0]].map((block) => block?.id),
    );
    add([...branch, ...longer]);
    expect(chain.tip.id).toBe(last(longer).id);
  });

  it('is looked for again after a restart', () => {
    const main = maker.filled(maker.genesis, 3);
    const branch = maker.filled(maker.genesis, 2);
    add([...main, ...branch, ...maker.chain(last(main), 100)]);
    chain = Chain.open(network, store);
    add(maker.chain(maker.adopt(chain.block(chain.tip) as never), 300));
    expect(withBody(branch)).toBe(0);
  });
});

describe('a branch that is wanted', () => {
  it('keeps the bodies on the way to the best header, however far below the tip they are', () => {
    const main = maker.chain(maker.genesis, 300);
    add(main);
    const branch = maker.filled(maker.genesis, 310);
    const headers = branch.map(({ block }) => block.sealed);
    chain.addHeaders(headers, Number(last(branch).block.sealed.header.timestamp));
    add(branch.slice(0, 50));
    add(maker.chain(last(main), 5));
    expect(withBody(branch)).toBe(50);
    add(branch.slice(50));
    expect(chain.tip.id).toBe(last(branch).id);
  });

  it('keeps those of a long one that is not far behind', () => {
    const main = maker.chain(maker.genesis, 300);
    const branch = maker.chain(maker.genesis, 299);
    add([...main, ...branch, ...maker.chain(last(main), 3)]);
    expect(withBody(branch)).toBe(299);
  });
});
