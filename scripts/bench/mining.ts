/** The miner beside the bare hasher on as many threads, and beside the loop of the tutorial this project began from. */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createMiner, type ThreadedMiner } from '../../src/mining/miner.ts';
import { type BenchCase, type BenchContext, comparedWith, figure, type Row } from './case.ts';
import { bestBatchSize, RawHasher } from './raw-hasher.ts';

const THREADS = [1, 2];
/** A run is many short turns, so that whatever else the machine does meets all contenders alike. */
const TURNS = 6;
const TURN_MS = 100;
const WARM_UP_MS = 200;
const TUTORIAL_MS = 200;
/** From here on all threads hash. */
const STARTED_HASHES = 1_000_000;
/** Never met, so every hash is tried. */
const IMPOSSIBLE = 0n;
const UNIT = 'hashes/s';

interface Contender {
  readonly threads: number;
  readonly raw: RawHasher;
  readonly miner: ThreadedMiner;
  readonly bare: number[];
  readonly mined: number[];
}

export const mining: BenchCase = {
  name: 'mining',
  about: 'hashes a second of the miner, beside the bare hasher in batches',
  async measure(context: BenchContext): Promise<Row[]> {
    const batchSize = await bestBatchSize();
    const contenders: Contender[] = THREADS.map((threads) => ({
      threads,
      raw: new RawHasher(threads),
      miner: createMiner({ threads }),
      bare: [],
      mined: [],
    }));
    const tutorial: number[] = [];
    try {
      for (const { miner, raw } of contenders) {
        await raw.rate(batchSize, WARM_UP_MS);
        await minerRate(miner, WARM_UP_MS);
      }
      for (let run = 1; run <= context.runs; run++) {
        context.tell(`mining: run ${run} of ${context.runs}, batches of ${batchSize}`);
        await measureRun(contenders, batchSize);
        tutorial.push(tutorialRate());
      }
    } finally {
      await Promise.all(contenders.flatMap(({ miner, raw }) => [raw.close(), miner.close()]));
    }
    return [
      ...contenders.map(({ bare, mined, threads }) =>
        comparedWith(`mining, ${threads === 1 ? '1 thread' : `${threads} threads`}`, UNIT, mined, bare, {
          of: 'ratio',
          atLeast: 0.95,
        }),
      ),
      ...scaling(contenders),
      figure("mining, the tutorial's loop", UNIT, tutorial),
    ];
  },
};

async function measureRun(contenders: readonly Contender[], batchSize: number): Promise<void> {
  const sums = contenders.map(() => ({ bare: 0, mined: 0 }));
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, { miner, raw }] of contenders.entries()) {
      const sum = sums[i];
      if (sum === undefined) continue;
      sum.bare += await raw.rate(batchSize, TURN_MS);
      sum.mined += await minerRate(miner, TURN_MS);
    }
  }
  contenders.forEach(({ bare, mined }, i) => {
    bare.push((sums[i]?.bare ?? 0) / TURNS);
    mined.push((sums[i]?.mined ?? 0) / TURNS);
  });
}

/** How many times one thread the others reach. The bare hasher says how many there are to be had at that moment. */
function scaling([one, ...others]: Contender[]): Row[] {
  const over = (rates: readonly number[], base: readonly number[]): number[] =>
    rates.map((rate, run) => rate / (base[run] ?? Number.NaN));
  return others.map(({ bare, mined, threads }) =>
    comparedWith(
      `mining, ${threads} threads over 1`,
      'times',
      over(mined, one?.mined ?? []),
      over(bare, one?.bare ?? []),
      { of: 'ratio', atLeast: 0.98 },
    ),
  );
}

/** Hashes a second, by the miner's own count, from the moment a search is running on. */
async function minerRate(miner: ThreadedMiner, ms: number): Promise<number> {
  const abort = new AbortController();
  const search = miner.search({ headerRoot: new Uint8Array(32), target: IMPOSSIBLE }, abort.signal);
  const before = miner.hashes();
  while (miner.hashes() - before < STARTED_HASHES) await pause(1);
  const [startMs, start] = [performance.now(), miner.hashes()];
  await pause(ms);
  const rate = ((miner.hashes() - start) / (performance.now() - startMs)) * 1_000;
  abort.abort();
  await search;
  return rate;
}

/** The tutorial's proof of work: a loop that hashes one guess after the other as text. */
function tutorialRate(): number {
  const startMs = performance.now();
  let proof = 0;
  let found = 0;
  while (performance.now() - startMs < TUTORIAL_MS) {
    for (let i = 0; i < 1_000; i++) {
      const guess = createHash('sha256').update(`100${proof++}`).digest('hex');
      if (guess.startsWith('0000')) found++;
    }
  }
  if (found === 0) throw new Error(`no proof among ${proof} guesses: something is wrong with the loop`);
  return (proof / (performance.now() - startMs)) * 1_000;
}
