/**
 * What this node is willing to keep and pass on. Not consensus: a block may carry what the pool refuses,
 * and each operator may choose otherwise.
 */
import { OutsideError } from '../core/errors.ts';

export const POLICIES = {
  'fee-too-low': 'the fee is below what this node asks for each byte',
  'sequence-gap': 'an earlier transaction of this sender is missing',
  'replacement-underpriced':
    'a transaction with this sequence is waiting already, and the fee is not enough above what it drives out',
  'too-many-pending': 'too many transactions of this sender are waiting already',
  'pool-full': 'the pool is full and the fee for each byte is not a tenth above the lowest in it',
} as const;

export type PolicyCode = keyof typeof POLICIES;

/** The transaction may be valid, but this node does not want it now. No peer is at fault. */
export class PolicyError extends OutsideError {
  override readonly name = 'PolicyError';
  readonly code: PolicyCode;

  constructor(code: PolicyCode, detail: string) {
    super(`${POLICIES[code]} (${detail})`);
    this.code = code;
  }
}
