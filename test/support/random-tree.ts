/** Random trees of blocks, valid and not, for property tests. */
import fc from 'fast-check';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { RuleError } from '../../src/core/errors.ts';
import type { Address } from '../../src/core/identifiers.ts';
import { type Account, applyBlock, EMPTY_ACCOUNT, genesisState } from '../../src/core/state.ts';
import { type BlockMaker, type Key, payment, testKey, testNetwork } from './ledger.ts';

export const KEYS: readonly Key[] = [1, 2, 3, 4].map(testKey);
export const ALLOCATED = 1_000_000n;

/** Two of the keys have something to begin with. */
export const TREE_NETWORK = testNetwork({
  subsidy: 5_000n,
  halvingInterval: 4n,
  allocations: KEYS.slice(0, 2).map(({ publicKey }) => ({ address: publicKey, amount: ALLOCATED })),
});

export interface RandomPayment {
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  /** 0: the right sequence; rarely another one. */
  readonly sequenceOff: number;
}

export interface RandomBlock {
  /** Which earlier block is the parent, counted back from the newest; beyond the first it is the genesis. */
  readonly back: number;
  readonly miner: number;
  readonly payments: readonly RandomPayment[];
}

const key = fc.nat({ max: KEYS.length - 1 });

const randomPayment: fc.Arbitrary<RandomPayment> = fc.record({
  from: key,
  to: key,
  amount: fc.oneof({ weight: 9, arbitrary: fc.nat(2_000) }, { weight: 1, arbitrary: fc.constant(3_000_000) }),
  sequenceOff: fc.oneof({ weight: 19, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
});

export const randomTree: fc.Arbitrary<RandomBlock[]> = fc.array(
  fc.record({
    back: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.nat(3) },
      { weight: 1, arbitrary: fc.nat(12) },
    ),
    miner: key,
    payments: fc.array(randomPayment, { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 25 },
);

export interface ModelBlock {
  readonly block: CheckedBlock;
  readonly parent: ModelBlock | undefined;
  readonly height: number;
  /** Undefined if it, or one before it, is invalid. */
  readonly state: Map<Address, Account> | undefined;
}

/** What the chain should say, worked out the slow way: the whole state with every block. */
export class TreeModel {
  readonly #maker: BlockMaker;
  readonly blocks: ModelBlock[];
  tip: ModelBlock;

  constructor(maker: BlockMaker) {
    this.#maker = maker;
    this.tip = {
      block: maker.genesis,
      parent: undefined,
      height: 0,
      state: genesisState(maker.network.params),
    };
    this.blocks = [this.tip];
  }

  /** Makes the block and moves the model's tip as the rules say. */
  grow({ back, miner, payments }: RandomBlock): ModelBlock {
    const parent = this.blocks[Math.max(0, this.blocks.length - 1 - back)] as ModelBlock;
    const sent = new Map<number, number>();
    const transactions = payments.map(({ from, to, amount, sequenceOff }) => {
      const sender = KEYS[from] as Key;
      const before = sent.get(from) ?? 0;
      sent.set(from, before + 1);
      const sequence = (parent.state?.get(sender.address)?.sequence ?? 0n) + BigInt(before + sequenceOff);
      return payment(this.#maker.network, {
        from: sender,
        to: (KEYS[to] as Key).address,
        amount: BigInt(amount),
        sequence,
      });
    });
    const block = this.#maker.block(parent.block, { miner: (KEYS[miner] as Key).address, transactions });
    const grown = { block, parent, height: parent.height + 1, state: this.#stateAfter(block, parent) };
    this.blocks.push(grown);
    if (grown.state !== undefined && grown.height > this.tip.height) this.tip = grown;
    return grown;
  }

  #stateAfter({ block }: CheckedBlock, parent: ModelBlock): Map<Address, Account> | undefined {
    const before = parent.state;
    if (before === undefined) return undefined;
    try {
      const { params } = this.#maker.network;
      const read = (address: Address) => before.get(address) ?? EMPTY_ACCOUNT;
      const change = applyBlock(params, block.sealed.header, block.transactions, read);
      const after = new Map(before);
      for (const [address, { after: account }] of change) after.set(address, account);
      return after;
    } catch (error) {
      if (error instanceof RuleError) return undefined;
      throw error;
    }
  }
}
