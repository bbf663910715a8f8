import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import { BlockMaker, NOW_MS, testNetwork } from '../support/ledger.ts';

/** Multiples of what the caches hold, so that they are equally full both times. */
const FIRST_BLOCKS = 3 * 2_048;
const MORE_BLOCKS = 12 * 2_048;
const COMMIT_BLOCKS = 64;
/** Less than the id alone of every block would take. */
const MAX_BYTES_PER_BLOCK = 30;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let folder: string;
let store: SqliteStore;
const network = testNetwork({ blockInterval: 10n });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-memory-'));
  store = SqliteStore.open({ folder, network });
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

it('memory does not grow with the chain: no index of all blocks is held', () => {
  const chain = Chain.open(network, store);
  let last: CheckedBlock = new BlockMaker(network).genesis;
  const grow = (blocks: number): void => {
    const height = chain.tip.height + blocks;
    while (chain.tip.height < height) {
      // A maker remembers what it made: a new one each time.
      const run = new BlockMaker(network).chain(last, COMMIT_BLOCKS);
      last = run.at(-1) ?? last;
      chain.addBlocks(run, NOW_MS, 'bulk');
    }
  };
  grow(FIRST_BLOCKS);
  const before = heapBytes();
  grow(MORE_BLOCKS);
  expect((heapBytes() - before) / MORE_BLOCKS).toBeLessThan(MAX_BYTES_PER_BLOCK);
}, 120_000);
