import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, createApi } from '../../src/api/server.ts';
import { isCompact } from '../../src/client/receipt.ts';
import type { ReceiptJson } from '../../src/client/schemas.ts';
import { formatAddress } from '../../src/core/address.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import { BlockMaker, NOW_MS } from '../support/ledger.ts';
import { type Ran, Running, runTally } from '../support/run-tally.ts';
import { RICH, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

let ledger: ServedLedger;
let api: Api;
let folder: string;
let env: Record<string, string>;
let network: string;

beforeAll(async () => {
  ledger = servedLedger();
  api = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
  folder = await mkdtemp(join(tmpdir(), 'tally-receipts-'));
  const seed = new Uint8Array(32);
  seed[0] = 1;
  const address = formatAddress(RICH.address);
  const wallet = { version: 1, kind: 'unencrypted-ed25519-seed', address, seed: bytesToHex(seed) };
  await writeFile(join(folder, 'wallet.json'), JSON.stringify(wallet));
  network = join(folder, 'network.json');
  await writeFile(network, JSON.stringify(formatNetworkFile(ledger.network.params)));
  env = { TALLY_API: api.url, TALLY_DATA: folder };
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

const tally = (...args: string[]): Promise<Ran> => runTally(args, env);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function newFile(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** Runs `record` and mines once it has submitted. */
async function recorded(...args: string[]): Promise<{ id: string; lines: string[] }> {
  const run = new Running(['record', ...args], env);
  const first = await run.line((line) => /^[0-9a-f]{64}/.test(line));
  ledger.mine(1);
  expect(await run.ended).toBe(0);
  expect(run.stderr).toBe('');
  return { id: first.slice(0, 64), lines: run.lines };
}

describe('record', () => {
  test('submits, waits, and writes a receipt that verifies', async () => {
    const file = await newFile('report.pdf', 'what was agreed');
    const { id, lines } = await recorded(file, '--note', 'für später');
    expect(lines[1]).toMatch(/in block #\d+, receipt in .*report\.pdf\.receipt\.json$/);
    // It is called test, but is not the one built in.
    expect(lines[2]).toContain(`tally verify ${file}.receipt.json ${file} --network network.json`);
    expect(lines[3]).toContain('tally network show --out network.json');
    expect((await tally('tx', id)).stdout).toContain(
      `record of the file with SHA-256 ${sha256('what was agreed')}, "für später"`,
    );
    const ran = await tally('verify', `${file}.receipt.json`, file, '--network', network);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    for (const text of [
      `${file} is the one on record`,
      sha256('what was agreed'),
      '"für später"',
      id,
      formatAddress(RICH.address),
      '1: the block itself',
      '2 hashes to forge',
      'Not proved:\n- that this block is on the chain everybody else agrees on',
    ]) {
      expect(ran.stdout).toContain(text);
    }
  });

  test('of several files: an id each, a receipt each in the folder of --out', async () => {
    const files = [await newFile('a.txt', 'a'), await newFile('b.txt', 'b')];
    const out = join(folder, 'receipts');
    const run = new Running(['record', ...files, '--out', out, '--fee', '0.001', '--json'], env);
    await ledgerHas(2);
    ledger.mine(1);
    expect(await run.ended).toBe(0);
    const { records } = JSON.parse(run.lines.join('\n')) as { records: Record<string, unknown>[] };
    expect(records).toMatchObject([
      {
        file: files[0],
        sha256: sha256('a'),
        fee: '1000',
        confirmations: 1,
        receipt: join(out, 'a.txt.receipt.json'),
      },
      {
        file: files[1],
        sha256: sha256('b'),
        fee: '1000',
        confirmations: 1,
        receipt: join(out, 'b.txt.receipt.json'),
      },
    ]);
    expect((await readdir(out)).sort()).toEqual(['a.txt.receipt.json', 'b.txt.receipt.json']);
  });

  test('--no-wait only submits; --json has the id', async () => {
    const file = await newFile('later.txt', 'later');
    const ran = await tally('record', file, '--no-wait', '--json');
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    const { id } = JSON.parse(ran.stdout) as { id: string };
    expect(JSON.parse(ran.stdout)).toEqual({ id, file, sha256: sha256('later'), fee: '194' });
    expect(await tally('receipt', id)).toMatchObject({
      status: 1,
      stderr: `tally: transaction ${id} waits for a block: ask again once it is in one\n`,
    });
    ledger.mine(1);
    expect((await tally('receipt', id)).status).toBe(0);
  });

  test('waits for the confirmations asked for, through a reorganisation', async () => {
    const file = await newFile('twice.txt', 'twice');
    const { tip } = ledger.chain;
    const run = new Running(['record', file, '--confirmations', '2'], env);
    const id = await run.line((line) => /^[0-9a-f]{64}$/.test(line));
    ledger.mine(1);
    const first = ledger.chain.tip.id;
    abandon(tip.height);
    expect(ledger.chain.isOnChain(ledger.chain.byId(first) ?? tip)).toBe(false);
    expect((await tally('tx', id)).stdout).toContain('pending');
    ledger.mine(1);
    const second = ledger.chain.tip.id;
    ledger.mine(1);
    expect(await run.ended).toBe(0);
    const receipt = JSON.parse(await readFile(`${file}.receipt.json`, 'utf8')) as ReceiptJson;
    expect(receipt).toMatchObject({ transaction: { id }, block: { id: second } });
    expect(receipt.burying).toHaveLength(1);
  });

  test('never overwrites a receipt without --force, and pays nothing then', async () => {
    const file = await newFile('kept.txt', 'kept');
    await writeFile(`${file}.receipt.json`, 'mine');
    const ran = await tally('record', file);
    expect(ran).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/exists already: .*--force\n$/),
    });
    expect(ledger.pool.count).toBe(0);
    expect(await readFile(`${file}.receipt.json`, 'utf8')).toBe('mine');
    await recorded(file, '--force');
    expect(await readFile(`${file}.receipt.json`, 'utf8')).toContain('tallystick-receipt');
  });

  test('says which file was refused, and why', async () => {
    const file = await newFile('dear.txt', 'dear');
    const ran = await tally('record', file, '--fee', '100000');
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toMatch(
      /^tally: not recorded: .*dear\.txt: amount \+ fee is more than the sender has.*\n$/,
    );
  });

  test.each<[string, number, string[], RegExp]>([
    ['no file', 2, [], /missing required argument 'file'/],
    ['a file that is not there', 1, ['nowhere.txt'], /cannot read nowhere.txt \(ENOENT\)/],
    ['a folder', 1, ['/'], /is a folder/],
    ['a note too long', 2, ['x', '--note', 'x'.repeat(991)], /991 bytes; at most 990/],
    ['no confirmations', 2, ['x', '--confirmations', '0'], /whole number from 1 to 10000/],
    ['the same file twice', 2, ['x', 'x'], /two of the files would have the same receipt/],
    [
      'a folder that is not there',
      1,
      [import.meta.filename, '--out', '/nowhere/x'],
      /cannot write.*ENOENT.*--out/,
    ],
    ['no daemon', 1, [import.meta.filename, '--api', 'http://127.0.0.1:1'], /start one with tally start/],
  ])('one line for %s', async (_what, status, args, message) => {
    const ran = await tally('record', ...args);
    expect(ran).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(/^tally: [^\n]+\n$/) });
    expect(ran.stderr).toMatch(message);
  });

  /** Until so many wait in the pool. */
  async function ledgerHas(count: number): Promise<void> {
    await expect.poll(() => ledger.pool.count, { timeout: 20_000, interval: 20 }).toBe(count);
  }

  /** A branch with more work, from the height given: its blocks have no transactions. */
  function abandon(height: number): void {
    const maker = new BlockMaker(ledger.network);
    let parent = maker.genesis;
    for (const record of ledger.chain.blocksFrom(1, height)) {
      const block = ledger.chain.block(record);
      if (block !== undefined) parent = maker.adopt(block);
    }
    for (const block of maker.chain(parent, 2)) ledger.chain.addBlock(block, NOW_MS);
  }
});

describe('receipt', () => {
  test('prints JSON, or writes either form', async () => {
    const { id } = await recorded(await newFile('forms.txt', 'forms'));
    ledger.mine(9);
    const printed = await tally('receipt', id);
    expect(printed.stderr).toBe('');
    expect((JSON.parse(printed.stdout) as ReceiptJson).burying).toHaveLength(5);
    const compact = join(folder, 'forms.receipt');
    const args = ['receipt', id, '--compact', '--confirmations', '9', '--out', compact];
    expect(await tally(...args)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('9 confirmations'),
    });
    expect(isCompact(await readFile(compact))).toBe(true);
    expect((await tally(...args)).stderr).toContain('exists already');
    expect(JSON.parse((await tally(...args, '--force', '--json')).stdout)).toMatchObject({
      id,
      file: compact,
      confirmations: 9,
      work: '18',
    });
    const checked = await tally('verify', compact, '--network', network, '--json');
    // Of a file nothing was asked, so nothing is answered.
    expect(JSON.parse(checked.stdout).record).toEqual({ sha256: sha256('forms') });
    expect(JSON.parse(checked.stdout)).toMatchObject({
      valid: true,
      transaction: { id },
      confirmations: 9,
      work: '18',
    });
    const withFile = await tally(
      'verify',
      compact,
      join(folder, 'forms.txt'),
      '--network',
      network,
      '--json',
    );
    expect(JSON.parse(withFile.stdout).record).toEqual({ sha256: sha256('forms'), fileMatches: true });
    const words = await tally('verify', compact, '--network', network);
    expect(words.stdout).toContain('- that a file is the one on record: name it behind the receipt');
  });

  test('refuses more confirmations than there are, and unknown transactions', async () => {
    const { id } = await recorded(await newFile('few.txt', 'few'));
    expect(await tally('receipt', id, '--confirmations', '50')).toMatchObject({
      status: 1,
      stderr: 'tally: the transaction has 1 confirmation so far, 50 are asked for\n',
    });
    expect((await tally('receipt', '00'.repeat(32))).status).toBe(1);
    expect((await tally('receipt', 'xyz')).status).toBe(2);
    expect((await tally('receipt', id, '--compact', '--json')).status).toBe(2);
  });
});

describe('verify', () => {
  test('needs a network, which is the right one', async () => {
    const file = await newFile('network.txt', 'network');
    await recorded(file);
    const receipt = `${file}.receipt.json`;
    expect(await tally('verify', receipt)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^tally: required option '--network <name\|file>'.*\n$/),
    });
    expect((await tally('verify', receipt, '--network', 'dev')).stderr).toMatch(
      /^tally: the receipt is of another network \(of [0-9a-f]{64}; "dev" is [0-9a-f]{64}\)\n$/,
    );
    expect((await tally('verify', receipt, file, '--network', 'nowhere')).stderr).toContain(
      '"nowhere" is neither',
    );
    expect((await tally('verify', 'nowhere.json', '--network', 'dev')).stderr).toContain('ENOENT');
    const json = await tally('verify', file, '--network', network, '--json');
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false, error: { code: 'receipt-format' } });
  });
});
