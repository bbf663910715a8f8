/** Files that earlier versions wrote are opened by this one, with all that was in them. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { encodeSignedTransaction } from '../../src/core/encoding.ts';
import type { BlockId } from '../../src/core/identifiers.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import { payment, testKey, testNetwork } from '../support/ledger.ts';

const TIP = '0daccb0947bde241798f50c14baedfd52e064ebb7912b975681590b1f0fae19b' as BlockId;
const SIDE = '36353ed0275a8f799ee2908af6c2662d2f32e4f5927d209f47941dc5dcbbab4f' as BlockId;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-migration-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('schema 1: nine blocks, a side branch of two, two headers without bodies, two transactions waiting', () => {
  const file = join(folder, 'ledger.sqlite');
  copyFileSync(fileURLToPath(new URL('./fixtures/schema-1.sqlite', import.meta.url)), file);
  const network = testNetwork();
  const waiting = [1, 2].map((sequence) =>
    payment(network, { from: testKey(1), to: testKey(2).address, sequence }),
  );
  const old = new DatabaseSync(file);
  const put = old.prepare('INSERT INTO pool (number, id, signed) VALUES (?, ?, ?)');
  for (const [number, { id, signed }] of waiting.entries())
    put.run(3 * number, Buffer.from(id, 'hex'), encodeSignedTransaction(signed));
  old.close();
  const store = SqliteStore.open({ folder, network });
  try {
    const chain = Chain.open(network, store);
    expect([chain.tip.height, chain.tip.id, chain.bestHeader.height]).toEqual([9, TIP, 11]);
    for (let height = 0; height <= 9; height++) {
      const record = chain.atHeight(height);
      expect(record && chain.byId(record.id)).toEqual(record);
    }
    expect(chain.byId(SIDE)?.height).toBe(7);
    expect([...chain.blocksBetween(7, 8)].map(({ id }) => id)).toEqual([chain.atHeight(7)?.id, SIDE]);
    const ends = [...chain.forks.ends(Number.MAX_SAFE_INTEGER)].flatMap(({ end }) => end ?? []);
    expect(ends.map(({ height, id }) => [height, id])).toContainEqual([7, SIDE]);
    expect(chain.missingBodies(9).map(({ height }) => height)).toEqual([10, 11]);
    expect(chain.account(testKey(2).address).balance).toBe(5n);
    expect(store.pool.all()).toEqual(waiting.map(({ id, signed }) => ({ id, signed })));
    expect(chain.history(testKey(1).address, { limit: 9 })).toHaveLength(1);
  } finally {
    store.close();
  }
  const migrated = new DatabaseSync(file);
  const plan = migrated
    .prepare('EXPLAIN QUERY PLAN SELECT number FROM blocks WHERE height = 7 ORDER BY parent, number LIMIT 9')
    .all();
  migrated.close();
  // However many blocks there are, only those asked for are looked at.
  expect(plan.map(({ detail }) => detail)).toEqual([
    expect.stringContaining('USING COVERING INDEX blocks_by_height'),
  ]);
});
