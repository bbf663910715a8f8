/** Whatever a daemon answers, no command prints what moves the cursor, forges a line or turns the direction of letters. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Api, createApi } from '../../src/api/server.ts';
import { report } from '../../src/cli/errors.ts';
import { printable, printableColours, printableJson } from '../../src/cli/printable.ts';
import { createProgram } from '../../src/cli/program.ts';
import { ProgressLine } from '../../src/cli/progress-line.ts';
import { formatAddress } from '../../src/core/address.ts';
import { RICH, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

/** Controls, marks of direction, unassigned characters, line breaks of Unicode's own. */
const UNSEEN = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u;
const NASTY = [
  '\u001b[2J',
  '\r\n',
  '\u0007',
  '\u009b31m',
  '\u202e',
  '\u2066',
  '\u2028',
  '\u2029',
  '\u200f',
  '\ud800',
];
/** Values with a form of their own: ids, amounts, times, addresses. */
const FORMAL = /^(?:0x)?[0-9a-f]*$|^\d{4}-\d\d-|^tally1/;

type Bend = (text: string) => string;

let ledger: ServedLedger;
let api: Api;
let server: Server;
let url: string;
let bend: Bend;
/** Every answer is a refusal. */
let refuses: boolean;
/** Where a number belongs there is text. */
let bendsNumbers: boolean;
/** Instead of what the daemon answers. */
let answer: object | undefined;
let printed: string;

beforeAll(async () => {
  ledger = servedLedger();
  ledger.mine(3);
  api = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
  server = createServer(async (request, response) => {
    const real = await fetch(`${api.url}${request.url}`, { method: request.method ?? 'GET' });
    const body: unknown = refuses
      ? { error: { code: bend('code'), message: bend('message') } }
      : (answer ?? bent(await real.json()));
    response.writeHead(refuses ? 422 : answer === undefined ? real.status : 200, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await api.close();
});

beforeEach(() => {
  refuses = false;
  bendsNumbers = false;
  answer = undefined;
  printed = '';
  const keep = (text: string | Uint8Array): boolean => {
    printed += typeof text === 'string' ? text : Buffer.from(text).toString();
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  return () => {
    vi.restoreAllMocks();
    process.exitCode = 0;
  };
});

/** The same with every text bent. */
function bent(value: unknown): unknown {
  if (typeof value === 'string') return bend(value);
  if (typeof value === 'number' && bendsNumbers) return bend(`${value}`);
  if (Array.isArray(value)) return value.map(bent);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, bent(item)]));
}

async function run(...args: string[]): Promise<void> {
  try {
    await createProgram().parseAsync(['node', 'tally', ...args, '--api', url]);
  } catch (error) {
    report(error);
  }
}

const ID = 'ab'.repeat(32);
const COMMANDS: string[][] = [
  ['status'],
  ['peers'],
  ['peers', 'add', '/ip4/127.0.0.1/tcp/1'],
  ['balance', formatAddress(RICH.address)],
  ['tx', ID],
  ['block', '1'],
  ['chain'],
  ['chain', 'forks'],
  ['chain', 'verify'],
  ['chain', 'resolve'],
  ['network', 'show'],
  ['receipt', ID],
];
const everywhere: Bend = (text) => `${text}${NASTY.join('x')}`;
const inFreeText: Bend = (text) => (FORMAL.test(text) ? text : everywhere(text));

describe('against a daemon whose answers are hostile', () => {
  test.each(COMMANDS.map((args) => [args.join(' '), args] as const))(
    '%s prints nothing unseen',
    async (_, args) => {
      for (const isJson of [false, true]) {
        for (const how of [inFreeText, everywhere, 'refusals'] as const) {
          refuses = how === 'refusals';
          bend = typeof how === 'string' ? everywhere : how;
          await run(...args, ...(isJson ? ['--json'] : []));
          bendsNumbers = true;
          await run(...args, ...(isJson ? ['--json'] : []));
          bendsNumbers = false;
        }
      }
      expect(printed).not.toBe('');
      expect(UNSEEN.exec(printed)).toBeNull();
      expect(printed).not.toContain('unknown option');
    },
  );
});

describe('against a daemon that forges lines and colours', () => {
  const forge: Bend = (text) => `${text}\u001b[7m\nforged`;
  const forgeFreeText: Bend = (text) => (FORMAL.test(text) ? text : forge(text));
  const forgedLines = (): string[] => printed.split('\n').filter((line) => line.startsWith('forged'));

  test.each(COMMANDS.map((args) => [args.join(' '), args] as const))(
    '%s prints none of its own',
    async (_, args) => {
      for (const how of [forge, forgeFreeText]) {
        for (const isRefused of [false, true]) {
          [bend, refuses] = [how, isRefused];
          await run(...args);
        }
      }
      expect(printed).not.toBe('');
      expect(forgedLines()).toEqual([]);
      expect(printed).not.toContain('\u001b[7m');
    },
  );

  test('mine prints none of its own', async () => {
    answer = { ids: ['ab\nforged'], params: { name: 'test' } };
    await run('mine', '1');
    expect(forgedLines()).toEqual([]);
  });
});

describe('a daemon whose pages lead nowhere', () => {
  beforeEach(() => {
    bend = (text) => text;
  });

  test.each([
    [['chain', 'forks'], { forks: [], next: 5 }],
    [['mine', '2'], { ids: [] }],
  ])('%j ends, and says why', async (args, answered) => {
    answer = { ...answered, params: { name: 'test' } };
    await run(...args);
    expect(printed).toContain('does not answer like a tally daemon');
  });
});

test('how far a command has come shows nothing unseen', () => {
  const isTty = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
  Object.defineProperty(process.stderr, 'isTTY', { value: true, configurable: true });
  vi.useFakeTimers({ now: 10_000, toFake: ['performance'] });
  vi.advanceTimersByTime(1_000);
  new ProgressLine().tell(0.5, () => `block 1 of ${NASTY.join('x')}`);
  vi.useRealTimers();
  if (isTty === undefined) Reflect.deleteProperty(process.stderr, 'isTTY');
  else Object.defineProperty(process.stderr, 'isTTY', isTty);
  expect(printed).toContain('block 1 of');
  expect(printed.slice(printed.indexOf('block'))).not.toMatch(/[\p{C}]/u);
});

describe('text from outside', () => {
  const text = fc
    .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary' })))
    .map((parts) => parts.join(''));

  test('is one line in which everything is seen', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(printable(given)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(UNSEEN.exec(printableColours(given).replaceAll('\t', ''))?.[0] ?? '\u001b').toBe('\u001b');
      }),
    );
  });

  test('in JSON means the same, and is seen', () => {
    fc.assert(
      fc.property(text, (given) => {
        const json = printableJson(JSON.stringify({ given }));
        expect(JSON.parse(json)).toEqual({ given });
        expect(json).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  test('of the colours we give only what picocolors writes stays', () => {
    expect(printableColours('\u001b[31mred\u001b[39m \u001b[2J \u001b]0;title\u0007')).toBe(
      '\u001b[31mred\u001b[39m ·[2J ·]0;title·',
    );
  });
});
