/** What can be wrong with a block's place in the tree. */
import { OutsideError, RuleError } from '../core/errors.ts';
import type { BlockId } from '../core/identifiers.ts';
import type { AddResult } from './add-result.ts';

/** A rule was broken by this block or, on a heavier branch, by one before it. */
export class InvalidBlockError extends RuleError {
  /** The block that breaks the rule: not always the one that was added. */
  readonly block: BlockId;
  /** What became of the blocks before it that were added with it: they stay. */
  readonly results: readonly AddResult[];
  readonly #rule: RuleError;

  constructor(block: BlockId, cause: RuleError, results: readonly AddResult[] = []) {
    super(cause.code, undefined, { cause });
    this.message = `block ${block}: ${cause.message}`;
    this.block = block;
    this.#rule = cause;
    this.results = results;
  }

  /** The same error, telling what became of the blocks before. */
  with(results: readonly AddResult[]): InvalidBlockError {
    return new InvalidBlockError(this.block, this.#rule, results);
  }
}

/** Its parent is not known here: an orphan, or headers that do not follow each other. */
export class UnknownParentError extends OutsideError {
  override readonly name = 'UnknownParentError';
  readonly parent: BlockId;

  constructor(parent: BlockId) {
    super(`the parent ${parent} is not known`);
    this.parent = parent;
  }
}

/** The refusal of a block that is known to be invalid, or descends from one that is. */
export function invalidAncestor(block: BlockId, detail: string): InvalidBlockError {
  return new InvalidBlockError(block, new RuleError('invalid-ancestor', detail));
}
