/**
 * Keeps a second daemon out of a folder: an exclusive SQLite transaction on a file of its own. The lock is
 * the operating system's, so it goes with the process, however that ends; the ledger's own file stays
 * readable for other programs.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from './database.ts';
import { StoreError } from './errors.ts';

const LOCK_FILE = 'ledger.lock';

export class FolderLock {
  readonly #database: Database;

  /** Makes the folder if it is not there. @throws StoreError `in-use`, `unwritable` */
  constructor(folder: string) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StoreError('unwritable', `${folder} cannot be made: ${reason}; choose another with --data`, {
        cause,
      });
    }
    this.#database = new Database(join(folder, LOCK_FILE), 0);
    try {
      this.#database.execute('BEGIN EXCLUSIVE');
    } catch (cause) {
      this.#database.close();
      if (!(cause instanceof StoreError) || cause.failure !== 'in-use') throw cause;
      throw new StoreError(
        'in-use',
        `another daemon uses this folder: ${folder}; stop it, or choose another with --data`,
        {
          cause,
        },
      );
    }
  }

  release(): void {
    this.#database.close();
  }
}
