/** The suite's own arithmetic: what it measures, and when it says that a bar was missed. */
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { LogLine } from '../support/tally-process.ts';
import type { Attack } from './attack.ts';
import { ATTACKS, attackNamed } from './attacks/index.ts';
import { missed, notJudged, type Outcome } from './bars.ts';
import type { HonestNetwork } from './honest-network.ts';
import { graftAndPrune, ihave } from './hostile/gossip-rpc.ts';
import { conductOf, figuresOf, lagOf, memoryGrowth, memoryOf, percentile95 } from './measure.ts';
import { markdownOf } from './table.ts';
import { Timeline } from './timeline.ts';

const FIGURES = { blocks: 2, payments: 8, statusMs: 40, submitMs: 60 };
const PEACEFUL: Outcome = {
  attack: 'peaceful',
  before: FIGURES,
  during: FIGURES,
  after: FIGURES,
  died: [],
  memoryGrowth: 10,
  memoryLeft: -5,
  diskGrowth: 0,
  diskPaid: 0,
  conduct: { honestPunished: [], honestLost: [], attackersPunished: 0, attackersGone: 0, longestMs: 29_000 },
  longestHeldMs: 0,
  convergedMs: 100,
  cpuSeconds: 3,
  done: { messages: 5 },
};
const ATTACK: Attack = { what: 'a | b', tries: 'c', doesWrong: true, run: async () => {} };

describe('the attacks', () => {
  it('are all listed, each by the name of its file', () => {
    const folder = fileURLToPath(new URL('./attacks', import.meta.url));
    const files = globSync('*.ts', { cwd: folder }).map((file) => basename(file, '.ts'));
    expect(Object.keys(ATTACKS).sort()).toEqual(files.filter((name) => name !== 'index').sort());
  });

  it('are refused by a name that is none', () => {
    expect(() => attackNamed('kindness')).toThrow('--list');
  });
});

describe('a bar', () => {
  it('is not missed by what does nothing', () => {
    expect(missed(ATTACK, PEACEFUL)).toEqual([]);
    expect(notJudged(PEACEFUL)).toBeUndefined();
  });

  it.each<[string, Partial<Outcome>, RegExp]>([
    ['a daemon ends', { died: ['daemon 1 ended with 1'] }, /daemon 1 ended/],
    ['blocks are fewer', { during: { ...FIGURES, blocks: 1.3 } }, /^blocks 65 %/],
    ['payments are fewer', { during: { ...FIGURES, payments: 0 } }, /^payments 0 %/],
    ['answers are late', { during: { ...FIGURES, statusMs: 1_001 } }, /status 1001 ms/],
    ['submitting is slow', { during: { ...FIGURES, submitMs: 2_001 } }, /submit 2001 ms/],
    ['memory grows', { memoryGrowth: 201 * 1_048_576 }, /memory \+201 MB/],
    ['memory stays', { memoryLeft: 101 * 1_048_576 }, /memory stays/],
    [
      'the disk is filled',
      { diskGrowth: 20 * 1_048_576, diskPaid: 1_048_576 },
      /disk \+20 MB, 1 MB paid for/,
    ],
    ['they do not come together', { convergedMs: undefined }, /no convergence/],
    ['a newcomer is held', { newcomer: { inStepMs: undefined, stoppedMs: 1 } }, /not in step/],
    ['a newcomer does not stop', { newcomer: { inStepMs: 1, stoppedMs: undefined } }, /does not stop/],
    ['it stays', { longestHeldMs: 31_000 }, /stays 31 s/],
    [
      'an honest peer is punished',
      { conduct: { ...PEACEFUL.conduct, honestPunished: ['daemon 0: too-slow'] } },
      /honest punished: 1 × \(daemon 0/,
    ],
    ['honest peers part', { conduct: { ...PEACEFUL.conduct, honestLost: ['x'] } }, /honest parted/],
  ])('is missed when %s', (_, change, words) => {
    const bars = missed(ATTACK, { ...PEACEFUL, ...change });
    expect(bars).toHaveLength(1);
    expect(bars[0]).toMatch(words);
  });

  it('is not about who may stay', () => {
    expect(missed({ ...ATTACK, doesWrong: false }, { ...PEACEFUL, longestHeldMs: 60_000 })).toEqual([]);
  });

  it('cannot be judged on a busy machine, nor of an attacker that did nothing', () => {
    expect(notJudged({ ...PEACEFUL, before: { ...FIGURES, statusMs: 700 } })).toMatch('busy');
    expect(notJudged({ ...PEACEFUL, done: {} })).toMatch('nothing');
  });
});

describe('a timeline', () => {
  const timeline = new Timeline({ targets: [], payers: [] } as unknown as HonestNetwork);
  for (let atMs = 0; atMs < 10_000; atMs += 100) {
    timeline.statuses.push({ atMs, tookMs: atMs < 5_000 ? 10 : 900 });
    timeline.memory.push({ atMs, bytes: [100, atMs < 5_000 ? 100 : 300] });
    timeline.heights.push({ atMs, daemon: (atMs / 100) % 2, height: atMs / 500, tip: '' });
    if (atMs % 500 === 0)
      timeline.blocks.push({ atMs, isHonest: atMs % 1_000 === 0, payments: 4, paidBytes: 0 });
  }

  it('gives figures of a stretch', () => {
    expect(figuresOf(timeline, [{ fromMs: 0, toMs: 5_000 }])).toMatchObject({
      blocks: 1,
      payments: 8,
      statusMs: 10,
      submitMs: 0,
    });
    expect(figuresOf(timeline, [{ fromMs: 5_000, toMs: 10_000 }]).statusMs).toBe(900);
  });

  it('tells memory before, its growth, and who lags behind', () => {
    const before = memoryOf(timeline, { fromMs: 0, toMs: 4_000 });
    expect(before).toEqual([100, 100]);
    expect(memoryGrowth(timeline, before, { fromMs: 0, toMs: 9_999 })).toBe(200);
    expect(lagOf(timeline, { fromMs: 0, toMs: 9_999 })).toBeLessThan(0.05);
  });

  it('takes the nearest rank of few values', () => {
    expect(percentile95([])).toBe(0);
    expect(percentile95([5, 1])).toBe(5);
    expect(percentile95(Array.from({ length: 100 }, (_, value) => value + 1))).toBe(95);
  });
});

describe('the logs of honest daemons', () => {
  const line = (time: number, event: string, peer: string, more: object = {}): LogLine => ({
    ...{ level: 30, time, event, peer },
    ...more,
  });

  it('tell who lost what, and how long an attacker stayed', () => {
    const lines = [
      line(0, 'peer.connected', 'eve'),
      line(5, 'peer.penalised', 'eve', { offence: 'invalid-header: x' }),
      line(6, 'peer.penalised', 'alice', { offence: 'too-slow: x' }),
      line(20, 'peer.disconnected', 'eve', { reason: 'it was banned' }),
      line(30, 'peer.connected', 'mallory'),
      line(31, 'peer.disconnected', 'alice', { reason: 'it was banned' }),
    ];
    expect(conductOf([lines], new Set(['alice']), 100)).toEqual({
      honestPunished: ['daemon 0: too-slow: x'],
      honestLost: ['daemon 0: it was banned'],
      attackersPunished: 1,
      attackersGone: 1,
      longestMs: 70,
    });
  });
});

describe('the table', () => {
  it('keeps its columns, whatever stands in a cell', () => {
    const outcome = { ...PEACEFUL, died: ['a | b\nc'] };
    const rows = markdownOf([{ attack: ATTACK, outcome }], 'heading')
      .split('\n')
      .slice(2);
    const columns = rows.map((row) => row.split('|').length);
    expect(new Set(columns).size).toBe(1);
  });
});

describe("gossipsub's frames by hand", () => {
  it('are behind their length', () => {
    const frame = ihave('t', [new Uint8Array(20)]);
    expect(frame[0]).toBe(frame.length - 1);
    expect(graftAndPrune('t', 100).length).toBeGreaterThan(1_000);
  });
});
