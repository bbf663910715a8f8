/** A ledger of which a bit changed on the disk: a reorganisation over it does not make balances of it. */
import { describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { STEP_SIZES, type StepSizes } from '../../src/chain/step-sizes.ts';
import { StoreError } from '../../src/store/errors.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { Undo } from '../../src/store/store.ts';
import { decodeUndo, encodeUndo } from '../../src/store/undo-encoding.ts';
import { stateContents, TINY_STEPS } from '../support/chain-contents.ts';
import { BlockMaker, NOW_MS, payment, testKey, testNetwork } from '../support/ledger.ts';
import { VirtualWorld } from '../support/virtual-node.ts';

const [alice, bob, miner] = [testKey(1), testKey(2), testKey(3)];
const network = testNetwork({ allocations: [{ address: alice.publicKey, amount: 1_000_000_000n }] });
/** Of the chain's second block, which a reorganisation takes back. */
const NUMBER = 2;

function fork(sizes: StepSizes) {
  const store = new MemoryStore();
  const chain = Chain.open(network, store, sizes);
  const maker = new BlockMaker(network);
  const pays = (sequence: number) => ({
    transactions: [payment(network, { from: alice, to: bob.address, sequence })],
    miner: miner.address,
  });
  const first = maker.block(maker.genesis, pays(0));
  const left = maker.block(first, pays(1));
  chain.addBlocks([first, left, maker.block(left)], NOW_MS);
  const branch = maker.chain(first, 3) as [CheckedBlock, CheckedBlock, CheckedBlock];
  chain.addBlocks(branch.slice(0, 2), NOW_MS);
  const [undo, last] = [store.undo.get(NUMBER) as Undo, branch[2]];
  return { chain, store, undo, reorganise: () => chain.addBlock(last, NOW_MS), last };
}

describe.each([
  ['a short move', STEP_SIZES],
  ['a long move', TINY_STEPS],
])('%s of the tip', (_, sizes) => {
  it('goes over an undo record that is whole', () => {
    const { chain, last, reorganise } = fork(sizes);
    reorganise();
    expect(chain.tip.id).toBe(last.id);
  });

  it('stops at an undo record of which any bit changed, and the tip stands', () => {
    const { chain, reorganise, store, undo } = fork(sizes);
    const bytes = encodeUndo(undo);
    const before = stateContents(chain, store);
    expect(undo.size).toBe(3);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      store.atomically(() => store.undo.put(NUMBER, decodeUndo(changed)));
      expect(reorganise, `bit ${bit}`).toThrow(/damaged.*undo record.*move its folder away/);
    }
    expect(stateContents(chain, store)).toEqual(before);
    store.atomically(() => store.undo.put(NUMBER, undo));
    expect(reorganise().kind).toMatch(/connected|known/);
  });

  it.each<[string, (undo: Map<string, unknown>) => void]>([
    ['of fewer accounts', (undo) => undo.delete(bob.address)],
    ['of more accounts', (undo) => undo.set(testKey(9).address, { balance: 0n, sequence: 0n })],
    [
      'of an account that was not there under another address',
      (undo) => {
        undo.delete(bob.address);
        undo.set(testKey(9).address, { balance: 0n, sequence: 0n });
      },
    ],
  ])('stops at an undo record %s', (_, change) => {
    const { reorganise, store, undo } = fork(sizes);
    const changed = new Map(undo);
    change(changed);
    store.atomically(() => store.undo.put(NUMBER, changed));
    expect(reorganise).toThrow(StoreError);
  });

  it('stops at an account that changed', () => {
    const { chain, reorganise, store } = fork(sizes);
    const { balance, sequence } = chain.account(bob.address);
    store.atomically(() => store.accounts.set(bob.address, { balance: balance + 1n, sequence }));
    expect(reorganise).toThrow(/damaged/);
  });
});

it('a daemon stops at it, and says what to do', async () => {
  const world = new VirtualWorld(testNetwork());
  const [a, b] = [await world.start('a'), await world.start('b')];
  await world.mine(a, 1);
  await world.mine(b, 2);
  const undo = new Map(a.store.undo.get(1));
  for (const [address, { balance, sequence }] of undo) undo.set(address, { balance: balance ^ 4n, sequence });
  a.store.atomically(() => a.store.undo.put(1, undo));
  world.hub.introduceAll();
  await world.clock.until(() => a.failures.length > 0, 'it stops', 30_000);
  expect(a.failures[0]).toMatchObject({ failure: 'damaged', message: /move its folder away/ });
  expect(a.node.chain.tip.height).toBe(1);
});
