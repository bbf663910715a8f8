import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreError } from '../../src/store/errors.ts';
import { LogSync } from '../../src/store/log-sync.ts';

let folder: string;
let path: string;
/** Waits for the disk that have begun; they end when a test says so. */
let waits: PromiseWithResolvers<void>[];
let log: LogSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-log-'));
  path = join(folder, 'ledger.sqlite-wal');
  writeFileSync(path, 'frames');
  waits = [];
  log = new LogSync(path, () => {
    const wait = Promise.withResolvers<void>();
    waits.push(wait);
    return wait.promise;
  });
});

afterEach(() => {
  log.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Lets everything happen that waits for nothing. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('forces a real file to the disk', async () => {
  const real = new LogSync(path);
  await real.synced();
  real.close();
});

it('whoever comes while a wait is under way shares the next one', async () => {
  const first = log.synced();
  await settle();
  const later = [log.synced(), log.synced()];
  let areSynced = false;
  const all = Promise.all(later).then(() => {
    areSynced = true;
  });
  await settle();
  expect(waits).toHaveLength(1);
  waits[0]?.resolve();
  await first;
  await settle();
  expect(waits).toHaveLength(2);
  expect(areSynced).toBe(false);
  waits[1]?.resolve();
  await all;
});

it('after one failure nothing is taken for safe any more', async () => {
  const failed = log.synced();
  const told = expect(failed).rejects.toThrow(StoreError);
  await settle();
  waits[0]?.reject(new Error('EIO'));
  await told;
  await expect(log.synced()).rejects.toThrow(/EIO/);
  expect(waits).toHaveLength(1);
});

it('a log that is not there is a failure', async () => {
  const missing = new LogSync(join(folder, 'missing'));
  await expect(missing.synced()).rejects.toThrow(StoreError);
});

it('a log that was opened needs no other file', async () => {
  log.open();
  rmSync(path);
  const synced = log.synced();
  await settle();
  waits[0]?.resolve();
  await synced;
  expect(() => new LogSync(join(folder, 'missing')).open()).toThrow(StoreError);
});

it('closing lets a wait under way end, and begins none', async () => {
  const underWay = log.synced();
  await settle();
  const refused = expect(log.synced()).rejects.toThrow(/closed/);
  log.close();
  waits[0]?.resolve();
  await underWay;
  await refused;
  await expect(log.synced()).rejects.toThrow(/closed/);
  expect(waits).toHaveLength(1);
});
