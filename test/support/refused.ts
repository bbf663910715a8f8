import { expect } from 'vitest';
import { type RuleCode, RuleError } from '../../src/core/errors.ts';

/** Expects `act` to break exactly this rule. @returns the error's message */
export function refusedWith(code: RuleCode, act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    expect(error.code, error.message).toBe(code);
    return error.message;
  }
  throw new Error(`expected to be refused with ${code}, but nothing was thrown`);
}
