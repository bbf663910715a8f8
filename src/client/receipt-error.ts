/** All ways in which a receipt can be wrong. Each code is thrown for its fault and nothing else. */
export const RECEIPT_FAULTS = {
  'receipt-format': 'this is no receipt, or it is damaged',
  'receipt-version': 'this receipt is of another version of the format',
  'other-network': 'the receipt is of another network',
  'transaction-id': 'the transaction was changed: its id is another',
  signature: "the signature is not the sender's over this transaction on this network",
  'header-chain': 'a header does not follow the one before it',
  timestamp: "a header's time is not after that of the one before it",
  difficulty: "a header's target is not what the difficulty rule demands",
  'proof-of-work': 'a header does not meet its target: nobody has done the work',
  'block-id': 'a header was changed: its id is another',
  branch: "the branch does not lead from the transaction to the block's transactionsRoot",
  'no-record': 'the transaction is no record of a file',
  fingerprint: 'the file is not the one on record',
} as const;

export type ReceiptFault = keyof typeof RECEIPT_FAULTS;

/** The receipt does not prove what it claims. Says nothing about the ledger: there may be a good receipt. */
export class ReceiptError extends Error {
  override readonly name = 'ReceiptError';
  readonly code: ReceiptFault;

  /** @param detail what was found, where, and what was expected; it may quote the receipt, which is a stranger's */
  constructor(code: ReceiptFault, detail: string, options?: ErrorOptions) {
    super(`${RECEIPT_FAULTS[code]} (${harmless(detail)})`, options);
    this.code = code;
  }
}

/** Enough for two ids and the words around them. */
const MAX_DETAIL_CHARACTERS = 400;

/** One line, without what would do something to a terminal. */
function harmless(detail: string): string {
  return detail.slice(0, MAX_DETAIL_CHARACTERS).replaceAll(/\p{C}/gu, '\ufffd');
}
