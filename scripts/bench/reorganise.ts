/** Reorganisations: the tip moves to a branch of as many full blocks, with every transaction of the old one coming back. */
import { execFile } from 'node:child_process';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Chain } from '../../src/chain/chain.ts';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { encodeBlock } from '../../src/core/encoding.ts';
import type { NetworkDefinition } from '../../src/core/network-params.ts';
import type { SealedHeader } from '../../src/core/types.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import { type BenchCase, type BenchContext, comparedWith, figure, type Row } from './case.ts';
import { benchKey, benchNetwork, blockAfter, type Key, Payments, writeNetworkFile } from './ledger.ts';
import { rawLibsodium } from './raw-libsodium.ts';
import type { Reorganised } from './reorganise-process.ts';

const DEPTHS = [1, 10, 100];
const TRANSACTIONS = 1_000;
/** Senders of each branch. */
const KEYS = 500;
const PROCESS = fileURLToPath(new URL('reorganise-process.ts', import.meta.url));
const LIBSODIUM_MS = 500;
const run = promisify(execFile);

export const reorganise: BenchCase = {
  name: 'reorganise',
  about: 'depth 1, 10, 100, of 1,000 transactions a block, against raw libsodium and a steady event loop',
  async measure(context) {
    const libsodium = await rawLibsodium();
    const rows: Row[] = [];
    try {
      for (const depth of DEPTHS) {
        const folder = join(context.folder, `${depth}`);
        await mkdir(folder);
        await makeBranches(folder, depth, context.tell);
        const results: Reorganised[] = [];
        const rates: number[] = [];
        for (let i = 0; i < context.runs; i++) {
          context.tell(`reorganising ${depth} blocks, run ${i + 1} of ${context.runs}`);
          results.push(await reorganised(folder));
          rates.push(await libsodium.rate(LIBSODIUM_MS));
        }
        rows.push(...rowsOf(depth, results, rates));
        await rm(folder, { recursive: true, force: true });
      }
    } finally {
      await libsodium.close();
    }
    return rows;
  },
};

function rowsOf(depth: number, results: readonly Reorganised[], rates: readonly number[]): Row[] {
  const name = `reorganise ${depth} block${depth === 1 ? '' : 's'} of 1,000 tx`;
  const connected = depth * TRANSACTIONS;
  return [
    comparedWith(
      `${name}: connected, beside raw libsodium`,
      'tx/s',
      results.map(({ ms }) => (connected / ms) * 1_000),
      rates,
    ),
    figure(
      `${name}: until the new tip is seen`,
      'ms',
      results.map(({ seenMs }) => seenMs),
    ),
    comparedWith(
      `${name}: longest event-loop delay, beside a loop of 4 ms a turn`,
      'ms',
      results.map(({ longestDelayMs }) => longestDelayMs),
      results.map(({ steadyDelayMs }) => steadyDelayMs),
      { of: 'value', atMost: 50 },
    ),
    figure(
      `${name}: longest turn, processor time`,
      'ms',
      results.map(({ longestTurnMs }) => longestTurnMs),
      { of: 'value', atMost: 20 },
    ),
    figure(
      `${name}: memory at the end, ${results[0]?.returned} tx back in the pool`,
      'MB',
      results.map(({ rss }) => rss / 1e6),
    ),
  ];
}

/** A folder with both branches but for the last block of the longer, which lies beside it. */
async function makeBranches(folder: string, depth: number, tell: BenchContext['tell']): Promise<void> {
  const keys = Array.from({ length: 2 * KEYS }, (_, number) => benchKey(number));
  const network = benchNetwork(keys, 'reorganise');
  await writeNetworkFile(join(folder, 'network.json'), network);
  const store = SqliteStore.open({ folder: join(folder, 'made'), network });
  try {
    const chain = Chain.open(network, store);
    const add = (block: CheckedBlock) =>
      chain.addBlock(block, Number(block.block.sealed.header.timestamp), 'bulk');
    let made = 0;
    for (const block of branch(network, keys.slice(0, KEYS), depth, 1)) {
      add(block);
      tell(`making branches: ${++made} of ${2 * depth + 1} blocks`);
    }
    let last: CheckedBlock | undefined;
    for (const block of branch(network, keys.slice(KEYS), depth, 2)) {
      add(block);
      last = block;
      tell(`making branches: ${++made} of ${2 * depth + 1} blocks`);
    }
    if (last === undefined) return;
    const { sealed } = last.block;
    const grandparent = depth === 1 ? network.genesis.sealed : chain.parentOf(recordOf(chain, last))?.sealed;
    const end = blockAfter(network, sealed, grandparent, []);
    await writeFile(join(folder, 'last-block.ssz'), encodeBlock(end.block));
  } finally {
    store.close();
  }
}

function recordOf(chain: Chain, { id }: CheckedBlock) {
  const record = chain.byId(id);
  if (record === undefined) throw new Error(`block ${id} was not kept`);
  return record;
}

function* branch(
  network: NetworkDefinition,
  keys: readonly Key[],
  length: number,
  mark: number,
): Generator<CheckedBlock> {
  const payments = new Payments(network, keys);
  let grandparent: SealedHeader | undefined;
  let parent = network.genesis.sealed;
  for (let i = 0; i < length; i++) {
    const block = blockAfter(network, parent, grandparent, payments.take(TRANSACTIONS), Uint8Array.of(mark));
    grandparent = parent;
    parent = block.block.sealed;
    yield block;
  }
}

async function reorganised(folder: string): Promise<Reorganised> {
  const copy = join(folder, 'run');
  await cp(join(folder, 'made'), copy, { recursive: true });
  try {
    const files = [copy, join(folder, 'network.json'), join(folder, 'last-block.ssz')];
    const { stdout } = await run(process.execPath, [PROCESS, ...files]);
    return JSON.parse(stdout) as Reorganised;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
