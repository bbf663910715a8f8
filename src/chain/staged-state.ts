/**
 * The state while the tip makes a long move. What the move comes to is staged in the store, in commits so
 * small that everybody else has their turn; a single flag then makes all of it count at once, and it is moved
 * to where accounts are kept afterwards, again in small commits. Between any two of them the state is whole.
 */
import type { Address } from '../core/identifiers.ts';
import type { Account, ReadAccount } from '../core/state.ts';
import type { Store } from '../store/store.ts';
import type { StepSizes } from './step-sizes.ts';

const HEX_DIGITS = '0123456789abcdef';

/** An account at the tip. */
export function currentAccount(store: Store, address: Address, stagedCount: boolean): Account {
  return (stagedCount ? store.staged.get(address) : undefined) ?? store.accounts.get(address);
}

/** Moves staged accounts that count to their place. */
export function* settleStaged(store: Store, { accounts: limit }: StepSizes): Generator<void> {
  for (let left = true; left; ) {
    store.atomically(() => {
      const accounts = store.staged.first(limit);
      for (const [address, account] of accounts) store.accounts.set(address, account);
      const last = accounts.at(-1);
      if (last !== undefined) store.staged.removeTo(last[0]);
      left = accounts.length === limit;
      if (!left) store.staged.setCounts(false);
    }, 'bulk');
    yield;
  }
}

/** Removes staged accounts that do not count. */
export function* discardStaged(store: Store, { accounts: limit }: StepSizes): Generator<void> {
  for (;;) {
    const last = store.staged.first(limit).at(-1);
    if (last === undefined) return;
    store.atomically(() => store.staged.removeTo(last[0]), 'bulk');
    yield;
  }
}

/** The state after some blocks more or less than the tip's, however many accounts they touch. */
export class StagedView {
  readonly #store: Store;
  /** Those that differ from what is staged. */
  readonly #held = new Map<Address, Account>();
  readonly #sizes: StepSizes;
  #isStaged = false;

  constructor(store: Store, sizes: StepSizes) {
    this.#sizes = sizes;
    this.#store = store;
  }

  readonly read: ReadAccount = (address) =>
    this.#held.get(address) ?? currentAccount(this.#store, address, this.#isStaged);

  set(address: Address, account: Account): void {
    this.#held.set(address, account);
  }

  /** To be called now and then: keeps what is held in memory within bounds. */
  *relieve(): Generator<void> {
    if (this.#held.size > this.#sizes.heldAccounts) yield* this.#stage();
  }

  /** Stages all that would be too much for one commit. */
  *prepare(): Generator<void> {
    if (this.#isStaged || this.#held.size > this.#sizes.accounts) yield* this.#stage();
  }

  /** Makes it the state at the tip. Inside of the commit that moves the tip. @returns whether staged accounts count now */
  write(): boolean {
    if (this.#isStaged) this.#store.staged.setCounts(true);
    else for (const [address, account] of this.#held) this.#store.accounts.set(address, account);
    return this.#isStaged;
  }

  /** In order, so that neighbours share a page; a part at a time, for sorting takes time too. */
  *#stage(): Generator<void> {
    const { accounts } = this.#sizes;
    for (const digit of HEX_DIGITS) {
      const part = [...this.#held.keys()].filter((address) => address.startsWith(digit)).sort();
      for (let at = 0; at < part.length; at += accounts) {
        this.#store.atomically(() => {
          for (const address of part.slice(at, at + accounts)) {
            this.#store.staged.put(address, this.read(address));
          }
        }, 'bulk');
        yield;
      }
    }
    this.#held.clear();
    this.#isStaged = true;
  }
}
