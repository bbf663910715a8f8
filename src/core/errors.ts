/**
 * The named rules. A block, transaction or network that breaks one is refused with its code: the same
 * word on the wire, in the API, in the log and in a peer's score. A code is thrown for its rule and nothing else.
 */
export const RULES = {
  // Encoding
  'malformed-encoding': 'the bytes are not the canonical SSZ encoding of the type expected',
  'oversized-transaction': 'a transaction is longer than its type allows',
  'oversized-block': "the block is longer than the network's maxBlockBytes",
  // Transactions
  'invalid-signature':
    "the signature is not the sender's over this transaction on this network (strict Ed25519: canonical, no small-order points)",
  'wrong-sequence': "the sequence is not the count of the sender's transactions so far",
  'amount-overflow': 'amount + fee does not fit in 63 bits',
  'insufficient-balance': 'amount + fee is more than the sender has',
  'balance-overflow': 'a balance, the sum of fees or the reward would not fit in 63 bits',
  // Headers
  'wrong-network': 'the chain begins at the genesis of another network',
  'wrong-height': "the height is not the parent's plus one",
  'timestamp-not-after-parent': "the timestamp is not greater than the parent's",
  'wrong-bits': 'the bits are not what the difficulty rule demands after this parent',
  'invalid-proof-of-work': 'the block id, read as a big-endian integer, is greater than the target',
  // Blocks
  'wrong-transactions-root': "the header's transactionsRoot is not the root of the block's transactions",
  'invalid-ancestor': 'the block descends from a block that is invalid',
  // Networks
  'invalid-network-parameters':
    'the network parameters contradict themselves or exceed what a daemon can run',
} as const;

export type RuleCode = keyof typeof RULES;

/**
 * Something outside of this process is at fault, never the process itself: a rule was broken by bytes that came, a
 * request came to nothing. Whatever is no such error is a bug or a broken machine.
 */
export abstract class OutsideError extends Error {}

/** A rule of the ledger was broken. Says nothing about us: the maker of the bytes is at fault. */
export class RuleError extends OutsideError {
  override readonly name = 'RuleError';
  readonly code: RuleCode;

  /** @param detail what exactly was found and what was expected; the rule itself is added in front */
  constructor(code: RuleCode, detail?: string, options?: ErrorOptions) {
    super(detail === undefined ? RULES[code] : `${RULES[code]} (${detail})`, options);
    this.code = code;
  }
}

/** Something that must hold did not: a bug of ours or a damaged store. The daemon stops: a halt beats a wrong ledger. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** @throws InvariantError saying why the condition should have held */
export function invariant(condition: unknown, whyItShouldHold: string): asserts condition {
  if (!condition) throw new InvariantError(whyItShouldHold);
}
