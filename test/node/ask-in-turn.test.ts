import { beforeEach, describe, expect, it } from 'vitest';
import { askInTurn } from '../../src/node/ask-in-turn.ts';
import type { PeerId } from '../../src/node/ports.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

let clock: VirtualClock;
let asked: [string, number][];
const startMs = 1_000_000;

beforeEach(() => {
  clock = new VirtualClock(startMs);
  asked = [];
});

/** After so many ms each: what it gives, or what it throws. */
type Answers = Readonly<Record<string, readonly [afterMs: number, gives: string | Error | undefined]>>;

async function ask(answers: Answers): Promise<{ answer: string | undefined; atMs: number }> {
  const peers = Object.keys(answers) as PeerId[];
  let outcome: { answer: string | undefined; atMs: number } | undefined;
  let failure: unknown;
  askInTurn({
    clock,
    patienceMs: 100,
    next: () => peers.shift(),
    ask: async (peer) => {
      asked.push([peer, clock.now() - startMs]);
      const [afterMs, gives] = answers[peer] ?? [0, undefined];
      await new Promise<void>((resolve) => clock.after(afterMs, resolve));
      if (gives instanceof Error) throw gives;
      return gives;
    },
  }).then(
    (answer) => {
      outcome = { answer, atMs: clock.now() - startMs };
    },
    (error) => {
      failure = error;
    },
  );
  await clock.until(() => outcome !== undefined || failure !== undefined, 'it ends');
  if (failure !== undefined) throw failure;
  return outcome as NonNullable<typeof outcome>;
}

describe('asking in turn', () => {
  it('asks nobody else while the first answers in time', async () => {
    expect(await ask({ a: [90, 'A'], b: [0, 'B'] })).toEqual({ answer: 'A', atMs: 90 });
    expect(asked).toEqual([['a', 0]]);
  });

  it('asks the next at once when one gives nothing', async () => {
    expect(await ask({ a: [30, undefined], b: [30, undefined], c: [10, 'C'] })).toEqual({
      answer: 'C',
      atMs: 70,
    });
    expect(asked).toEqual([
      ['a', 0],
      ['b', 30],
      ['c', 60],
    ]);
  });

  it('asks another beside one that is slow, and takes what comes first', async () => {
    expect(await ask({ a: [130, 'A'], b: [200, 'B'] })).toEqual({ answer: 'A', atMs: 130 });
    expect(asked).toEqual([
      ['a', 0],
      ['b', 100],
    ]);
  });

  it('asks two at once at most, and a third as soon as one of them is done', async () => {
    const slow: Answers = { a: [1_000, 'A'], b: [300, undefined], c: [50, undefined], d: [10, 'D'] };
    expect(await ask(slow)).toEqual({ answer: 'D', atMs: 460 });
    expect(asked).toEqual([
      ['a', 0],
      ['b', 100],
      ['c', 400],
      ['d', 450],
    ]);
  });

  it('waits for the slow ones when nobody else is left', async () => {
    expect(await ask({ a: [500, 'A'], b: [10, undefined] })).toEqual({ answer: 'A', atMs: 500 });
    expect(await ask({})).toEqual({ answer: undefined, atMs: 500 });
  });

  it('ends with nothing when nobody gives anything', async () => {
    expect(await ask({ a: [150, undefined], b: [150, undefined] })).toEqual({ answer: undefined, atMs: 250 });
  });

  it('ends when one throws', async () => {
    await expect(ask({ a: [10, new Error('for a test')], b: [10, 'B'] })).rejects.toThrow('for a test');
    expect(asked).toEqual([['a', 0]]);
    await clock.advance(1_000);
    expect(clock.pending).toBe(0);
  });
});
