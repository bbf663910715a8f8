import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, createApi } from '../../src/api/server.ts';
import { findWallet, replaceWallet } from '../../src/cli/wallet-file.ts';
import { formatTally } from '../../src/client/amount.ts';
import { writeUnencrypted } from '../../src/client/key-file.ts';
import { Wallet } from '../../src/client/wallet.ts';
import { formatAddress } from '../../src/core/address.ts';
import { type Ran, runTally } from '../support/run-tally.ts';
import { POOR, RICH, type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';
import vectors from '../vectors/wallet.json' with { type: 'json' };

/** Text, but no seed. */
const SHORT_FILE = 'test/simulation/failed-seeds.json';

const [vector] = vectors;
const WORDS = vector?.words ?? '';
const ADDRESSES = vector?.accounts.map(({ address }) => address) ?? [];
const PASSPHRASE = 'correct horse';
/** Of served-ledger's rich account. */
const RICH_SEED = `01${'00'.repeat(31)}`;
const rich = formatAddress(RICH.address);
const poor = formatAddress(POOR.address);

let folder: string;
let wordsFile: string;
let passphraseFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-wallet-'));
  wordsFile = join(folder, 'words.txt');
  passphraseFile = join(folder, 'passphrase.txt');
  await writeFile(wordsFile, `${WORDS}\n`);
  await writeFile(passphraseFile, `${PASSPHRASE}\n`);
});

afterAll(() => rm(folder, { recursive: true }));

let count = 0;
const newFolder = () => join(folder, `data-${count++}`);

/** `tally wallet …` in a data folder. */
function wallet(data: string, ...args: string[]): Promise<Ran> {
  return runTally(['wallet', ...args, '--data', data]);
}

async function json(data: string, ...args: string[]): Promise<Record<string, unknown>> {
  const ran = await wallet(data, ...args, '--json');
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(ran.stdout) as Record<string, unknown>;
}

/** One line on stderr. */
function failure(status: number, message: string) {
  return {
    status,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`^tally: [^\\n]*${message}[^\\n]*\\n$`)),
  };
}

const fileOf = (data: string) => join(data, 'wallet.json');

describe('create', () => {
  test('in a script: the address alone in the first line, then that it is not encrypted; no word of it', async () => {
    const data = newFolder();
    const { status, stderr, stdout } = await wallet(data, 'create');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [address, kept] = stdout.split('\n');
    expect(address).toMatch(/^tally1[a-z0-9]{58}$/);
    expect(kept).toBe(`kept in ${fileOf(data)}, not encrypted: whoever can read it can spend`);
    const { secrets } = JSON.parse(await readFile(fileOf(data), 'utf8'));
    expect(stdout).not.toContain(secrets.words.slice(0, 20));
    expect((await wallet(data, 'show')).stdout.split('\n')[0]).toBe(address);
  });

  test('is for its owner only, and never over another', async () => {
    const data = newFolder();
    const made = await json(data, 'create', '--no-passphrase', '--name', 'mine');
    expect(made).toMatchObject({ encrypted: false, accounts: [{ name: 'mine', kind: 'derived' }] });
    expect((await stat(fileOf(data))).mode & 0o777).toBe(0o600);
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    const before = await readFile(fileOf(data), 'utf8');
    for (const args of [['create'], ['import', '--words-file', wordsFile]]) {
      expect(await wallet(data, ...args)).toMatchObject(
        failure(1, 'exists already: it is never overwritten'),
      );
    }
    expect(await readFile(fileOf(data), 'utf8')).toBe(before);
    expect(await readdir(data)).toEqual(['wallet.json']);
  });

  test('with a passphrase in a file or the environment it is encrypted', async () => {
    const data = newFolder();
    expect(await json(data, 'create', '--passphrase-file', passphraseFile)).toMatchObject({
      encrypted: true,
    });
    const other = newFolder();
    const ran = await runTally(['wallet', 'create', '--data', other], { TALLY_PASSPHRASE: PASSPHRASE });
    expect(ran.stdout).toContain(', encrypted: without the passphrase only its words');
    expect(await readFile(fileOf(other), 'utf8')).not.toContain('words');
    // What one took, the other opens; and what was encrypted stays so.
    expect(await wallet(other, 'add', 'second', '--passphrase-file', passphraseFile)).toMatchObject({
      status: 0,
    });
    expect(await json(other, 'show')).toMatchObject({ encrypted: true, accounts: [{}, { name: 'second' }] });
  });

  test('asked to encrypt where nobody can be asked, it says how to give the passphrase', async () => {
    const ran = await wallet(newFolder(), 'create', '--encrypt');
    expect(ran).toMatchObject(failure(1, '--passphrase-file FILE or TALLY_PASSPHRASE'));
  });

  test('all wallets of this machine are listed', async () => {
    const env = { XDG_DATA_HOME: newFolder() };
    const made = [];
    for (const network of ['dev', 'test']) {
      const ran = await runTally(['wallet', 'create', '--network', network, '--json'], env);
      made.push(JSON.parse(ran.stdout));
    }
    const listed = await runTally(['wallet', 'list', '--json'], env);
    expect(JSON.parse(listed.stdout)).toEqual({ wallets: made });
    expect((await runTally(['wallet', 'list'], env)).stdout).toContain(made[1].file);
  });
});

describe('import', () => {
  test('words bring back their accounts', async () => {
    const made = await json(newFolder(), 'import', '--words-file', wordsFile, '--accounts', '3');
    expect((made.accounts as { address: string }[]).map(({ address }) => address)).toEqual(ADDRESSES);
  });

  test('a single key, or an address to watch', async () => {
    const seedFile = join(folder, 'seed.txt');
    await writeFile(seedFile, `${RICH_SEED}\n`);
    expect(await json(newFolder(), 'import', '--seed-file', seedFile)).toMatchObject({ address: rich });
    const data = newFolder();
    expect((await wallet(data, 'import', '--watch', poor)).stdout).toBe(
      `${poor}\nkept in ${fileOf(data)}: it watches, and cannot pay\n`,
    );
    expect(await wallet(data, 'export', join(data, 'x'))).toMatchObject(failure(1, 'has no words'));
  });

  test.each([
    [WORDS.replace('abandon', 'abandno'), 1, 'word 1, "abandno", is not in the list; nearest are abandon'],
    [WORDS.replace(/art$/, 'zoo'), 1, 'wrong checksum'],
    ['abandon', 1, '24 words, not 1'],
    ['x'.repeat(10_000), 1, 'longer than 24 words can be'],
  ])('what are no words is said plainly: %#', async (text, status, message) => {
    const file = join(folder, 'no-words.txt');
    await writeFile(file, text);
    const data = newFolder();
    expect(await wallet(data, 'import', '--words-file', file)).toMatchObject(failure(status, message));
    expect(await findWallet(data)).toBeUndefined();
  });

  test.each<[string[], number, string]>([
    [[], 2, 'nothing to import: name --words-file FILE'],
    [['--words-file', '/dev/null/x'], 1, 'cannot read /dev/null/x .ENOTDIR'],
    [['--words-file', '/dev/zero'], 1, '/dev/zero is a device'],
    [['--words-file', '-', '--passphrase-file', '-'], 2, 'standard input is one file only'],
    [['--words-file', 'x', '--watch', poor], 2, "'--watch <address>' cannot be used with"],
    [['--seed-file', '/dev/null'], 1, '/dev/null is a device'],
    [['--seed-file', SHORT_FILE], 2, 'failed-seeds.json is not a seed: 64 hex digits'],
    [['--watch', poor, '--name', '7'], 1, 'not only digits'],
    [['--watch', 'poor'], 2, 'not an address'],
  ])('used wrongly: %j', async (args, status, message) => {
    expect(await wallet(newFolder(), 'import', ...args)).toMatchObject(failure(status, message));
  });
});

describe('a wallet that is there', () => {
  test('gets accounts and names, and nothing but it is left in the folder', async () => {
    const data = newFolder();
    await json(data, 'import', '--words-file', wordsFile);
    expect(await json(data, 'add', 'savings')).toEqual({
      index: 1,
      kind: 'derived',
      address: ADDRESSES[1],
      name: 'savings',
      path: "m/44'/1413565529'/1'",
    });
    await json(data, 'add', '--watch', poor);
    await json(data, 'rename', 'savings', 'rent');
    const { accounts } = await json(data, 'show');
    expect(accounts).toMatchObject([
      { kind: 'derived' },
      { name: 'rent' },
      { kind: 'watch-only', address: poor },
    ]);
    expect((await wallet(data, 'show')).stdout).toMatch(/1 +rent +derived +tally1/);
    expect(await readdir(data)).toEqual(['wallet.json']);
    expect((await stat(fileOf(data))).mode & 0o777).toBe(0o600);
  });

  test('is encrypted, given another passphrase, and decrypted', async () => {
    const data = newFolder();
    const other = join(folder, 'other.txt');
    await writeFile(other, 'battery staple\n');
    await json(data, 'import', '--words-file', wordsFile);
    expect(await wallet(data, 'encrypt')).toMatchObject(
      failure(1, 'nobody can be asked here: give its passphrase'),
    );
    expect(await json(data, 'encrypt', '--passphrase-file', passphraseFile)).toMatchObject({
      encrypted: true,
    });
    expect(await wallet(data, 'decrypt')).toMatchObject(failure(1, 'is encrypted: give its passphrase with'));
    expect(await wallet(data, 'decrypt', '--passphrase-file', other)).toMatchObject(
      failure(1, 'cannot be opened: the passphrase is wrong'),
    );
    await json(data, 'encrypt', '--passphrase-file', passphraseFile, '--new-passphrase-file', other);
    expect(await json(data, 'decrypt', '--passphrase-file', other)).toMatchObject({ encrypted: false });
    expect(JSON.parse(await readFile(fileOf(data), 'utf8')).secrets.words).toBe(WORDS);
    expect(await wallet(data, 'decrypt')).toMatchObject(failure(1, 'is not encrypted'));
  });

  test('gives its words to a new file for its owner only, and a seed of its own', async () => {
    const data = newFolder();
    await json(data, 'import', '--words-file', wordsFile);
    expect(await wallet(data, 'export')).toMatchObject(failure(2, 'name the file to write'));
    const file = join(data, 'words');
    const ran = await wallet(data, 'export', file);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).not.toContain('abandon');
    expect(await readFile(file, 'utf8')).toBe(`${WORDS}\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await wallet(data, 'export', file)).toMatchObject(failure(1, 'never overwritten'));
    await json(data, 'export', join(data, 'seed'), '--account', '0');
    const made = await json(newFolder(), 'import', '--seed-file', join(data, 'seed'));
    expect(made.address).toBe(ADDRESSES[0]);
  });

  test('that is damaged is said to be, and stays as it is', async () => {
    const data = newFolder();
    await json(data, 'import', '--words-file', wordsFile);
    const text = (await readFile(fileOf(data), 'utf8')).replace(ADDRESSES[0] ?? '', poor);
    await writeFile(fileOf(data), text);
    for (const args of [['show'], ['add'], ['create']]) {
      expect(await wallet(data, ...args)).toMatchObject(failure(1, 'is damaged or was changed by hand'));
    }
    expect(await readFile(fileOf(data), 'utf8')).toBe(text);
  });

  test('is not changed by two at once, nor over what somebody else changed', async () => {
    const data = newFolder();
    await json(data, 'import', '--words-file', wordsFile);
    const stored = await findWallet(data);
    if (stored === undefined) throw new Error('there is no wallet');
    await link(stored.path, `${stored.path}.bak`);
    expect(await wallet(data, 'add')).toMatchObject(failure(1, 'another command is changing the wallet'));
    await rm(`${stored.path}.bak`);
    await json(data, 'add');
    const text = writeUnencrypted(Wallet.create());
    await expect(replaceWallet(stored, text)).rejects.toThrow('was changed meanwhile');
    expect(await readdir(data)).toEqual(['wallet.json']);
    expect((await json(data, 'show')).accounts).toHaveLength(2);
  });
});

describe('paying', () => {
  let ledger: ServedLedger;
  let api: Api;
  let data: string;

  beforeAll(async () => {
    ledger = servedLedger();
    api = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
    data = newFolder();
    await mkdir(data);
    const file = { version: 1, kind: 'unencrypted-ed25519-seed', address: rich, seed: RICH_SEED };
    await writeFile(fileOf(data), JSON.stringify(file));
  });

  afterAll(() => api.close());

  function tally(...args: string[]): Promise<Ran> {
    return runTally(args, { TALLY_API: api.url, TALLY_DATA: data });
  }

  test('from a wallet of version 1, then encrypted, then from the account named', async () => {
    expect(await tally('send', poor, '1')).toMatchObject({ status: 0, stderr: '' });
    await json(data, 'rename', '0', 'mine');
    await json(data, 'add', 'theirs', '--watch', poor);
    await json(data, 'encrypt', '--passphrase-file', passphraseFile);
    expect(await tally('send', poor, '1')).toMatchObject(failure(1, 'is encrypted: give its passphrase'));
    const paying = ['send', poor, '2', '--passphrase-file', passphraseFile];
    expect(await tally(...paying, '--account', 'mine')).toMatchObject({ status: 0, stderr: '' });
    expect(await tally(...paying, '--account', 'theirs')).toMatchObject(
      failure(1, 'account 1 .* is watch-only'),
    );
    expect(await tally(...paying, '--account', '2')).toMatchObject(failure(1, 'there is no account "2"'));
    const before = ledger.chain.account(POOR.address).balance;
    ledger.mine(1);
    expect(ledger.chain.account(POOR.address).balance - before).toBe(3_000_000n);
  });

  test('no secret goes to the daemon', async () => {
    const heard: string[] = [];
    const between = createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      heard.push(`${request.url} ${JSON.stringify(request.headers)} ${body}`);
      const answer = await fetch(`${api.url}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { 'content-type': 'application/json' },
        ...(body === '' ? {} : { body }),
      });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
    const paid = await tally('send', poor, '1', '--api', url, '--passphrase-file', passphraseFile);
    between.close();
    ledger.mine(1);
    expect(paid).toMatchObject({ status: 0, stderr: '' });
    expect(heard.join()).toContain('signature');
    for (const secret of [RICH_SEED, PASSPHRASE]) {
      expect(heard.join()).not.toContain(secret);
      expect(paid.stdout).not.toContain(secret);
    }
  });

  test('the balance is what can be paid, and apart from it what is watched; no passphrase is asked', async () => {
    const { stdout } = await tally('balance', '--json');
    const [mine, theirs] = [RICH, POOR].map(({ address }) => ledger.chain.account(address).balance);
    expect(JSON.parse(stdout)).toMatchObject({
      balance: `${mine}`,
      pending: { balance: `${mine}` },
      watchOnly: { balance: `${theirs}`, pending: { balance: `${theirs}` } },
      accounts: [
        { index: 0, name: 'mine', address: rich, balance: `${mine}` },
        { index: 1, name: 'theirs', kind: 'watch-only', address: poor, balance: `${theirs}` },
      ],
    });
    expect((await tally('balance')).stdout).toMatch(
      new RegExp(
        `^${formatTally(mine ?? 0n)} tally\n${formatTally(theirs ?? 0n)} tally, watched only: .*\n` +
          'account +name +tally[\\s\\S]*\\(watch-only\\)\n$',
      ),
    );
  });
});
