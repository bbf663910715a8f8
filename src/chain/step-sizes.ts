/** How much is done in one go while the tip moves: some milliseconds' worth, so that everybody else has their turn. */
export interface StepSizes {
  /** Bytes of transactions, and `BLOCK_COST` a block, that one commit moves the tip over: beyond it the move is a long one. */
  readonly shortMove: number;
  /** Transactions gone through in one step of a long move. */
  readonly transactions: number;
  /** Places of transactions written in one commit of a long move. */
  readonly places: number;
  /** Places a long move holds in memory, beyond those of one block. */
  readonly heldPlaces: number;
  /** Accounts written in one commit of a long move: each may be on a page of its own. */
  readonly accounts: number;
  /** Accounts a long move holds in memory, beyond those of one block. */
  readonly heldAccounts: number;
}

/** 1,500 payments in a short move, 20 ms; 2 MB of accounts and 2 MB of places are held. */
export const STEP_SIZES: StepSizes = {
  shortMove: 256 * 1_024,
  transactions: 256,
  places: 512,
  heldPlaces: 12_288,
  accounts: 256,
  heldAccounts: 8_192,
};
