/** Accounts in SQLite (those used last also in memory), where transactions are, and peers. */
import type { Address } from '../core/identifiers.ts';
import { type Account, EMPTY_ACCOUNT } from '../core/state.ts';
import { hexOf, idColumn, locationColumn, locationOf } from './columns.ts';
import type { Column, Database, Query } from './database.ts';
import { LruMap } from './lru.ts';
import type { AccountTable, Location, LocationIndex, PeerEntry, PeerTable } from './store.ts';

/** About 250 bytes each: 4 MB. Miners and busy senders come back in almost every block. */
const CACHED_ACCOUNTS = 16_384;

export class SqliteAccounts implements AccountTable {
  readonly #get: Query<[balance: bigint, sequence: bigint]>;
  readonly #set: Query<[]>;
  readonly #remove: Query<[]>;
  readonly #page: Query<[address: Uint8Array, balance: bigint, sequence: bigint]>;
  readonly #cache = new LruMap<Address, Account>(CACHED_ACCOUNTS);

  constructor(database: Database) {
    this.#get = database.bigintQuery('SELECT balance, sequence FROM accounts WHERE address = ?');
    this.#set = database.query(
      'INSERT OR REPLACE INTO accounts (address, balance, sequence) VALUES (?, ?, ?)',
    );
    this.#remove = database.query('DELETE FROM accounts WHERE address = ?');
    this.#page = database.bigintQuery(
      'SELECT address, balance, sequence FROM accounts WHERE address > ? ORDER BY address LIMIT ?',
    );
  }

  get(address: Address): Account {
    const cached = this.#cache.get(address);
    if (cached !== undefined) return cached;
    const row = this.#get.get(idColumn(address));
    // Strangers name accounts that are not: those must not drive out the ones in use.
    if (row === undefined) return EMPTY_ACCOUNT;
    const account = { balance: row[0], sequence: row[1] };
    this.#cache.set(address, account);
    return account;
  }

  set(address: Address, account: Account): void {
    if (account.balance === 0n && account.sequence === 0n) this.#remove.run(idColumn(address));
    else this.#set.run(idColumn(address), account.balance, account.sequence);
    this.#cache.set(address, account);
  }

  page(after: Address | undefined, limit: number): (readonly [Address, Account])[] {
    const from = after === undefined ? new Uint8Array(0) : idColumn(after);
    return this.#page
      .all(from, limit)
      .map(([address, balance, sequence]) => [hexOf(address) as Address, { balance, sequence }]);
  }

  /** What is held in memory may have been taken back. */
  forget(): void {
    this.#cache.clear();
  }
}

export class SqliteLocations<Key> implements LocationIndex<Key> {
  readonly #column: (key: Key) => Column;
  readonly #add: Query<[]>;
  readonly #find: Query<[number]>;

  /** @param name of the table @param keyName of its first column @param column what a key is there */
  constructor(
    database: Database,
    name: 'transaction_index' | 'history',
    keyName: 'prefix' | 'address',
    column: (key: Key) => Column,
  ) {
    this.#column = column;
    this.#add = database.query(`INSERT OR IGNORE INTO ${name} (${keyName}, location) VALUES (?, ?)`);
    this.#find = database.query(
      `SELECT location FROM ${name} WHERE ${keyName} = ? AND location < ? ORDER BY location DESC LIMIT ?`,
    );
  }

  add(key: Key, location: Location): void {
    this.#add.run(this.#column(key), locationColumn(location));
  }

  find(key: Key, limit: number, before?: Location): Location[] {
    const end = before === undefined ? Number.MAX_SAFE_INTEGER : locationColumn(before);
    return this.#find.all(this.#column(key), end, limit).map(([location]) => locationOf(location));
  }
}

export class SqlitePeers implements PeerTable {
  readonly #put: Query<[]>;
  readonly #remove: Query<[]>;
  readonly #all: Query<[address: string, lastSeenMs: number]>;

  constructor(database: Database) {
    this.#put = database.query('INSERT OR REPLACE INTO peers (address, last_seen_ms) VALUES (?, ?)');
    this.#remove = database.query('DELETE FROM peers WHERE address = ?');
    this.#all = database.query('SELECT address, last_seen_ms FROM peers ORDER BY last_seen_ms DESC, address');
  }

  put({ address, lastSeenMs }: PeerEntry): void {
    this.#put.run(address, lastSeenMs);
  }

  remove(address: string): void {
    this.#remove.run(address);
  }

  all(): PeerEntry[] {
    return this.#all.all().map(([address, lastSeenMs]) => ({ address, lastSeenMs }));
  }
}
