/**
 * Every block of the README, as printed, in the order it is printed, by one reader on one machine. What a person does
 * besides typing it (opening a terminal, pressing Ctrl-C, answering a question) stands in the table below; so does the
 * little that is not done as printed.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import type { ReceiptJson } from '../../src/client/schemas.ts';
import { commandsOf, figure, pageAt, testBlocks, type Way, type Ways } from '../support/blocks.ts';
import { Machine } from '../support/machine.ts';
import { type Fence, ROOT } from '../support/markdown.ts';
import { type Ran, runTally } from '../support/run-tally.ts';
import type { Terminal } from '../support/terminal.ts';

const page = pageAt('README.md');
const MINED = /mined/;
/** Far longer than it takes on a busy machine. */
const DEADLINE_MS = 200_000;

let machine: Machine;
/** Most commands are typed here. */
let terminal: Terminal;
/** Each runs something that goes on; the last of a kind is stopped when its part of the page is over. */
let devnet: Terminal;
let daemon: Terminal;
let club: Terminal[];

beforeAll(async () => {
  machine = await Machine.create();
  terminal = await machine.terminal();
  const installed = inFolder('app/node_modules');
  await mkdir(installed, { recursive: true });
  await symlink(ROOT, join(installed, 'tallystick'));
  await symlink(join(ROOT, 'node_modules/@types'), join(installed, '@types'));
  await writeFile(inFolder('app/package.json'), '{ "type": "module", "private": true }\n');
});

afterAll(() => machine.close());

/** Each line is a command that does what it is for, and complains of nothing. */
async function runs({ text }: Fence): Promise<string> {
  const { stdout, stderr } = await terminal.run(text);
  expect(stderr).toBe('');
  return stdout;
}

/**
 * `npm ci` and `npm test` are what continuous integration does anyway; `npm start` is done further down, where the page
 * needs it. In the checkout itself `npx tally` is the checkout, and npm has nothing to say of its Node.
 */
const install: Way = async (block) => {
  const [start = '', check = ''] = commandsOf(block);
  const integration = await readFile(join(ROOT, '.ci/run'), 'utf8');
  expect([start, check]).toEqual(['npm ci && npm start', 'npm ci && npm test']);
  for (const line of [/^npm ci\b/m, /^npm test$/m]) expect(integration).toMatch(line);
  const checkout = await machine.terminal(ROOT);
  const asked = await checkout.run('npx tally --version');
  expect(asked).toEqual({ stdout: `${packageJson.version}\n`, stderr: '' });
};

/** In a terminal of its own, in the checkout. */
async function npmStart(): Promise<void> {
  daemon = await machine.terminal(ROOT);
  await daemon.start('npm start', MINED);
}

const startDevnet: Way = async ({ text }) => {
  devnet = await machine.terminal();
  await devnet.start(text, MINED);
  const firstLines = [devnet.stdout, devnet.stderr].map((said) => said.split('\n')[0]);
  expect(firstLines.join('\n')).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
};

/** The last line goes on until Ctrl-C, which here is for q: that is a key of a real terminal. */
const lookAtDevnet: Way = async ({ text }) => {
  await terminal.start(text, /watching[\s\S]*▣ #\d+/);
  expect(terminal.stdout).toMatch(/height/);
  await terminal.interrupt();
  await devnet.interrupt();
};

const pay: Way = async (block) => {
  await npmStart();
  const said = await runs(block);
  expect(said).toMatch(/^1\.5 tally$/m);
  expect(said).toMatch(/valid/);
};

/** The questions for a passphrase are answered as the page says scripts do. */
const protect: Way = async (block) => {
  await terminal.run("export TALLY_PASSPHRASE='open sesame'");
  const said = await runs(block);
  await terminal.run('unset TALLY_PASSPHRASE');
  expect(said).toMatch(/tally1/);
};

const keep: Way = async (block) => {
  await runs(block);
};

/** `npm run test:docker` reads the command out of the README and runs it; continuous integration runs that. */
const compose: Way = async (block) => {
  await daemon.interrupt();
  expect(commandsOf(block)).toEqual([expect.stringMatching(/^docker compose .*up --build$/)]);
  expect(await readFile(join(ROOT, '.ci/run'), 'utf8')).toMatch(/^ *npm run test:docker$/m);
};

const makeClub: Way = async (block) => {
  await runs(block);
};

/** Each line in a terminal of its own. */
const startClub: Way = async (block) => {
  club = [];
  for (const line of commandsOf(block)) {
    const member = await machine.terminal();
    club.push(member);
    await member.start(line, line.includes('--mine') ? MINED : /peer\.connected/);
  }
};

const record: Way = async (block) => {
  const said = await runs(block);
  expect(said).toMatch(/^1\.5 tally$/m);
  expect(said).toContain('tally verify contract.txt.receipt.json contract.txt --network');
  const shown = await terminal.run('npx tally network show --out network.json');
  expect(shown.stderr).toBe('');
  const [lost, kept] = await Promise.all(['network.json', 'club.json'].map(read));
  expect(lost).toBe(kept);
};

const verifyAlone: Way = async (block) => {
  for (const member of club) await member.interrupt();
  await rm(inFolder('network.json'));
  expect(await runs(block)).toMatch(
    /contract\.txt is the one on record[\s\S]*"as signed in May"[\s\S]*to forge/,
  );
};

/** With a twentieth of the nodes, for a thousand take 40 seconds. Otherwise as printed. */
const simulate: Way = async ({ text, ...block }) => {
  expect(text).toContain('--nodes 1000');
  await runs({ ...block, text: text.replace('--nodes 1000', '--nodes 50').replace(/^.*--scenario.*$/m, '') });
};

const client: Way = async (block) => {
  await npmStart();
  expect(await runTypeScript(block)).toMatch(/^connected \d+ \d+\n[\s\S]*\d+n hashes to forge\n$/);
  await daemon.interrupt();
};

const ownTests: Way = async (block) => {
  expect(await runTypeScript(block)).toBe('');
};

const WAYS: Ways = {
  'Run it': [install],
  'The first five minutes': [startDevnet, lookAtDevnet, pay, protect, keep],
  'With Docker': [compose],
  'A payment and a proof': [makeClub, startClub, record, verifyAlone],
  'How it is built': [figure],
  'A thousand nodes in one process': [simulate],
  'Build on it': [client],
  'In your own tests': [ownTests],
};

testBlocks(page, WAYS);

/** As in a folder where the package is installed. `tallystick` is this checkout's, read from its sources. */
async function runTypeScript({ line, text }: Fence): Promise<string> {
  const path = await appFile(line, text);
  const { stdout, stderr } = await terminal.run(
    `'${process.execPath}' --conditions=tallystick-source '${path}'\n`,
  );
  expect(stderr).toBe('');
  return stdout;
}

async function appFile(line: number, text: string): Promise<string> {
  const path = inFolder(`app/line-${line}.ts`);
  await writeFile(path, text);
  return path;
}

test('all of its TypeScript compiles under the strictest options', { timeout: DEADLINE_MS }, async () => {
  const blocks = page.fences.filter(({ language }) => language === 'ts');
  expect(blocks.length).toBeGreaterThanOrEqual(2);
  const include = await Promise.all(blocks.map(({ line, text }) => appFile(line, text)));
  const compilerOptions = {
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
    ...{ noUnusedLocals: true, verbatimModuleSyntax: true, noEmit: true, skipLibCheck: true },
    ...{ target: 'es2024', module: 'nodenext', types: ['node'] },
    // Of the sources, which the package does not have.
    ...{ customConditions: ['tallystick-source'], allowImportingTsExtensions: true, resolveJsonModule: true },
    lib: ['ES2024', 'ESNext.Disposable'],
  };
  await writeFile(inFolder('app/tsconfig.json'), JSON.stringify({ compilerOptions, include }));
  const compiled = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', inFolder('app')],
    { encoding: 'utf8', timeout: DEADLINE_MS },
  );
  expect(compiled).toMatchObject({ stdout: '', stderr: '', status: 0 });
});

const inFolder = (name: string): string => join(machine.folder, name);
const read = (name: string): Promise<string> => readFile(inFolder(name), 'utf8');

/** With the file, its receipt and the network file, which the README's reader is left with. */
describe('the proof that is left refuses, with what is wrong, another byte in', () => {
  const RECEIPT = 'contract.txt.receipt.json';

  function verify(): Promise<Ran> {
    return runTally(['verify', RECEIPT, 'contract.txt', '--network', 'club.json'], {}, machine.folder);
  }

  test('the file', async () => {
    await writeFile(inFolder('contract.txt'), 'We agreed\n');
    expect(await verify()).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^tally: the file is not the one on record \(its SHA-256 is .*\)\n$/),
    });
    await writeFile(inFolder('contract.txt'), 'We agree.\n');
  });

  test.each<[string, (receipt: ReceiptJson) => string, RegExp]>([
    ['the network id', ({ networkId }) => networkId, /the receipt is of another network/],
    ['the signature', ({ transaction }) => transaction.signature, /signature is not the sender's/],
    [
      "the transaction's data",
      ({ transaction }) => transaction.data,
      /the transaction was changed: its id is another \(transaction\.id/,
    ],
    ['its place', () => '"index": 0', /the branch does not lead|no receipt/],
    ['the branch', ({ branch }) => branch[1] ?? '', /the branch does not lead/],
    ["the block's nonce", ({ block }) => block.nonce, /a header was changed: its id is another \(block\.id/],
    [
      "a burying header's nonce",
      ({ burying }) => burying[1]?.nonce ?? '',
      /a header was changed: its id is another \(burying\[1\]\.id/,
    ],
    [
      "a burying header's parent",
      ({ burying }) => burying[1]?.header.parent ?? '',
      /a header was changed|does not follow/,
    ],
  ])('the receipt: %s', async (_what, pick, said) => {
    const good = await read(RECEIPT);
    const what = pick(JSON.parse(good) as ReceiptJson);
    const at = good.indexOf(what) + what.length - 1;
    const other = good[at] === '1' ? '2' : '1';
    await writeFile(inFolder(RECEIPT), good.slice(0, at) + other + good.slice(at + 1));
    const ran = await verify();
    await writeFile(inFolder(RECEIPT), good);
    expect(ran).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(/^tally: [^\n]+\n$/) });
    expect(ran.stderr).toMatch(said);
  });
});
