import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import { payment, testKey, testNetwork } from '../support/ledger.ts';

const network = testNetwork();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-checkpoint-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('moves the log into the database file while the store is used, not at its commits', async () => {
  const store = SqliteStore.open({ folder, network });
  const file = join(folder, 'ledger.sqlite');
  const size = () => statSync(file).size;
  const before = size();
  const { signed } = payment(network, { from: testKey(1), to: testKey(2).address, sequence: 0 });
  const body = Array(100).fill(signed);
  // 16 kB each: the log grows beyond what is left in it, but not to where SQLite moves it by itself.
  for (let number = 0; number < 1_200; number++) {
    store.atomically(() => store.bodies.insert(number, body), 'bulk');
    if (number % 50 === 0) store.atomically(() => store.bodies.remove(-1));
  }
  await expect.poll(size, { timeout: 20_000 }).toBeGreaterThan(before + 8_000_000);
  expect(store.bodies.get(99)).toHaveLength(100);
  store.close();
  expect(size()).toBeGreaterThan(1_200 * 16_000);
});
