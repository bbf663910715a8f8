import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, createApi } from '../../src/api/server.ts';
import {
  startModel,
  type WatchModel,
  withEvent,
  withoutDaemon,
  withStatus,
} from '../../src/cli/watch/model.ts';
import { render } from '../../src/cli/watch/render.ts';
import type { StatusJson } from '../../src/client/contract.ts';
import type { LiveEvent } from '../../src/client/tally-client.ts';
import type { PeerId } from '../../src/node/ports.ts';
import { ENTRY, Running } from '../support/run-tally.ts';
import { A_PEER, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

const URL_TEXT = 'http://127.0.0.1:8141';
const NOW_MS = Date.parse('2026-06-01T12:00:00Z');
const SIZE = { columns: 80, rows: 24, nowMs: NOW_MS, elapsedMs: NOW_MS, paused: false };
const status = {
  network: 'test',
  height: 7,
  peers: 3,
  pool: { count: 5, bytes: 900, minFeeRate: '1' },
  mining: { active: true, hashrate: 1_234_567, threads: 2 },
  sync: { state: 'idle', height: 7, targetHeight: 7 },
} as StatusJson;

function event(type: LiveEvent['type'], data: object): LiveEvent {
  return { id: '1', type, data: { at: new Date(NOW_MS - 2_000).toISOString(), ...data } } as LiveEvent;
}

function block(name: string, parent: string, height: number, more: object = {}): LiveEvent {
  return event('block', {
    ...{ event: 'block.accepted', id: name.padEnd(64, name), parent: parent.padEnd(64, parent), height },
    ...{ miner: 'tally1qqqqqqqqqqqqqqqqqqqqq', transactions: 4, source: 'gossip', onChain: true },
    ...more,
  });
}

function modelAfter(
  events: readonly LiveEvent[],
  start: WatchModel = startModel(URL_TEXT, status, []),
): WatchModel {
  return events.reduce((model, one) => withEvent(model, one, NOW_MS), start);
}

const texts = (model: WatchModel, view = SIZE): string[] => render(model, view).map(({ text }) => text);

describe('the view', () => {
  test('says where the daemon stands, its blocks newest first, and what happened', () => {
    const lines = texts(modelAfter([block('a', '0', 1), block('b', 'a', 2, { latencyMs: 41.6 })]));
    expect(lines[0]).toBe(`test at ${URL_TEXT}`);
    expect(lines[1]).toBe('#7   3 peers   5 in the pool   1.23 MH/s   in step');
    expect(lines[4]).toMatch(/^#2 +bbbbbbbb… +2\.0 s +tally1qqqqqqqq +4 tx +42 ms$/);
    expect(lines[5]).toMatch(/^#1 +aaaaaaaa…/);
    expect(lines.filter((line) => line.includes('▣'))).toHaveLength(2);
    expect(lines.at(-1)).toBe('p pauses   q quits');
  });

  test('marks what a reorganisation left behind', () => {
    const fork = { onChain: false };
    const model = modelAfter([
      ...[block('a', '0', 1), block('b', 'a', 2), block('c', 'a', 2, fork), block('d', 'c', 3)],
      event('reorganisation', {
        ...{ event: 'chain.reorganised', depth: 1, height: 3, forkHeight: 1, returned: 0 },
        ...{ oldTip: 'b'.repeat(64), newTip: 'd'.repeat(64) },
      }),
    ]);
    expect(model.blocks.map(({ id, place }) => [id[0], place])).toEqual([
      ['a', 'chain'],
      ['b', 'left behind'],
      ['c', 'chain'],
      ['d', 'chain'],
    ]);
    const lines = render(model, SIZE);
    expect(lines.filter(({ tone }) => tone === 'warning').map(({ text }) => text)).toEqual([
      expect.stringContaining('left behind'),
      expect.stringContaining('⑂ reorganised: 1 block'),
    ]);
  });

  test('tells of a block mined here once', () => {
    const mined = { height: 1, id: 'a'.repeat(64), transactions: 4, miner: 'tally1q' };
    const model = modelAfter([
      event('block', { event: 'block.mined', ...mined }),
      block('a', '0', 1, { source: 'mined' }),
      block('b', 'a', 2),
    ]);
    expect(model.events.map(({ text }) => text)).toEqual([
      expect.stringContaining('#1 aaaaaaaa… mined here'),
      expect.stringContaining('#2 bbbbbbbb…'),
    ]);
    expect(model.blocks.map(({ height }) => height)).toEqual([1, 2]);
  });

  test('says that the daemon is gone, and that it is back', () => {
    const gone = withoutDaemon(startModel(URL_TEXT, status, []), NOW_MS - 3_000);
    expect(texts(withoutDaemon(gone, NOW_MS))[0]).toContain('disconnected for 3.0 s, trying again');
    expect(texts(withStatus(gone, status))[0]).toBe(`test at ${URL_TEXT}`);
  });

  test.each([
    [80, 24],
    [200, 60],
    [30, 10],
    [5, 3],
    [1, 1],
  ])('fits %i columns and %i rows, whatever strangers sent', (columns, rows) => {
    const evil = event('peer', { event: 'peer.disconnected', peer: A_PEER, reason: '\u001b[2J'.repeat(99) });
    const many = Array.from({ length: 300 }, (_, at) => block(`${at}`, `${at - 1}`, at));
    const model = modelAfter([...many, evil, event('missed', {})]);
    const lines = texts(model, { ...SIZE, columns, rows });
    expect(lines).toHaveLength(rows);
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(columns);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
    expect(model.blocks.length + model.events.length).toBeLessThanOrEqual(700);
  });
});

test('a line for each event calls peers by their names: those that are here, and those that come', async () => {
  const ledger = servedLedger();
  const here = {
    id: A_PEER,
    name: 'attic',
    address: '/ip4/10.0.0.2/tcp/4141',
    direction: 'inbound',
  } as const;
  ledger.peers.push({ ...here, connectedAt: NOW_MS, score: 0 });
  const api = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
  const watching = new Running(['watch', '--lines', '--api', api.url]);
  const other = `${A_PEER.slice(0, -1)}d` as PeerId;
  // Again and again, for nothing tells when the stream is open.
  const telling = setInterval(() => {
    ledger.emit({ event: 'peer.penalised', peer: A_PEER, offence: 'garbage', score: 7 });
    ledger.emit({ event: 'peer.named', peer: other, name: 'cellar' });
    ledger.emit({ event: 'peer.penalised', peer: other, offence: 'garbage', score: 7 });
  }, 20);
  try {
    await watching.line((line) => line.includes('attic misbehaved (garbage)'));
    await watching.line((line) => line.includes('cellar misbehaved (garbage)'));
  } finally {
    clearInterval(telling);
    await watching.stop();
    await api.close();
  }
});

/** util-linux's: runs a command on a terminal of its own. */
const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

describe.skipIf(!hasScript)('on a terminal', () => {
  const ENTER = '\u001b[?1049h';
  const LEAVE = '\u001b[?25h\u001b[?1049l';
  let ledger: ServedLedger;
  let api: Api;

  beforeAll(async () => {
    ledger = servedLedger();
    ledger.mine(3);
    api = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
  });

  afterAll(() => api.close());

  function watch() {
    const command = `stty cols 80 rows 24; exec '${process.execPath}' '${ENTRY}' watch --api ${api.url}`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh' },
    });
    let output = '';
    const waiting = new Set<() => void>();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const look of waiting) look();
    });
    const shows = (text: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!output.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    return { child, shows, output: () => output, closed: once(child, 'close') };
  }

  test('it shows blocks as they come, pauses, and q gives the terminal back', async () => {
    const { child, closed, output, shows } = watch();
    await shows('p pauses');
    expect(output()).toContain(ENTER);
    child.stdin.write('p');
    await shows('paused: p goes on');
    child.stdin.write('p');
    ledger.emit({ event: 'peer.penalised', peer: A_PEER, offence: 'garbage', score: 7 });
    await shows('misbehaved (garbage), score 7');
    child.stdin.write('q');
    expect(await closed).toEqual([0, null]);
    expect(output().trimEnd().endsWith(LEAVE)).toBe(true);
  });

  test('it outlives the daemon, says so, and goes on with the next one', async () => {
    const { child, closed, output, shows } = watch();
    await shows('p pauses');
    const { port } = new URL(api.url);
    await api.close();
    await shows('disconnected for');
    api = await createApi(ledger.daemon, { host: '127.0.0.1', port: Number(port), log: SILENT });
    ledger.mine(1);
    await shows(`#${ledger.chain.tip.height}   0 peers`);
    child.stdin.write('\u0003');
    expect(await closed).toEqual([0, null]);
    expect(output().trimEnd().endsWith(LEAVE)).toBe(true);
  });
});
