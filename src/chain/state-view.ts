/** The state as it would be after some blocks, without writing it. */
import type { Address } from '../core/identifiers.ts';
import type { Account, ReadAccount, StateChange } from '../core/state.ts';
import type { Undo } from '../store/store.ts';

export class StateView {
  /** Every account that may differ from the state below. */
  readonly accounts = new Map<Address, Account>();
  readonly #below: ReadAccount;

  constructor(below: ReadAccount) {
    this.#below = below;
  }

  readonly read: ReadAccount = (address) => this.accounts.get(address) ?? this.#below(address);

  apply(change: StateChange): void {
    for (const [address, { after }] of change) this.accounts.set(address, after);
  }

  absorb(view: StateView): void {
    for (const [address, account] of view.accounts) this.accounts.set(address, account);
  }

  restore(undo: Undo): void {
    for (const [address, before] of undo) this.accounts.set(address, before);
  }
}

/** What takes a change back. */
export function undoOf(change: StateChange): Undo {
  const undo = new Map<Address, Account>();
  for (const [address, { before }] of change) undo.set(address, before);
  return undo;
}
