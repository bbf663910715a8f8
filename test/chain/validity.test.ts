import { beforeEach, describe, expect, it } from 'vitest';
import { BlockTree } from '../../src/chain/block-tree.ts';
import { Chain } from '../../src/chain/chain.ts';
import type { InvalidityCode } from '../../src/chain/invalidity.ts';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { STEP_SIZES } from '../../src/chain/step-sizes.ts';
import type { VerifyOptions } from '../../src/chain/validity.ts';
import { bytesEqual } from '../../src/core/hex.ts';
import { verifySignature } from '../../src/native/signatures.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { TINY_STEPS } from '../support/chain-contents.ts';
import { BlockMaker, NOW_MS, payment, testKey, testNetwork } from '../support/ledger.ts';

const [alice, bob, miner] = [testKey(1), testKey(2), testKey(3)];
const network = testNetwork({ allocations: [{ address: alice.publicKey, amount: 1_000_000n }] });

let store: MemoryStore;
let chain: Chain;
let maker: BlockMaker;

beforeEach(() => {
  store = new MemoryStore();
  chain = Chain.open(network, store);
  maker = new BlockMaker(network);
});

function options(overrides: Partial<VerifyOptions> = {}): VerifyOptions {
  return {
    verifySignatures: async (checks) => checks.map(verifySignature),
    pause: async () => {},
    ...overrides,
  };
}

/** Blocks with a payment each. */
function growChain(length: number): CheckedBlock[] {
  const blocks: CheckedBlock[] = [];
  for (let height = 0; height < length; height++) {
    const paid = payment(network, { from: alice, to: bob.address, sequence: height });
    blocks.push(maker.block(blocks.at(-1) ?? maker.genesis, { transactions: [paid], miner: miner.address }));
  }
  chain.addBlocks(blocks, NOW_MS);
  return blocks;
}

describe('a good chain', () => {
  it('is valid, and its progress told', async () => {
    growChain(4);
    const progress: string[] = [];
    let pauses = 0;
    const result = await chain.verify(
      options({
        onProgress: (checked, length) => progress.push(`${checked}/${length}`),
        pause: async () => {
          pauses += 1;
        },
      }),
    );
    expect(result).toEqual({ valid: true, checkedBlocks: chain.tip.height + 1 });
    expect(progress).toEqual(['1/5', '2/5', '3/5', '4/5', '5/5']);
    expect(pauses).toBeGreaterThanOrEqual(5);
  });

  it('of the genesis alone is valid', async () => {
    expect(await chain.verify(options())).toEqual({ valid: true, checkedBlocks: 1 });
  });

  it('can be left before the end', async () => {
    growChain(3);
    const abort = new AbortController();
    const pause = async () => abort.abort(new Error('enough'));
    await expect(chain.verify(options({ pause, signal: abort.signal }))).rejects.toThrow('enough');
  });

  it('may grow meanwhile', async () => {
    const blocks = growChain(2);
    const more = maker.chain(blocks[1] as CheckedBlock, 2);
    const pause = async () => {
      const next = more.shift();
      if (next !== undefined) chain.addBlock(next, NOW_MS);
    };
    expect(await chain.verify(options({ pause }))).toEqual({ valid: true, checkedBlocks: 5 });
  });

  it.each([1, 3, 300])('may be reorganised meanwhile, %i deep', async (depth) => {
    const blocks = depth > 10 ? maker.chain(maker.genesis, depth + 1) : growChain(depth + 1);
    if (depth > 10) chain.addBlocks(blocks, NOW_MS);
    const fork = blocks.at(-depth - 1) as CheckedBlock;
    const other = maker.chain(fork, depth + 1, { miner: bob.address });
    let steps = 0;
    const pause = async () => {
      steps += 1;
      if (steps === depth + 2) chain.addBlocks(other, NOW_MS);
    };
    expect(await chain.verify(options({ pause }))).toEqual({ valid: true, checkedBlocks: depth + 3 });
    expect(chain.tip.id).toBe(other.at(-1)?.id);
  });

  it('may move between any two pages of its accounts, in long moves and short ones', async () => {
    for (const sizes of [STEP_SIZES, TINY_STEPS]) {
      store = new MemoryStore();
      chain = Chain.open(network, store, sizes);
      let sequence = 0;
      const toNew = (parent: CheckedBlock, count: number) =>
        maker.block(parent, {
          transactions: Array.from({ length: count }, () =>
            payment(network, {
              from: alice,
              to: testKey(1_000 + sequence).address,
              sequence: sequence++,
              fee: 0n,
            }),
          ),
          miner: testKey(90_000 + sequence).address,
        });
      const base = toNew(maker.genesis, 2_400);
      chain.addBlock(base, NOW_MS);
      let isComparing = false;
      let moves = 0;
      let moving: Iterator<void> | undefined;
      const result = await chain.verify(
        options({
          onProgress: (checked, length) => {
            isComparing = checked === length;
          },
          pause: async () => {
            if (moving !== undefined) {
              if (moving.next().done === true) moving = undefined;
            } else if (isComparing && moves < 3) {
              // A branch from below that gives new accounts and takes others away.
              moves += 1;
              sequence = 2_400;
              const branch: CheckedBlock[] = [];
              for (let i = 0; i < moves; i++) branch.push(toNew(branch.at(-1) ?? base, 5));
              moving = chain.adding(branch, NOW_MS);
            }
          },
        }),
      );
      expect(result).toEqual({ valid: true, checkedBlocks: chain.tip.height + 1 });
      expect(moves).toBeGreaterThan(1);
    }
  });
});

describe('what was changed in the store is found', () => {
  const cases: [string, number, InvalidityCode, (blocks: CheckedBlock[]) => void][] = [
    [
      'a balance',
      4,
      'wrong-accounts',
      () => store.accounts.set(bob.address, { ...chain.account(bob.address), balance: 7n }),
    ],
    [
      'an account too many',
      4,
      'wrong-accounts',
      () => store.accounts.set(testKey(9).address, { balance: 1n, sequence: 0n }),
    ],
    [
      'an account too few',
      4,
      'wrong-accounts',
      () => store.accounts.set(bob.address, { balance: 0n, sequence: 0n }),
    ],
    ['a missing body', 2, 'damaged', () => store.bodies.remove(2)],
    [
      'a missing height',
      2,
      'damaged',
      () => {
        store.mainChain.truncate(1);
        store.mainChain.append(2, 99);
      },
    ],
    ['another body', 2, 'wrong-transactions-root', (blocks) => replaceBody(2, blocks[2])],
    ['a body that is empty', 2, 'wrong-transactions-root', () => replaceBody(2, undefined)],
    [
      'the chain in another order',
      2,
      'damaged',
      () => {
        store.mainChain.truncate(1);
        store.mainChain.append(2, 3);
        store.mainChain.append(3, 2);
      },
    ],
  ];

  function replaceBody(number: number, block: CheckedBlock | undefined): void {
    store.bodies.remove(number);
    store.bodies.insert(number, block?.block.transactions ?? []);
  }

  it.each(cases)('%s', async (_, height, code, change) => {
    const blocks = growChain(3);
    store.atomically(() => change(blocks));
    const result = await chain.verify(options());
    expect(result).toMatchObject({ valid: false, checkedBlocks: height, error: { height, code } });
  });

  it('a signature', async () => {
    const forged = payment(network, { from: alice, to: bob.address, sequence: 0 });
    forged.signed.signature.fill(1);
    const blocks = [maker.block(maker.genesis, { transactions: [forged] })];
    chain.addBlocks(blocks, NOW_MS);
    const result = await chain.verify(options());
    expect(result).toMatchObject({ valid: false, checkedBlocks: 1, error: { code: 'invalid-signature' } });
    const lenient = options({
      verifySignatures: async (checks) => checks.map(({ message }) => !bytesEqual(message, new Uint8Array())),
    });
    expect((await chain.verify(lenient)).valid).toBe(true);
  });

  it('the chain of another network', async () => {
    growChain(1);
    const other = testNetwork({ subsidy: 1n });
    const otherStore = new MemoryStore();
    const otherChain = Chain.open(other, otherStore);
    const { verifyChain } = await import('../../src/chain/validity.ts');
    const swapped = new Proxy(chain, {
      get: (target, name) => {
        if (name === 'network') return other;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    expect(otherChain.tip.height).toBe(0);
    const result = await verifyChain(swapped, store, new BlockTree(store), options());
    expect(result).toMatchObject({
      valid: false,
      checkedBlocks: 0,
      error: { height: 0, code: 'wrong-network' },
    });
  });

  it('but a failure of the verifier is no verdict', async () => {
    growChain(1);
    const failure = new Error('the worker died');
    const verifySignatures = async () => {
      throw failure;
    };
    await expect(chain.verify(options({ verifySignatures }))).rejects.toBe(failure);
  });
});
