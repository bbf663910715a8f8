import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { getPriority } from 'node:os';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { bytesToBigInt } from '../../src/core/hex.ts';
import { createMiner, MAX_THREADS, type MinerOptions, type ThreadedMiner } from '../../src/mining/miner.ts';
import { OperationError } from '../../src/node/ports.ts';

/** Every second hash. */
const EASY = 2n ** 255n - 1n;
/** One hash in 2^18: beyond the batch tried on the calling thread. */
const MEDIUM = 2n ** 238n - 1n;
/** Never met. */
const IMPOSSIBLE = 0n;
const execute = promisify(execFile);
const NEVER = new AbortController().signal;

const miners: ThreadedMiner[] = [];
function miner(options: MinerOptions): ThreadedMiner {
  const created = createMiner(options);
  miners.push(created);
  return created;
}
afterEach(async () => {
  await Promise.all(miners.splice(0).map((each) => each.close()));
});

function hashOf(headerRoot: Uint8Array, nonce: Uint8Array | undefined): bigint {
  if (nonce === undefined) throw new Error('no nonce');
  return bytesToBigInt(createHash('sha256').update(headerRoot).update(nonce).digest());
}

/** Resolves once the threads hash: their counters move beyond what the calling thread hashed. */
async function hashing(of: ThreadedMiner): Promise<void> {
  const from = of.hashes();
  await expect.poll(() => of.hashes() - from, { timeout: 10_000, interval: 1 }).toBeGreaterThan(1_000_000);
}

describe('createMiner', () => {
  it('finds a nonce that meets a target too hard for the calling thread', async () => {
    const mining = miner({ threads: 2 });
    for (let i = 0; i < 20; i++) {
      const headerRoot = randomBytes(32);
      const nonce = await mining.search({ headerRoot, target: MEDIUM }, NEVER);
      expect(nonce).toHaveLength(32);
      expect(hashOf(headerRoot, nonce)).toBeLessThanOrEqual(MEDIUM);
    }
  });

  it('mines 2,000 blocks with a trivial target within two seconds, without starting a thread', async () => {
    const worker = new URL('./fixtures/dying-worker.ts', import.meta.url);
    const mining = miner({ threads: 1, worker });
    const start = performance.now();
    for (let i = 0; i < 2_000; i++) {
      const headerRoot = randomBytes(32);
      const nonce = await mining.search({ headerRoot, target: EASY }, NEVER);
      expect(hashOf(headerRoot, nonce)).toBeLessThanOrEqual(EASY);
    }
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it('ends at once with undefined when aborted, and searches again', async () => {
    const mining = miner({ threads: 2 });
    const delaysMs: number[] = [];
    for (let i = 0; i < 5; i++) {
      const abort = new AbortController();
      const search = mining.search({ headerRoot: randomBytes(32), target: IMPOSSIBLE }, abort.signal);
      await hashing(mining);
      const start = performance.now();
      abort.abort();
      expect(await search).toBeUndefined();
      delaysMs.push(performance.now() - start);
    }
    expect(Math.min(...delaysMs)).toBeLessThan(10);
    const headerRoot = randomBytes(32);
    const nonce = await mining.search({ headerRoot, target: MEDIUM }, NEVER);
    expect(hashOf(headerRoot, nonce)).toBeLessThanOrEqual(MEDIUM);
  });

  it('returns undefined without hashing if aborted before', async () => {
    const mining = miner({ threads: 1 });
    const headerRoot = randomBytes(32);
    expect(await mining.search({ headerRoot, target: EASY }, AbortSignal.abort())).toBeUndefined();
    expect(mining.hashes()).toBe(0);
  });

  it('threads stop hashing once the search is over', async () => {
    const mining = miner({ threads: 2 });
    const abort = new AbortController();
    const search = mining.search({ headerRoot: randomBytes(32), target: IMPOSSIBLE }, abort.signal);
    await hashing(mining);
    abort.abort();
    await search;
    // Each thread may finish a last batch; then the counters stand still.
    let last = -1;
    const stands = () => {
      const before = last;
      last = mining.hashes();
      return last === before;
    };
    await expect.poll(stands).toBe(true);
    await expect.poll(() => mining.hashrate(), { timeout: 10_000 }).toBe(0);
  });

  it('lets a second search begin only after the first ended', async () => {
    const mining = miner({ threads: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const order: string[] = [];
    const job = { headerRoot: randomBytes(32), target: IMPOSSIBLE };
    const searches = [
      mining.search(job, first.signal).then(() => order.push('first')),
      mining.search({ ...job, target: EASY }, second.signal).then(() => order.push('second')),
    ];
    await hashing(mining);
    expect(order).toEqual([]);
    first.abort();
    await Promise.all(searches);
    expect(order).toEqual(['first', 'second']);
  });

  it('lets go of a search that is aborted while it waits, and keeps the order of the others', async () => {
    const mining = miner({ threads: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const job = { headerRoot: randomBytes(32), target: IMPOSSIBLE };
    let firstEnded = false;
    const running = mining.search(job, first.signal).then(() => {
      firstEnded = true;
    });
    const waiting = mining.search(job, second.signal);
    second.abort();
    expect(await waiting).toBeUndefined();
    expect(firstEnded).toBe(false);
    let thirdEnded = false;
    const third = mining.search({ ...job, target: EASY }, NEVER).then(() => {
      thirdEnded = true;
    });
    // Were it its turn, it would end without waiting for anything.
    await new Promise((resolve) => setImmediate(resolve));
    expect(thirdEnded).toBe(false);
    first.abort();
    await Promise.all([running, third]);
  });

  it('tells its hashrate while it searches', async () => {
    const mining = miner({ threads: 1 });
    expect(mining.hashrate()).toBe(0);
    const abort = new AbortController();
    const search = mining.search({ headerRoot: randomBytes(32), target: IMPOSSIBLE }, abort.signal);
    const start = performance.now();
    await hashing(mining);
    const [rate, elapsedMs] = [mining.hashrate(), performance.now() - start];
    expect(rate).toBeGreaterThan(0.8 * (1_000_000 / elapsedMs) * 1_000);
    expect(rate).toBeLessThan(1.5 * (mining.hashes() / elapsedMs) * 1_000);
    abort.abort();
    await search;
    await expect.poll(() => mining.hashrate(), { timeout: 10_000 }).toBe(0);
  });

  it('replaces a thread that died', async () => {
    const worker = new URL('./fixtures/once-dying-worker.ts', import.meta.url);
    const mining = miner({ threads: 2, worker });
    const headerRoot = randomBytes(32);
    const nonce = await mining.search({ headerRoot, target: MEDIUM }, NEVER);
    expect(hashOf(headerRoot, nonce)).toBeLessThanOrEqual(MEDIUM);
  });

  it('takes no nonce for another search', async () => {
    const mining = miner({ threads: 1, worker: new URL('./fixtures/late-worker.ts', import.meta.url) });
    const headerRoot = randomBytes(32);
    const nonce = await mining.search({ headerRoot, target: MEDIUM }, NEVER);
    expect(hashOf(headerRoot, nonce)).toBeLessThanOrEqual(MEDIUM);
  });

  it('does not keep the process alive between searches', async () => {
    const [hasher, mining] = ['native/hasher.ts', 'mining/miner.ts'].map(
      (path) => new URL(`../../src/${path}`, import.meta.url).href,
    );
    const program = `
      import '${hasher}';
      const { createMiner } = await import('${mining}');
      const job = { headerRoot: new Uint8Array(32), target: ${MEDIUM}n };
      const nonce = await createMiner({ threads: 2 }).search(job, new AbortController().signal);
      console.log(nonce.length);`;
    const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 20_000,
    });
    expect(stdout.trim()).toBe('32');
  });

  it('fails with the cause when threads keep dying, and may be asked again', async () => {
    const worker = new URL('./fixtures/dying-worker.ts', import.meta.url);
    const mining = miner({ threads: 2, worker });
    for (let i = 0; i < 2; i++) {
      const search = mining.search({ headerRoot: randomBytes(32), target: MEDIUM }, NEVER);
      const error = await search.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OperationError);
      expect(error).toMatchObject({ cause: { message: 'out of luck' } });
    }
  });

  it('fails when its worker file cannot be loaded', async () => {
    const mining = miner({ threads: 1, worker: new URL('./fixtures/missing.ts', import.meta.url) });
    const search = mining.search({ headerRoot: randomBytes(32), target: MEDIUM }, NEVER);
    await expect(search).rejects.toThrow(OperationError);
  });

  it('closes quickly, twice if need be: what runs ends with undefined, what comes later is refused', async () => {
    const mining = miner({ threads: 2 });
    const job = { headerRoot: randomBytes(32), target: IMPOSSIBLE };
    const search = mining.search(job, NEVER);
    await hashing(mining);
    const start = performance.now();
    await Promise.all([mining.close(), mining.close()]);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(await search).toBeUndefined();
    await expect(mining.search(job, NEVER)).rejects.toThrow('closed');
    expect(mining.hashrate()).toBe(0);
  });

  it('refuses malformed jobs and thread counts', async () => {
    for (const threads of [0, -1, 1.5, Number.NaN, MAX_THREADS + 1]) {
      expect(() => createMiner({ threads })).toThrow(RangeError);
    }
    const mining = miner({ threads: 1 });
    await expect(mining.search({ headerRoot: new Uint8Array(31), target: 1n }, NEVER)).rejects.toThrow(
      RangeError,
    );
    await expect(mining.search({ headerRoot: new Uint8Array(32), target: -1n }, NEVER)).rejects.toThrow(
      RangeError,
    );
    // A refused job does not block the next one.
    expect(await mining.search({ headerRoot: new Uint8Array(32), target: EASY }, NEVER)).toBeDefined();
  });

  it('leaves the calling thread its priority', async () => {
    const before = getPriority();
    const mining = miner({ threads: 1 });
    const abort = new AbortController();
    const search = mining.search({ headerRoot: randomBytes(32), target: IMPOSSIBLE }, abort.signal);
    await hashing(mining);
    expect(getPriority()).toBe(before);
    abort.abort();
    await search;
  });
});
