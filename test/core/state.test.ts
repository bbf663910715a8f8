import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bigIntToBytes } from '../../src/core/hex.ts';
import { type Address, idFromBytes } from '../../src/core/identifiers.ts';
import { TEST_PARAMS } from '../../src/core/network-params.ts';
import {
  type Account,
  accountAfterSending,
  applyBlock,
  EMPTY_ACCOUNT,
  genesisState,
  totalSpent,
} from '../../src/core/state.ts';
import { type Header, MAX_UINT63, MAX_UINT64, type Transaction } from '../../src/core/types.ts';
import { uint63 } from '../support/arbitraries.ts';
import { refusedWith } from '../support/refused.ts';

const SUBSIDY = TEST_PARAMS.subsidy;

/** People are one letter; addresses need not be keys here, for signatures are checked elsewhere. */
const address = (who: string) => bigIntToBytes(BigInt(who.charCodeAt(0)), 32);
const id = (who: string) => idFromBytes<Address>(address(who));

interface Send {
  from?: string;
  to?: string;
  amount?: bigint;
  fee?: bigint;
  sequence?: bigint;
}

function send({ from = 'A', to = 'B', amount = 0n, fee = 0n, sequence = 0n }: Send): Transaction {
  return { sender: address(from), recipient: address(to), amount, fee, sequence, data: new Uint8Array() };
}

/** Applies a block to the balances given (sequence 0). @returns the accounts touched */
function apply(balances: Record<string, bigint>, sends: Send[], miner = 'M', height = 1n) {
  const state = new Map<Address, Account>(
    Object.entries(balances).map(([who, balance]) => [id(who), { balance, sequence: 0n }]),
  );
  const header: Header = {
    parent: new Uint8Array(32),
    height,
    timestamp: 0n,
    bits: 0,
    miner: address(miner),
    transactionsRoot: new Uint8Array(32),
    extra: new Uint8Array(),
  };
  const before = structuredClone(state);
  const transactions = sends.map((fields) => ({ transaction: send(fields), signature: new Uint8Array(64) }));
  try {
    const changes = applyBlock(TEST_PARAMS, header, transactions, (who) => state.get(who) ?? EMPTY_ACCOUNT);
    return (who: string) => changes.get(id(who));
  } finally {
    expect(state).toEqual(before); // whatever happens, the state given is not touched
  }
}

describe('a block without transactions', () => {
  it('pays the subsidy to the miner and touches nobody else', () => {
    const change = apply({ A: 5n }, []);
    expect(change('M')).toEqual({ before: EMPTY_ACCOUNT, after: { balance: SUBSIDY, sequence: 0n } });
    expect(change('A')).toBeUndefined();
  });
});

describe('a transaction', () => {
  it('takes amount and fee from the sender, counts it, gives the amount to the recipient, the fee to the miner', () => {
    const change = apply({ A: 100n, B: 7n }, [{ amount: 60n, fee: 3n }]);
    expect(change('A')).toEqual({
      before: { balance: 100n, sequence: 0n },
      after: { balance: 37n, sequence: 1n },
    });
    expect(change('B')?.after).toEqual({ balance: 67n, sequence: 0n });
    expect(change('M')?.after).toEqual({ balance: SUBSIDY + 3n, sequence: 0n });
  });

  it('may spend the whole balance', () => {
    expect(apply({ A: 100n }, [{ amount: 99n, fee: 1n }])('A')?.after.balance).toBe(0n);
  });

  it('may move nothing: with amount and fee 0 even an unknown sender only gains a sequence', () => {
    const change = apply({}, [{}]);
    expect(change('A')?.after).toEqual({ balance: 0n, sequence: 1n });
    expect(change('B')?.after).toEqual(EMPTY_ACCOUNT);
  });

  it('to oneself costs the fee only', () => {
    const change = apply({ A: 100n }, [{ to: 'A', amount: 90n, fee: 10n }]);
    expect(change('A')?.after).toEqual({ balance: 90n, sequence: 1n });
  });

  it('to oneself needs the amount all the same', () => {
    refusedWith('insufficient-balance', () => apply({ A: 100n }, [{ to: 'A', amount: 91n, fee: 10n }]));
  });

  it('of the miner pays the fee to itself', () => {
    const change = apply({ M: 100n }, [{ from: 'M', to: 'B', amount: 40n, fee: 10n }]);
    expect(change('M')?.after).toEqual({ balance: 60n + SUBSIDY, sequence: 1n });
  });

  it('cannot spend the reward of its own block', () => {
    refusedWith('insufficient-balance', () => apply({}, [{ from: 'M', amount: 1n }]));
  });

  it('can spend what an earlier one of the block brought, but not a later one', () => {
    const there = { from: 'A', to: 'B', amount: 10n };
    const on = { from: 'B', to: 'C', amount: 10n };
    expect(apply({ A: 10n }, [there, on])('C')?.after.balance).toBe(10n);
    refusedWith('insufficient-balance', () => apply({ A: 10n }, [on, there]));
  });
});

describe('wrong-sequence', () => {
  it.each([1n, 2n, MAX_UINT64])('refuses %s as the first', (sequence) => {
    refusedWith('wrong-sequence', () => apply({ A: 10n }, [{ sequence }]));
  });

  it('refuses the same transaction twice', () => {
    refusedWith('wrong-sequence', () => apply({ A: 10n }, [{ amount: 1n }, { amount: 1n }]));
  });

  it('refuses the right ones in the wrong order', () => {
    apply({ A: 10n }, [{ sequence: 0n }, { sequence: 1n }]);
    refusedWith('wrong-sequence', () => apply({ A: 10n }, [{ sequence: 1n }, { sequence: 0n }]));
  });

  it('is told before a lack of money', () => {
    refusedWith('wrong-sequence', () =>
      accountAfterSending(EMPTY_ACCOUNT, send({ sequence: 1n, amount: 1n })),
    );
  });
});

describe('insufficient-balance', () => {
  it.each([
    ['the amount alone', 101n, 0n],
    ['the fee alone', 0n, 101n],
    ['both together', 100n, 1n],
  ])('refuses one notch more than there is: %s', (_, amount, fee) => {
    refusedWith('insufficient-balance', () => apply({ A: 100n }, [{ amount, fee }]));
  });
});

describe('amount-overflow', () => {
  it.each([
    [MAX_UINT63, 1n],
    [1n, MAX_UINT63],
    [MAX_UINT64, 0n],
    [0n, MAX_UINT64],
    [MAX_UINT64, MAX_UINT64],
  ])('refuses %s + %s', (amount, fee) => {
    refusedWith('amount-overflow', () => apply({ A: MAX_UINT63 }, [{ amount, fee }]));
  });

  it('allows exactly 2^63 − 1', () => {
    expect(totalSpent(send({ amount: MAX_UINT63 - 1n, fee: 1n }))).toBe(MAX_UINT63);
    expect(apply({ A: MAX_UINT63 }, [{ amount: MAX_UINT63 }])('B')?.after.balance).toBe(MAX_UINT63);
  });
});

describe('balance-overflow', () => {
  it('refuses a recipient with more than 2^63 − 1', () => {
    expect(apply({ A: 1n, B: MAX_UINT63 - 1n }, [{ amount: 1n }])('B')?.after.balance).toBe(MAX_UINT63);
    refusedWith('balance-overflow', () => apply({ A: 1n, B: MAX_UINT63 }, [{ amount: 1n }]));
  });

  it('refuses a miner with more than 2^63 − 1', () => {
    expect(apply({ M: MAX_UINT63 - SUBSIDY }, [])('M')?.after.balance).toBe(MAX_UINT63);
    refusedWith('balance-overflow', () => apply({ M: MAX_UINT63 - SUBSIDY + 1n }, []));
  });

  it('refuses a reward of more than 2^63 − 1, whoever gets it', () => {
    refusedWith('balance-overflow', () => apply({ A: MAX_UINT63 }, [{ fee: MAX_UINT63 }]));
    refusedWith('balance-overflow', () =>
      apply({ A: MAX_UINT63, C: MAX_UINT63 }, [{ fee: MAX_UINT63 - SUBSIDY }, { from: 'C', fee: 1n }]),
    );
  });
});

describe('over any block', () => {
  const people = fc.constantFrom('A', 'B', 'C', 'M');
  const wishes = fc.array(
    fc.record({ from: people, to: people, amount: fc.bigInt(0n, 100n), fee: fc.bigInt(0n, 9n) }),
    { maxLength: 30 },
  );

  it('the sum of balances grows by the subsidy, and sequences by one a transaction', () => {
    fc.assert(
      fc.property(wishes, (sends) => {
        const sequences = new Map<string, bigint>();
        const numbered = sends.map((wish) => {
          const sequence = sequences.get(wish.from) ?? 0n;
          sequences.set(wish.from, sequence + 1n);
          return { ...wish, sequence };
        });
        const change = apply({ A: 4_000n, B: 4_000n, C: 4_000n, M: 4_000n }, numbered);
        let gained = 0n;
        for (const who of ['A', 'B', 'C', 'M']) {
          const { before, after } = change(who) ?? { before: EMPTY_ACCOUNT, after: EMPTY_ACCOUNT };
          gained += after.balance - before.balance;
          expect(after.sequence).toBe(sequences.get(who) ?? 0n);
          expect(after.balance).toBeGreaterThanOrEqual(0n);
        }
        expect(gained).toBe(SUBSIDY);
      }),
    );
  });

  it('no account ever leaves 0 … 2^63 − 1, or the block is refused', () => {
    fc.assert(
      fc.property(uint63, uint63, uint63, uint63, uint63, (a, b, m, amount, fee) => {
        try {
          const change = apply({ A: a, B: b, M: m }, [{ amount, fee }]);
          for (const who of ['A', 'B', 'M']) {
            const balance = change(who)?.after.balance ?? 0n;
            expect(balance >= 0n && balance <= MAX_UINT63).toBe(true);
          }
        } catch (error) {
          expect(error).toHaveProperty('code');
        }
      }),
    );
  });
});

describe('the state of the genesis', () => {
  it('is the allocations', () => {
    const allocations = [
      { address: address('A'), amount: 5n },
      { address: address('B'), amount: MAX_UINT63 - 5n },
    ];
    expect(genesisState({ ...TEST_PARAMS, allocations })).toEqual(
      new Map([
        [id('A'), { balance: 5n, sequence: 0n }],
        [id('B'), { balance: MAX_UINT63 - 5n, sequence: 0n }],
      ]),
    );
    expect(genesisState(TEST_PARAMS).size).toBe(0);
  });
});
