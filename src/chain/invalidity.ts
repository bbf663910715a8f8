/** What is found wrong with a ledger that is checked again. */
import { type RuleCode, RuleError } from '../core/errors.ts';
import { StoreError } from '../store/errors.ts';

/**
 * - `damaged`: something stored is missing, does not decode or does not fit the rest.
 * - `wrong-accounts`: the accounts kept are not what the blocks add up to.
 */
export type InvalidityCode = RuleCode | 'damaged' | 'wrong-accounts';

export class Invalidity extends Error {
  readonly code: InvalidityCode;
  /** Of the block it concerns; undefined: the one that was to be checked next. */
  readonly height: number | undefined;

  constructor(code: InvalidityCode, message: string, height?: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.height = height;
  }

  /** @param error comes back as it is if it is no verdict on what is stored */
  static at(height: number, what: string, error: unknown): unknown {
    const code = invalidityCode(error);
    if (code === undefined || !(error instanceof Error)) return error;
    return new Invalidity(code, `${what}: ${error.message}`, height, { cause: error });
  }
}

/** Undefined: it says nothing of what is stored. */
export function invalidityCode(error: unknown): InvalidityCode | undefined {
  if (error instanceof RuleError || error instanceof Invalidity) return error.code;
  return error instanceof StoreError && error.failure === 'damaged' ? 'damaged' : undefined;
}
