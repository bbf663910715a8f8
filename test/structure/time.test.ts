/** Two clocks, and timers of any length: where the wall clock is read, and where a timer of the machine is set. */
import { describe, expect, it } from 'vitest';
import { parseSource, readSources, type SourceFile } from './sources.ts';

/** Whoever reads the wall clock, and why elapsed time would not do. */
const WALL_CLOCK: Readonly<Record<string, string>> = {
  'daemon.ts': 'the port of the ledger clock; when the daemon started, to be shown',
  'p2p/admission.ts': 'when a peer connected, to be shown',
  'api/nodes/node-watch.ts': 'since when a daemon is as it is, to be shown',
  'api/nodes/nodes-feed.ts': 'numbers of events begin behind those of an earlier process',
  'api/routes/node.ts': 'when an event happened, to be shown',
  'cli/log/line-clock.ts': 'the times of lines, and whether a block is history',
  'cli/watch/view.ts': 'how old blocks are by the times they carry',
  'cli/commands/chain-import.ts': 'blocks ahead of their time',
  'cli/commands/network-create.ts': 'when a new network begins',
  'cli/devnet/devnet.ts': 'when a new network begins',
  'client/transport.ts': 'a Retry-After may be a date',
  'web/state/clock.ts': 'how old blocks are by the times they carry',
  'web/state/nodes.ts': 'when a tip was seen, to be shown',
  'web/state/live.ts': 'elapsed time stands still while a laptop sleeps, and silence is to be noticed then',
  'web/state/blocks.ts': 'when a block was heard of, to be shown',
  'web/chain-view/block-card.tsx': 'whether a block was heard of just now',
  'web/nodes-view/timeline.tsx': 'a picture of the times of events',
  'web/wallet/kept-wallet.ts':
    'elapsed time stands still while a laptop sleeps, and a wallet is to lock then',
};

/** Timers whose length is given to them: all others are constants, which are never too long. */
const TIMERS: Readonly<Record<string, string>> = {
  'client/timers.ts': 'the one place for timers of any length',
  'cli/log/line-clock.ts': 'the log waits by constants of its own, and keeps no process alive',
};

const WALL = /\bDate\.now\b|\bnew Date\(\)/;
const CONSTANT = /^[0-9_]+$|^[A-Z][A-Z0-9_]*$/;
const sources = readSources();

/** The length of each timer that is set in a file, as written. */
function lengths({ code }: SourceFile): string[] {
  const set = [...code.matchAll(/(?<!\.)\b(setTimeout|setInterval)\(|\b(AbortSignal\.timeout)\(/g)];
  return set.map((match) => {
    const given = argumentsAt(code, match.index + match[0].length);
    return (match[2] === undefined ? given[1] : given[0]) ?? '';
  });
}

/** The arguments of a call, from behind its bracket. */
function argumentsAt(code: string, start: number): string[] {
  const given = [''];
  let depth = 0;
  for (const character of code.slice(start)) {
    if (depth === 0 && character === ')') break;
    if ('([{'.includes(character)) depth++;
    if (')]}'.includes(character)) depth--;
    if (depth === 0 && character === ',') given.push('');
    else given.push(`${given.pop()}${character}`);
  }
  return given.map((one) => one.trim());
}

/** `A`, or `x ? A : B` */
function isConstant(length: string): boolean {
  const branches = length.includes('?') ? length.slice(length.indexOf('?') + 1).split(':') : [length];
  return branches.every((one) => CONSTANT.test(one.trim()));
}

describe('the wall clock', () => {
  it('is read only where a time is told or a rule of the ledger asks for it', () => {
    const readers = sources.filter(({ code }) => WALL.test(code)).map(({ path }) => path);
    expect(readers.sort()).toEqual(Object.keys(WALL_CLOCK).sort());
  });

  it('of the port is read only for templates, early blocks, the clock in a status and what is kept on disk', () => {
    const READ = /\bclock\.now\(\)/gi;
    const node = sources.filter(({ room }) => room === 'node');
    const reads = node.map(({ code, path }) => [path, code.match(READ)?.length ?? 0] as const);
    expect(Object.fromEntries(reads.filter(([, count]) => count > 0))).toEqual({
      'node/address-book.ts': 1,
      'node/block-queue.ts': 1,
      'node/blocks.ts': 4,
      'node/early-blocks.ts': 1,
      'node/header-sync.ts': 3,
      'node/mining.ts': 6,
      'node/status.ts': 2,
    });
  });

  it('is read no more often than said where elapsed time is made, too', () => {
    const reads = (path: string): number | undefined =>
      sources.find((file) => file.path === path)?.code.match(/\bDate\.now\b/g)?.length;
    // The ledger clock and when the daemon started; the times of lines; a Retry-After that is a date.
    expect(['daemon.ts', 'cli/log/line-clock.ts', 'client/transport.ts'].map(reads)).toEqual([2, 1, 1]);
  });
});

describe('timers', () => {
  it('of a length that is not written beside them are set in one place', () => {
    const setters = sources.filter((file) => lengths(file).some((length) => !isConstant(length)));
    expect(setters.map(({ path }) => path).sort()).toEqual(Object.keys(TIMERS).sort());
  });

  it('are none of node:timers/promises: it takes what is too long without a word', () => {
    const importers = sources.filter(({ code }) =>
      /import \{[^}]*\b(setTimeout|scheduler)\b[^}]*\} from 'node:timers\/promises'/.test(code),
    );
    expect(importers.map(({ path }) => path)).toEqual([]);
  });

  it('are seen by these tests', () => {
    const file = (code: string) => parseSource('a.ts', code);
    expect(lengths(file('setTimeout(() => f(1, 2), x ? A_MS : B_MS);'))).toEqual(['x ? A_MS : B_MS']);
    expect(lengths(file('AbortSignal.timeout(limits.deadlineMs)'))).toEqual(['limits.deadlineMs']);
    expect(['A_MS', '1_000', 'x ? A_MS : B_MS', 'delayMs', 'A_MS - now', ''].map(isConstant)).toEqual([
      ...[true, true, true],
      ...[false, false, false],
    ]);
  });
});
