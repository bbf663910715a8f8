/** Something in a ledger's file that cannot have been written by us. */
export interface Flaw {
  /** Of the block it concerns, if it is one's. */
  readonly height?: number;
  /** Which table or page, and what is wrong with it. */
  readonly what: string;
}
