/**
 * - `unwritable`: the folder or a file in it cannot be made or written.
 * - `in-use`: another process has the folder open.
 * - `foreign`: the file is no ledger, or another network's.
 * - `newer`: a newer version wrote it.
 * - `damaged`: what is read cannot have been written by us.
 * - `full`: no room left on the disk.
 * - `failed`: anything else the disk or SQLite answered.
 */
export type StoreFailure = 'unwritable' | 'in-use' | 'foreign' | 'newer' | 'damaged' | 'full' | 'failed';

/** The ledger on disk cannot be opened, read or written. The message says what to try. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly failure: StoreFailure;

  constructor(failure: StoreFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** @param what is wrong, in words */
export function damaged(what: string, cause?: unknown): StoreError {
  return new StoreError(
    'damaged',
    `the ledger on disk is damaged: ${what}; move its folder away and start again: the blocks come back from peers`,
    { cause },
  );
}
