import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CheckedBlock } from '../../src/chain/records.ts';
import {
  type BlockSource,
  type BlockStep,
  type BlocksOptions,
  followBlocks,
} from '../../src/client/block-follower.ts';
import type { ChainNews } from '../../src/client/chain-news.ts';
import type { AnswerOf } from '../../src/client/contract.ts';
import { ReorganisationError } from '../../src/client/errors.ts';
import type { BlockJson } from '../../src/client/schemas.ts';
import { TallyClient } from '../../src/client/tally-client.ts';
import type { BlockId } from '../../src/core/identifiers.ts';
import { BlockMaker, NOW_MS } from '../support/ledger.ts';
import { RestartedApi } from '../support/restarted-api.ts';
import { A_PEER, type ServedLedger, servedLedger } from '../support/served-ledger.ts';

let ledger: ServedLedger;
let maker: BlockMaker;
/** All that `maker` made. */
const made = new Map<BlockId, CheckedBlock>();
let api: RestartedApi;
let client: TallyClient;
let stop: AbortController;

beforeEach(async () => {
  ledger = servedLedger();
  maker = new BlockMaker(ledger.network);
  api = new RestartedApi(ledger);
  await api.start();
  client = new TallyClient({ url: api.url, retry: { firstDelayMs: 5, longestDelayMs: 20 } });
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await api.stop();
});

/** Blocks on the chain's block `back` below the tip. */
function grow(length: number, back = 0): void {
  const parent = idsOnChain().at(-1 - back) as BlockId;
  const onto = made.get(parent) ?? maker.genesis;
  for (const block of maker.chain(onto, length)) {
    made.set(block.id, block);
    ledger.chain.addBlock(block, NOW_MS);
  }
  const { height, id } = ledger.chain.tip;
  ledger.emit({ event: 'block.mined', height, id, transactions: 0 });
}

function idsOnChain(upTo = ledger.chain.tip.height): string[] {
  return [...ledger.chain.blocksFrom(0, upTo + 1)].map(({ id }) => id);
}

/** Applies steps to a list, and holds each against it. */
class Reader {
  readonly ids: string[] = [];
  readonly steps: string[] = [];
  /** Between steps. */
  rest: () => Promise<void> = async () => {};
  readonly done: Promise<void>;
  #look: () => void = () => {};

  constructor(steps: AsyncIterable<BlockStep>, ids: string[] = []) {
    this.ids.push(...ids);
    this.done = this.#read(steps);
    this.done.catch(() => this.#look());
  }

  async reaches(ids: () => string[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#look = () => {
      if (this.ids.join() === ids().join()) resolve();
    };
    this.#look();
    await Promise.race([promise, this.done]);
    expect(this.ids).toEqual(ids());
  }

  async #read(steps: AsyncIterable<BlockStep>): Promise<void> {
    for await (const { type, block } of steps) {
      this.steps.push(`${type === 'connected' ? '+' : '-'}${block.header.height}`);
      if (type === 'disconnected') expect(this.ids.pop()).toBe(block.id);
      else {
        if (this.ids.length > 0) expect(block.header.parent).toBe(this.ids.at(-1));
        this.ids.push(block.id);
      }
      this.#look();
      await this.rest();
    }
  }
}

test('the chain so far comes in pages, then every new block', async () => {
  grow(250);
  const reader = new Reader(client.blocks({ signal: stop.signal }));
  await reader.reaches(() => idsOnChain());
  grow(1);
  await reader.reaches(() => idsOnChain());
  expect(reader.ids).toHaveLength(252);
  stop.abort();
  await reader.done;
});

test('blocks left behind go first, the newest before the others', async () => {
  grow(3);
  const reader = new Reader(client.blocks({ from: 1, signal: stop.signal }));
  await reader.reaches(() => idsOnChain().slice(1));
  grow(3, 2);
  await reader.reaches(() => idsOnChain().slice(1));
  expect(reader.steps).toEqual(['+1', '+2', '+3', '-3', '-2', '+2', '+3', '+4']);
});

test('a branch that leaves before the first block asked for takes back no more than was given', async () => {
  grow(4);
  const reader = new Reader(client.blocks({ from: 3, signal: stop.signal }));
  await reader.reaches(() => idsOnChain().slice(3));
  grow(6, 4);
  await reader.reaches(() => idsOnChain().slice(3));
  expect(reader.steps).toEqual(['+3', '+4', '-4', '-3', '+3', '+4', '+5', '+6']);
});

test('with confirmations a block comes once it is buried', async () => {
  grow(5);
  const reader = new Reader(client.blocks({ confirmations: 3, signal: stop.signal }));
  await reader.reaches(() => idsOnChain(3));
  grow(2, 1);
  await reader.reaches(() => idsOnChain(4));
  expect(reader.steps).toEqual(['+0', '+1', '+2', '+3', '+4']);
});

test('a later run goes on behind the last block of an earlier one, and takes back what is gone', async () => {
  grow(3);
  const { id, height } = ledger.chain.tip;
  const before = idsOnChain();
  grow(4, 2);
  const reader = new Reader(client.blocks({ after: { id, height }, signal: stop.signal }), before);
  await reader.reaches(() => idsOnChain());
  expect(reader.steps).toEqual(['-3', '-2', '+2', '+3', '+4', '+5']);
});

test('a block the daemon does not know cannot be taken back', async () => {
  grow(3);
  const reader = new Reader(client.blocks({ after: { id: 'ab'.repeat(32), height: 2 } }));
  await expect(reader.done).rejects.toBeInstanceOf(ReorganisationError);
});

test('a reader that stops early leaves no stream open', async () => {
  for await (const { block } of client.blocks()) {
    expect(block.header.height).toBe(0);
    break;
  }
  await api.stop();
});

test.each([{ from: -1 }, { from: 0.5 }, { confirmations: 0 }])('%j is refused', async (options) => {
  await expect(client.blocks(options).next()).rejects.toBeInstanceOf(RangeError);
});

describe('whatever happens', () => {
  const action = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('grow' as const),
        length: fc.integer({ min: 1, max: 4 }),
        back: fc.constant(0),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('grow' as const),
        length: fc.integer({ min: 1, max: 8 }),
        back: fc.nat(6),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: 'turn' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  );

  test('the steps make the daemon’s chain', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (actions, confirmations, isSlow) => {
          const own = { ledger: servedLedger() };
          ledger = own.ledger;
          maker = new BlockMaker(ledger.network);
          const served = new RestartedApi(ledger);
          await served.start();
          const end = new AbortController();
          try {
            const reading = new TallyClient({
              url: served.url,
              retry: { firstDelayMs: 2, longestDelayMs: 5 },
            });
            const reader = new Reader(reading.blocks({ confirmations, signal: end.signal }));
            if (isSlow) reader.rest = () => new Promise((resolve) => setImmediate(resolve));
            for (const step of actions) {
              if (step.kind === 'grow') grow(step.length, step.back);
              else if (step.kind === 'restart') {
                await served.stop();
                await served.start();
              } else await reading.status();
            }
            grow(confirmations);
            await reader.reaches(() => idsOnChain(ledger.chain.tip.height - confirmations + 1));
            end.abort();
            await reader.done;
          } finally {
            end.abort();
            await served.stop();
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('news of other things does not matter', async () => {
  const reader = new Reader(client.blocks({ signal: stop.signal }));
  await reader.reaches(() => idsOnChain());
  ledger.emit({ event: 'peer.penalised', peer: A_PEER, offence: 'garbage', score: 0 });
  grow(1);
  await reader.reaches(() => idsOnChain());
});

describe('a daemon that is broken', () => {
  afterEach(() => void vi.useRealTimers());

  const news = () => ({ next: async () => true, stop: async () => {} }) as unknown as ChainNews;

  /** How often it is asked at once, and within a second. */
  async function askedHowOften(source: Omit<BlockSource, 'news'>, options: BlocksOptions): Promise<number[]> {
    vi.useFakeTimers();
    let asked = 0;
    const counting: BlockSource = {
      ...source,
      news,
      chain: (...args) => {
        // It would go on for ever, and no timer would ever come.
        if (++asked > 100) stop.abort();
        return source.chain(...args);
      },
    };
    const step = followBlocks(counting, { ...options, signal: stop.signal }).next();
    await vi.advanceTimersByTimeAsync(0);
    const atOnce = asked;
    await vi.advanceTimersByTimeAsync(1_000);
    stop.abort();
    await step;
    return [atOnce, asked];
  }

  test('and sends none of the blocks it says there are is asked again, later each time', async () => {
    const chain = async () => ({ length: 10, blocks: [] }) as unknown as AnswerOf<'chain'>;
    const [atOnce, later] = await askedHowOften({ chain, block: expect.fail }, {});
    expect(atOnce).toBe(1);
    expect(later).toBeGreaterThan(1);
    expect(later).toBeLessThan(10);
  });

  test('and sends blocks that do not follow the last one, which it has too, is asked again later', async () => {
    const strange = { id: 'b', header: { height: 2, parent: 'x' } };
    const chain = async () => ({ length: 3, blocks: [strange] }) as unknown as AnswerOf<'chain'>;
    const block = async () => ({ confirmations: 2, header: { height: 1 } }) as unknown as BlockJson;
    const [atOnce, later] = await askedHowOften({ chain, block }, { after: { id: 'a', height: 1 } });
    expect(atOnce).toBe(1);
    expect(later).toBeLessThan(10);
  });
});
