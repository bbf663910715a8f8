/** Staged accounts in SQLite. */
import type { Address } from '../core/identifiers.ts';
import type { Account } from '../core/state.ts';
import { hexOf, idColumn } from './columns.ts';
import type { Database, Query } from './database.ts';
import type { StagedAccountTable } from './store.ts';

export class SqliteStagedAccounts implements StagedAccountTable {
  readonly #counts: Query<[number]>;
  readonly #setCounts: Query<[]>;
  readonly #get: Query<[balance: bigint, sequence: bigint]>;
  readonly #put: Query<[]>;
  readonly #first: Query<[address: Uint8Array, balance: bigint, sequence: bigint]>;
  readonly #removeTo: Query<[]>;

  constructor(database: Database) {
    this.#counts = database.query('SELECT counts FROM staging');
    this.#setCounts = database.query('UPDATE staging SET counts = ?');
    this.#get = database.bigintQuery('SELECT balance, sequence FROM staged_accounts WHERE address = ?');
    this.#put = database.query(
      'INSERT OR REPLACE INTO staged_accounts (address, balance, sequence) VALUES (?, ?, ?)',
    );
    this.#first = database.bigintQuery(
      'SELECT address, balance, sequence FROM staged_accounts ORDER BY address LIMIT ?',
    );
    this.#removeTo = database.query('DELETE FROM staged_accounts WHERE address <= ?');
  }

  counts(): boolean {
    return this.#counts.get()?.[0] === 1;
  }

  setCounts(counts: boolean): void {
    this.#setCounts.run(counts ? 1 : 0);
  }

  get(address: Address): Account | undefined {
    const row = this.#get.get(idColumn(address));
    return row && { balance: row[0], sequence: row[1] };
  }

  put(address: Address, { balance, sequence }: Account): void {
    this.#put.run(idColumn(address), balance, sequence);
  }

  first(limit: number): (readonly [Address, Account])[] {
    return this.#first
      .all(limit)
      .map(([address, balance, sequence]) => [hexOf(address) as Address, { balance, sequence }]);
  }

  removeTo(address: Address): void {
    this.#removeTo.run(idColumn(address));
  }
}
