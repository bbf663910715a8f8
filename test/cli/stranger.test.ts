/**
 * The path of a stranger, as the README tells it: every command stands there, word for word. Two daemons on a network
 * of their own, then nothing but a file, its receipt and the network file.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReceiptJson } from '../../src/client/schemas.ts';
import { type Ran, Running, runTally } from '../support/run-tally.ts';

const DEADLINE_MS = 60_000;
/** A first block in a moment: the README's network takes some seconds for one. */
const EASY = ['--initial-bits', '0x1f010000'];
/** Nothing leaves this machine, and any free ports do. */
const ALONE = ['--no-mdns', '--p2p-host', '127.0.0.1', '--p2p-port', '0', '--api-port', '0'];
const RECEIPT = 'contract.txt.receipt.json';
const VERIFY = `tally verify ${RECEIPT} contract.txt --network club.json`;

let folder: string;
let readme: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-stranger-'));
  readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
});

afterAll(() => rm(folder, { recursive: true }));

/** The words behind `tally`, if the README has this command; `$NAME` is filled in as a shell does. */
function wordsOf(command: string, variables: Record<string, string> = {}): string[] {
  expect(readme).toContain(`npx ${command}`);
  return [...command.matchAll(/'([^']*)'|\S+/g)]
    .map(([word, quoted]) => quoted ?? word.replace(/^\$(\w+)$/, (_, name: string) => variables[name] ?? ''))
    .slice(1);
}

async function tally(words: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const ran = await runTally(words, env, folder);
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  return ran.stdout;
}

/** @returns the daemon, and its API and address for peers */
async function start(words: readonly string[]): Promise<{ daemon: Running; api: string; address: string }> {
  // Of an option given twice the last counts.
  const daemon = new Running([...words, ...ALONE], {}, folder);
  const { addresses, api } = await daemon.json({ event: 'daemon.started' });
  return { daemon, api: api as string, address: (addresses as string[])[0] ?? '' };
}

const inFolder = (name: string): string => join(folder, name);

function verify(): Promise<Ran> {
  return runTally(wordsOf(VERIFY), {}, folder);
}

describe('a stranger', () => {
  test('makes wallets, mines, pays, and puts a file on record', { timeout: DEADLINE_MS }, async () => {
    await tally([...wordsOf('tally network create club.json'), ...EASY]);
    await tally(wordsOf('tally wallet create --network club.json --data ./ada'));
    const made = await tally(wordsOf('tally wallet create --network club.json --data ./bob'));
    const [BOB = ''] = made.split('\n');
    expect(BOB).toMatch(/^tally1/);

    const ada = await start([
      ...wordsOf('tally start --network club.json --data ./ada --p2p-port 4151 --api-port 8151 --mine'),
      ...['--threads', '1'],
    ]);
    const toldOfAda = '--peer /ip4/127.0.0.1/tcp/4151';
    const bob = await start(
      wordsOf(
        `tally start --network club.json --data ./bob --p2p-port 4152 --api-port 8152 ${toldOfAda}`,
      ).map((word) => (toldOfAda.endsWith(word) ? ada.address : word)),
    );
    await bob.daemon.json({ event: 'peer.connected' });

    const env = { TALLY_API: ada.api, TALLY_DATA: './ada' };
    await ada.daemon.json({ event: 'block.mined' });
    await tally(wordsOf('tally send $BOB 1.5 --wait', { BOB }), env);
    const balance = wordsOf('tally balance $BOB --api http://127.0.0.1:8152', { BOB });
    const askBob = (): Promise<string> =>
      tally(balance.map((word) => word.replace('http://127.0.0.1:8152', bob.api)));
    await expect.poll(askBob, { timeout: 20_000 }).toBe('1.5 tally\n');

    await writeFile(inFolder('contract.txt'), 'We agree.\n');
    const record = "tally record contract.txt --note 'as signed in May' --confirmations 3";
    expect(await tally(wordsOf(record), env)).toContain(VERIFY.replace('club.json', 'network.json'));
    await tally(wordsOf('tally network show --out network.json'), env);
    expect(await readFile(inFolder('network.json'), 'utf8')).toBe(
      await readFile(inFolder('club.json'), 'utf8'),
    );

    expect(await Promise.all([ada, bob].map(({ daemon }) => daemon.stop('SIGINT')))).toEqual([0, 0]);
    for (const name of ['ada', 'bob', 'network.json']) await rm(inFolder(name), { recursive: true });
  });

  test('keeps the file, its receipt and the network file, which prove it offline', async () => {
    expect(await verify()).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /contract\.txt is the one on record[\s\S]*"as signed in May"[\s\S]*to forge/,
      ),
    });
  });

  test('is told that another byte is in the file', async () => {
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
  ])('is told that another byte is in the receipt: %s', async (_what, pick, said) => {
    const good = await readFile(inFolder(RECEIPT), 'utf8');
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
