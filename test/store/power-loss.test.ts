/**
 * A power cut: of what was written since the disk was last waited for, any part is there afterwards, in any order. The
 * ledger's files are copied when everything is on the disk and again later; each try has some of the sectors that
 * changed in between. Nothing waits for the disk in between, so that every such choice may happen.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import { judge, network, pay } from '../support/edited-ledger.ts';
import { BlockMaker, NOW_MS } from '../support/ledger.ts';

const SECTOR_BYTES = 512;
const TRIES = 60;
const FILES = ['ledger.sqlite', 'ledger.sqlite-wal'];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-power-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Files = ReadonlyMap<string, Buffer>;

function filesOf(data: string): Files {
  return new Map(FILES.map((name) => [name, readFileSync(join(data, name))]));
}

/** A pattern of sectors: those that got to the disk. */
type Survives = (sector: number, sectors: number) => boolean;

function afterCut(safe: Buffer, written: Buffer, survives: Survives): Buffer {
  // What was never written is zeros, where the file is longer at all.
  const found = Buffer.alloc(written.length);
  safe.copy(found);
  const sectors = Math.ceil(written.length / SECTOR_BYTES);
  let length = safe.length;
  for (let sector = 0; sector < sectors; sector++) {
    const [from, to] = [sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES];
    if (!survives(sector, sectors)) continue;
    written.copy(found, from, from, to);
    length = Math.max(length, Math.min(to, written.length));
  }
  return found.subarray(0, length);
}

/** The same choices in every run. */
function choices(seed: number): Survives {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const share = next();
  const kinds: Survives[] = [
    () => next() < share,
    (sector, sectors) => sector < share * sectors,
    (sector, sectors) => sector > share * sectors,
    () => next() < 0.97,
  ];
  return kinds[seed % kinds.length] ?? (() => true);
}

it('takes no more than what was not waited for, and leaves a tip that holds', async () => {
  const data = join(folder, 'data');
  const store = SqliteStore.open({ folder: data, network });
  const chain = Chain.open(network, store);
  const maker = new BlockMaker(network);
  const blocks: CheckedBlock[] = [];
  const grow = (count: number, durability: 'full' | 'bulk'): void => {
    for (let grown = 0; grown < count; grown++) {
      const block = maker.block(blocks.at(-1) ?? maker.genesis, { transactions: [pay(blocks.length)] });
      blocks.push(block);
      chain.addBlock(block, NOW_MS, durability);
    }
  };
  grow(5, 'bulk');
  grow(1, 'full');
  const safe = filesOf(data);
  const safeHeight = chain.tip.height;
  for (let commit = 0; commit < 4; commit++) {
    grow(2, 'bulk');
    // A commit of its own each, that nobody waits for on the disk.
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  const written = filesOf(data);
  const { height } = chain.tip;
  store.close();

  const reached = new Set<number>();
  for (let seed = 0; seed < TRIES; seed++) {
    const tried = join(folder, `try-${seed}`);
    mkdirSync(tried);
    const survives = choices(seed);
    for (const name of FILES) {
      const [before, after] = [safe.get(name), written.get(name)];
      if (before === undefined || after === undefined) throw new Error(`${name} was copied`);
      writeFileSync(join(tried, name), afterCut(before, after, survives));
    }
    const opened = SqliteStore.open({ folder: tried, network });
    const tip = Chain.open(network, opened).tip;
    opened.close();
    expect(tip.height, `seed ${seed}`).toBeGreaterThanOrEqual(safeHeight);
    expect(tip.id).toBe(blocks[tip.height - 1]?.id);
    expect((await judge(tried)).named, `seed ${seed}`).toBeUndefined();
    reached.add(tip.height);
    rmSync(tried, { recursive: true, force: true });
  }
  expect(reached).toContain(safeHeight);
  expect(Math.max(...reached)).toBeLessThanOrEqual(height);
  expect(reached.size).toBeGreaterThan(1);
}, 120_000);
