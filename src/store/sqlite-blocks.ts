/** The block tree in SQLite, with the blocks used last (near the tip, mostly) held in memory. */
import { decodeSealedHeader, encodeSealedHeader } from '../core/encoding.ts';
import { RuleError } from '../core/errors.ts';
import type { BlockId } from '../core/identifiers.ts';
import type { SealedHeader } from '../core/types.ts';
import type { BlockRecord, BlockStatus } from './block-record.ts';
import { hexOf, idColumn, statusColumn, statusOf, suffixColumn, workColumn, workOf } from './columns.ts';
import type { Database, Query } from './database.ts';
import { damaged } from './errors.ts';
import { LruMap } from './lru.ts';
import type { BlockLink, BlockTable } from './store.ts';

/** About 1.5 kB each: 3 to 6 MB. A sync works on the last few hundred headers, over and over. */
const CACHED_BLOCKS = 2_048;
/** About 150 bytes each: 1 to 2 MB. Jumps lead to the same few blocks again and again. */
const CACHED_LINKS = 8_192;
/** Rows read at once while descendants are looked for. */
const PAGE_ROWS = 4_096;

type BlockRow = [
  number: number,
  id: Uint8Array,
  parent: number,
  jump: number,
  height: number,
  work: Uint8Array,
  status: number,
  sealed: Uint8Array,
];
type LinkRow = [parent: number, jump: number, height: number, status: number];

interface CachedBlock {
  readonly record: BlockRecord;
  readonly link: BlockLink;
}

const COLUMNS = 'number, id, parent, jump, height, work, status, sealed';

export class SqliteBlocks implements BlockTable {
  readonly #insert: Query<[]>;
  readonly #setStatus: Query<[]>;
  readonly #get: Query<BlockRow>;
  readonly #index: Query<[]>;
  readonly #find: Query<[number]>;
  readonly #link: Query<LinkRow>;
  readonly #atHeight: Query<[number]>;
  readonly #firstChild: Query<[number]>;
  readonly #childrenWithBody: Query<[number]>;
  readonly #after: Query<[number: number, parent: number]>;
  readonly #best: Query<BlockRow>;
  readonly #last: Query<[number]>;
  readonly #byNumber = new LruMap<number, CachedBlock>(CACHED_BLOCKS);
  readonly #byId = new LruMap<BlockId, CachedBlock>(CACHED_BLOCKS);
  readonly #links = new LruMap<number, BlockLink>(CACHED_LINKS);
  #count: number | undefined;

  constructor(database: Database) {
    this.#insert = database.query(`INSERT INTO blocks (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#setStatus = database.query('UPDATE blocks SET status = ? WHERE number = ?');
    this.#get = database.query(`SELECT ${COLUMNS} FROM blocks WHERE number = ?`);
    this.#index = database.query('INSERT INTO block_ids (suffix, number) VALUES (?, ?)');
    this.#find = database.query('SELECT number FROM block_ids WHERE suffix = ? ORDER BY number');
    this.#link = database.query('SELECT parent, jump, height, status FROM blocks WHERE number = ?');
    // Both are answered from the index alone, in its order: no more rows are read than are given.
    this.#atHeight = database.query(
      'SELECT number FROM blocks WHERE height = ? ORDER BY parent, number LIMIT ?',
    );
    this.#firstChild = database.query(
      'SELECT number FROM blocks WHERE height = ? AND parent = ? ORDER BY number LIMIT 1',
    );
    this.#childrenWithBody = database.query(
      'SELECT number FROM blocks WHERE height = ? AND parent = ? AND status = 1 LIMIT ?',
    );
    this.#after = database.query(
      `SELECT number, parent FROM blocks WHERE number > ? ORDER BY number LIMIT ${PAGE_ROWS}`,
    );
    this.#best = database.query(
      `SELECT ${COLUMNS} FROM blocks WHERE status <> 2 ORDER BY work DESC, number LIMIT 1`,
    );
    this.#last = database.query('SELECT number FROM blocks ORDER BY number DESC LIMIT 1');
  }

  count(): number {
    this.#count ??= (this.#last.get()?.[0] ?? -1) + 1;
    return this.#count;
  }

  insert(record: BlockRecord, jump: number): void {
    const { number, id, parent, height, work, status, sealed } = record;
    this.#insert.run(
      number,
      idColumn(id),
      parent,
      jump,
      height,
      workColumn(work),
      statusColumn(status),
      encodeSealedHeader(sealed),
    );
    this.#index.run(suffixColumn(id), number);
    this.#count = number + 1;
    this.#cache(record, jump);
  }

  setStatus(number: number, status: BlockStatus): void {
    this.#setStatus.run(statusColumn(status), number);
    this.#links.delete(number);
    const cached = this.#byNumber.get(number);
    if (cached !== undefined) this.#cache({ ...cached.record, status }, cached.link.jump);
    else this.#byId.clear(); // It may be there still: the two forget in different order.
  }

  get(number: number): BlockRecord | undefined {
    return (this.#byNumber.get(number) ?? this.#read(this.#get.get(number)))?.record;
  }

  find(id: BlockId): BlockRecord | undefined {
    const cached = this.#byId.get(id);
    if (cached !== undefined) return cached.record;
    // Almost always there is one or none: a second look only if the first finds another's.
    const suffix = suffixColumn(id);
    const [number] = this.#find.get(suffix) ?? [];
    if (number === undefined) return undefined;
    const record = this.get(number);
    if (record?.id === id) return record;
    return this.#find
      .all(suffix)
      .map(([other]) => this.get(other))
      .find((other) => other?.id === id);
  }

  link(number: number): BlockLink | undefined {
    const known = this.#links.get(number) ?? this.#byNumber.get(number)?.link;
    if (known !== undefined) return known;
    const row = this.#link.get(number);
    if (row === undefined) return undefined;
    const [parent, jump, height, status] = row;
    const link = { number, parent, jump, height, status: statusOf(status) };
    this.#links.set(number, link);
    return link;
  }

  atHeight(height: number, limit: number): number[] {
    return this.#atHeight.all(height, limit).map(([number]) => number);
  }

  firstChild(number: number): number | undefined {
    const link = this.link(number);
    return link && this.#firstChild.get(link.height + 1, number)?.[0];
  }

  childrenWithBody(number: number, limit: number): number[] {
    const link = this.link(number);
    if (link === undefined) return [];
    return this.#childrenWithBody.all(link.height + 1, number, limit).map(([child]) => child);
  }

  descendants(number: number): number[] {
    const found = new Set([number]);
    for (let last = number, page = this.#after.all(last); page.length > 0; page = this.#after.all(last)) {
      for (const [child, parent] of page) if (found.has(parent)) found.add(child);
      last = page.at(-1)?.[0] ?? last;
    }
    found.delete(number);
    return [...found];
  }

  best(): BlockRecord | undefined {
    return this.#read(this.#best.get())?.record;
  }

  /** What is held in memory may have been taken back. */
  forget(): void {
    this.#count = undefined;
    this.#byNumber.clear();
    this.#byId.clear();
    this.#links.clear();
  }

  #read(row: BlockRow | undefined): CachedBlock | undefined {
    if (row === undefined) return undefined;
    const [number, id, parent, jump, height, work, status, sealed] = row;
    return this.#cache(
      {
        number,
        id: hexOf(id) as BlockId,
        parent,
        height,
        work: workOf(work),
        sealed: decodeKeptHeader(number, sealed),
        status: statusOf(status),
      },
      jump,
    );
  }

  #cache(record: BlockRecord, jump: number): CachedBlock {
    const { number, parent, height, status } = record;
    const cached = { record, link: { number, parent, jump, height, status } };
    this.#byNumber.set(number, cached);
    this.#byId.set(record.id, cached);
    return cached;
  }
}

function decodeKeptHeader(number: number, bytes: Uint8Array): SealedHeader {
  try {
    return decodeSealedHeader(bytes);
  } catch (cause) {
    if (!(cause instanceof RuleError)) throw cause;
    throw damaged(`the header of block number ${number} does not decode`, cause);
  }
}
