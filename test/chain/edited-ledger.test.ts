/** Whatever is edited in a ledger's file, its check names it, or it means nothing. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ledgerPath } from '../../src/store/sqlite-store.ts';
import { editBytes, judge, makeLedger } from '../support/edited-ledger.ts';

/** A prime: every place of a page has its turn as `from` differs. `npm run test:disk` takes every byte. */
const EVERY = 1_009;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-edited-'));
  makeLedger(join(folder, 'whole'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function copy(): string {
  const path = join(folder, 'copy');
  rmSync(path, { recursive: true, force: true });
  cpSync(join(folder, 'whole'), path, { recursive: true });
  return path;
}

it('the ledger that is edited here is valid', async () => {
  expect(await judge(copy())).toEqual({ named: undefined, height: undefined });
});

const other = "x'0102030405060708091011121314151617181920212223242526272829303132'";
/** Numbers: 0 to 5 on the chain, 6 and 7 left it, 8 to 10 on the chain, 11 to 14 invalid, 15 and 16 headers. */
const edits: readonly [sql: string, named: RegExp, height?: number][] = [
  [`UPDATE network SET id = ${other}`, /another network/],
  ['INSERT INTO network SELECT id FROM network', /table network/],
  ["INSERT INTO network VALUES (x'00')", /table network/],
  ['UPDATE staging SET counts = 1', /wrong-accounts/],
  ['DELETE FROM staging', /table staging/],
  ['INSERT INTO staging VALUES (0)', /table staging/],
  [`UPDATE blocks SET id = ${other} WHERE number = 3`, /block/, 3],
  [`UPDATE blocks SET id = ${other} WHERE number = 6`, /block number 6/, 6],
  ['UPDATE blocks SET parent = 2 WHERE number = 4', /block number 4/, 4],
  ['UPDATE blocks SET parent = 3 WHERE number = 6', /block number 6/, 6],
  ['UPDATE blocks SET jump = 3 WHERE number = 5', /block number 5 .*jump/, 5],
  ['UPDATE blocks SET jump = 0 WHERE number = 16', /block number 16 .*jump/, 10],
  ['UPDATE blocks SET height = 9 WHERE number = 7', /block number 7/, 9],
  ['UPDATE blocks SET work = (SELECT work FROM blocks WHERE number = 2) WHERE number = 3', /block/, 3],
  [
    'UPDATE blocks SET work = (SELECT work FROM blocks WHERE number = 2) WHERE number = 7',
    /block number 7/,
    7,
  ],
  ['UPDATE blocks SET status = 0 WHERE number = 2', /block number 2 .*status/, 2],
  ['UPDATE blocks SET status = 2 WHERE number = 2', /block number 2 .*status/, 2],
  ['UPDATE blocks SET status = 2 WHERE number = 7', /block number 7 .*body/, 7],
  ['UPDATE blocks SET status = 1 WHERE number = 15', /block number 15 .*missing/, 9],
  ['UPDATE blocks SET status = 1 WHERE number = 12', /block number 12 .*parent has none/, 7],
  [
    'UPDATE blocks SET sealed = (SELECT sealed FROM blocks WHERE number = 2) WHERE number = 0',
    /first block/,
    0,
  ],
  [
    'UPDATE blocks SET sealed = (SELECT sealed FROM blocks WHERE number = 2) WHERE number = 7',
    /block number 7/,
    7,
  ],
  ["UPDATE blocks SET sealed = x'00' WHERE number = 15", /header of block number 15/],
  ['DELETE FROM blocks WHERE number = 14', /block number 14/],
  ['DELETE FROM block_ids WHERE number = 4', /block number 4/, 4],
  ['INSERT INTO block_ids VALUES (5, 5)', /table block_ids/],
  [
    'UPDATE bodies SET transactions = (SELECT transactions FROM bodies WHERE number = 2) WHERE number = 3',
    /wrong-transactions-root/,
    3,
  ],
  [
    'UPDATE bodies SET transactions = (SELECT transactions FROM bodies WHERE number = 2) WHERE number = 7',
    /block number 7/,
    7,
  ],
  ['DELETE FROM bodies WHERE number = 3', /height 3/, 3],
  ['DELETE FROM bodies WHERE number = 6', /block number 6 .*missing/, 6],
  [
    'INSERT INTO bodies SELECT 15, transactions FROM bodies WHERE number = 2',
    /block number 15 .*has a body/,
    9,
  ],
  [
    'INSERT INTO bodies SELECT 77, transactions FROM bodies WHERE number = 2',
    /table bodies .*block number 77/,
  ],
  ['DELETE FROM undo WHERE number = 4', /undo record/, 4],
  [
    'UPDATE undo SET accounts = (SELECT accounts FROM undo WHERE number = 3) WHERE number = 4',
    /undo record/,
    4,
  ],
  ["UPDATE undo SET accounts = x'00' WHERE number = 6", /block number 6 .*undo record of 1 bytes/, 6],
  ["INSERT INTO undo VALUES (77, x'')", /table undo .*block number 77/],
  ['UPDATE main_chain SET number = 6 WHERE height = 6', /damaged/, 7],
  ['DELETE FROM main_chain WHERE height = 3', /height 3/, 3],
  ['DELETE FROM main_chain WHERE height = 8', /wrong-accounts/],
  ['INSERT INTO main_chain VALUES (-1, 0)', /table main_chain/],
  ['UPDATE accounts SET balance = balance + 1 WHERE sequence = 0', /wrong-accounts/],
  ['UPDATE accounts SET sequence = sequence + 1', /wrong-accounts/],
  ['DELETE FROM accounts WHERE sequence > 0', /wrong-accounts/],
  [`INSERT INTO accounts VALUES (${other}, 1, 0)`, /wrong-accounts/],
  [
    'DELETE FROM transaction_index WHERE location = 2 * 65536',
    /transaction_index lacks transaction 0 of block number 2/,
    2,
  ],
  [
    'UPDATE transaction_index SET prefix = 5 WHERE location = 3 * 65536',
    /transaction_index .*block number 3/,
    3,
  ],
  [
    'INSERT INTO transaction_index VALUES (5, 3 * 65536)',
    /transaction_index .*block number 3 by a wrong prefix/,
    3,
  ],
  [
    'INSERT INTO transaction_index VALUES (5, 6 * 65536 + 9)',
    /transaction_index names transaction 9 of block number 6/,
    6,
  ],
  ['INSERT INTO transaction_index VALUES (5, 99 * 65536)', /transaction_index names block number 99/],
  ['DELETE FROM history WHERE location = 5 * 65536', /history lacks transaction 0 of block number 5/, 5],
  [
    `INSERT INTO history VALUES (${other}, 4 * 65536)`,
    /history names transaction 0 of block number 4 by a wrong address/,
    4,
  ],
  [`UPDATE pool SET id = ${other} WHERE number = 0`, /table pool/],
  ['UPDATE pool SET signed = (SELECT signed FROM pool WHERE number = 1) WHERE number = 0', /table pool/],
  ["UPDATE pool SET signed = x'00'", /pool/],
  ['DROP INDEX blocks_by_work', /blocks_by_work/],
  ['CREATE TABLE another (a INTEGER) STRICT', /another/],
  ['CREATE TRIGGER t AFTER INSERT ON blocks BEGIN DELETE FROM accounts; END', /definition of t /],
  ['PRAGMA user_version = 99', /newer/],
  ['PRAGMA application_id = 1', /other program/],
];

it.each(edits)('%s', async (sql, named, height) => {
  const path = copy();
  const database = new DatabaseSync(ledgerPath(path));
  database.exec(sql);
  database.close();
  const verdict = await judge(path);
  expect(verdict.named).toMatch(named);
  if (height !== undefined) expect(verdict.height).toBe(height);
});

it.each([
  ["UPDATE peers SET address = 'nowhere'"],
  ['UPDATE peers SET last_seen_ms = -1'],
  ['DELETE FROM staged_accounts'],
  ['UPDATE staged_accounts SET balance = 77'],
])('means nothing: %s', async (sql) => {
  const path = copy();
  const database = new DatabaseSync(ledgerPath(path));
  database.exec(sql);
  database.close();
  expect((await judge(path)).named).toBeUndefined();
});

it('one bit of a byte in a thousand, all over the file', async () => {
  const from = Math.floor(EVERY * Math.random());
  const report = await editBytes(join(folder, 'bytes'), EVERY, from);
  expect(report.missed, `every ${EVERY}, from ${from}`).toEqual([]);
  expect(report.found).toBeGreaterThan(0);
  expect(report.unused).toBeLessThan(report.edits);
}, 120_000);
