/** Files that earlier versions wrote are opened by this one, with all that was in them. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import type { BlockId } from '../../src/core/identifiers.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import { testKey, testNetwork } from '../support/ledger.ts';

const TIP = '0daccb0947bde241798f50c14baedfd52e064ebb7912b975681590b1f0fae19b' as BlockId;
const SIDE = '36353ed0275a8f799ee2908af6c2662d2f32e4f5927d209f47941dc5dcbbab4f' as BlockId;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-migration-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('schema 1: nine blocks, a side branch of two, and two headers without bodies', () => {
  copyFileSync(
    fileURLToPath(new URL('./fixtures/schema-1.sqlite', import.meta.url)),
    join(folder, 'ledger.sqlite'),
  );
  const network = testNetwork();
  const store = SqliteStore.open({ folder, network });
  try {
    const chain = Chain.open(network, store);
    expect([chain.tip.height, chain.tip.id, chain.bestHeader.height]).toEqual([9, TIP, 11]);
    for (let height = 0; height <= 9; height++) {
      const record = chain.atHeight(height);
      expect(record && chain.byId(record.id)).toEqual(record);
    }
    expect(chain.byId(SIDE)?.height).toBe(7);
    expect(chain.missingBodies(9).map(({ height }) => height)).toEqual([10, 11]);
    expect(chain.account(testKey(2).address).balance).toBe(5n);
    expect(chain.history(testKey(1).address, { limit: 9 })).toHaveLength(1);
  } finally {
    store.close();
  }
});
