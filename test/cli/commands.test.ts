import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, createApi } from '../../src/api/server.ts';
import { keyPairFromSeed } from '../../src/client/keys.ts';
import { formatAddress } from '../../src/core/address.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { asChecked, BlockMaker, NOW_MS } from '../support/ledger.ts';
import { type Ran, Running, runTally } from '../support/run-tally.ts';
import {
  A_PEER,
  growBranch,
  POOR,
  RICH,
  type ServedLedger,
  SILENT,
  servedLedger,
} from '../support/served-ledger.ts';

const rich = formatAddress(RICH.address);
const poor = formatAddress(POOR.address);
/** An escape sequence: colour, where nobody looks. */
const COLOUR = '\u001b[';

let ledger: ServedLedger;
let api: Api;
let folder: string;
let wallet: string;

beforeAll(async () => {
  ledger = servedLedger();
  api = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
  folder = await mkdtemp(join(tmpdir(), 'tally-cli-'));
  wallet = join(folder, 'rich');
  await mkdir(wallet);
  const seed = new Uint8Array(32);
  seed[0] = 1;
  expect(keyPairFromSeed(seed).address).toBe(RICH.address);
  const file = { version: 1, kind: 'unencrypted-ed25519-seed', address: rich, seed: bytesToHex(seed) };
  await writeFile(join(wallet, 'wallet.json'), JSON.stringify(file));
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

/** As a user of that daemon and folder. */
function tally(...args: string[]): Promise<Ran> {
  return runTally(args, { TALLY_API: api.url, TALLY_DATA: wallet });
}

/** What a command printed with `--json`. */
async function json(...args: string[]): Promise<Record<string, unknown>> {
  const ran = await tally(...args, '--json');
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(ran.stdout) as Record<string, unknown>;
}

describe('with a daemon', () => {
  test('status in words and as JSON', async () => {
    const { status, stdout, stderr } = await tally('status');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`test (${ledger.network.id})`);
    expect(stdout).not.toContain(COLOUR);
    expect(await json('status')).toMatchObject({ networkId: ledger.network.id, peerId: A_PEER });
  });

  test('status says until when mining waits for a tip ahead of the clock', async () => {
    const { mining } = ledger.daemon.node;
    Object.assign(mining, { waitsUntilMs: Date.parse('2030-01-01T00:00:00Z') });
    try {
      expect((await json('status')).mining).toMatchObject({ waitingUntil: '2030-01-01T00:00:00.000Z' });
      expect((await tally('status')).stdout).toMatch(
        /waits until 2030-01-01T.*ahead of this machine's clock/,
      );
    } finally {
      Object.assign(mining, { waitsUntilMs: undefined });
    }
  });

  test('mine --to pays somebody else; mine --start and --stop are told to the daemon', async () => {
    const { address } = keyPairFromSeed(new Uint8Array(32).fill(99));
    await json('mine', '2', '--to', formatAddress(address));
    expect(ledger.chain.account(address).balance).toBe(2n * ledger.network.params.subsidy);
    expect((await tally('mine', '--start')).stdout).toBe('mining, with 2 threads\n');
    expect(await json('status')).toMatchObject({ mining: { active: true } });
    expect(await json('mine', '--stop')).toMatchObject({ active: false });
    expect(await json('status')).toMatchObject({ mining: { active: false } });
    expect(await tally('mine', '--start', '--stop')).toMatchObject({ status: 2 });
  });

  test('mine, block, chain: the same ids everywhere', async () => {
    const before = ledger.chain.tip.height;
    const { ids } = (await json('mine', '12')) as { ids: string[] };
    expect(ids).toHaveLength(12);
    expect(ledger.chain.tip).toMatchObject({ height: before + 12, id: ids.at(-1) });
    expect(await json('block', 'tip')).toMatchObject({ id: ids.at(-1) });
    expect(await json('block', `${before + 1}`)).toMatchObject({ id: ids[0] });
    expect((await tally('block', ids[0] ?? '')).stdout).toContain(ids[0]);
    expect(await json('chain', '--limit', '1')).toMatchObject({
      length: before + 13,
      blocks: [{ id: ids.at(-1) }],
    });
    expect((await tally('chain', '--from', '0', '--limit', '2')).stdout).toContain(ledger.network.genesisId);
    expect(await tally('chain', 'verify')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(`^valid: ${before + 13} blocks`),
    });
    expect(await json('chain', 'resolve')).toMatchObject({ replaced: false, tip: ids.at(-1) });
  });

  test('chain forks: none, then what became of a branch, and where older ones are', async () => {
    const none = await tally('chain', 'forks');
    expect(none).toMatchObject({ status: 0, stdout: expect.stringMatching(/^no fork: every block/) });
    const height = ledger.chain.tip.height;
    ledger.mine(3);
    const [first] = growBranch(ledger, height, 1);
    const [second] = growBranch(ledger, height + 1, 1);
    const { forks } = (await json('chain', 'forks')) as { forks: { id: string }[] };
    expect(forks.map(({ id }) => id)).toEqual([second, first]);
    const { stdout } = await tally('chain', 'forks', '--limit', '1');
    expect(stdout).toMatch(new RegExp(`#${height + 1} .* lost .*${second}`));
    const [, before = ''] = /older ones: tally chain forks --before (\d+)/.exec(stdout) ?? [];
    expect((await tally('chain', 'forks', '--before', before)).stdout).toContain(first);
  });

  test('chain resolve without a peer says so, and what to do', async () => {
    const { stdout } = await tally('chain', 'resolve');
    expect(stdout).toContain('there is no peer to ask: name one with tally peers add');
    expect(stdout).toContain(`kept: the tip is #${ledger.chain.tip.height} ${ledger.chain.tip.id}`);
  });

  test('send pays exactly, with the least fee, and its memo can be read', async () => {
    const before = ledger.chain.account(POOR.address).balance;
    const sent = await json('send', poor, '1.5', '--memo', 'für Ada');
    expect(sent).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      amount: '1500000',
      fee: '168',
    });
    expect(await json('tx', sent.id as string)).toMatchObject({ status: 'pending' });
    const second = await tally('send', poor, '3', '--notches', '--fee', '500');
    expect(second).toMatchObject({ status: 0, stderr: '' });
    expect(second.stdout).toContain(`sent 0.000003 tally to ${poor}, fee 0.0005`);
    ledger.mine(1);
    expect((await tally('tx', sent.id as string)).stdout).toMatch(
      /confirmed in block #\d+, 1 confirmation\n[\s\S]*"für Ada"/,
    );
    expect(ledger.chain.account(POOR.address).balance - before).toBe(1_500_003n);
    expect((await tally('balance', poor)).stdout).toMatch(/^1\.500003 tally\n$/);
    expect(await json('balance')).toMatchObject({ address: rich });
  });

  test('send --wait returns once it is in a block', async () => {
    const run = new Running(['send', poor, '1', '--wait'], { TALLY_API: api.url, TALLY_DATA: wallet });
    const id = await run.line((line) => /^[0-9a-f]{64}$/.test(line));
    const [block] = ledger.mine(1);
    expect(block?.transactionIds).toEqual([id]);
    expect(await run.ended).toBe(0);
    expect(run.lines.at(-1)).toContain('in block #');
  });

  test('send --confirmations waits through a reorganisation', async () => {
    const env = { TALLY_API: api.url, TALLY_DATA: wallet };
    const run = new Running(['send', poor, '1tally', '--confirmations', '2'], env);
    await run.line((line) => line === 'pending: it waits for a block');
    const before = ledger.chain.tip;
    ledger.mine(1);
    await run.line((line) => line === `confirmed in block #${before.height + 1}, 1 of 2 confirmations`);
    const maker = new BlockMaker(ledger.network);
    const block = ledger.chain.block(before);
    if (block === undefined) throw new Error('the tip has a body');
    ledger.chain.addBlocks(maker.chain(asChecked(block), 2), NOW_MS);
    const left = `pending again: a reorganisation left block #${before.height + 1} behind`;
    await run.line((line) => line === left);
    ledger.mine(2);
    expect(await run.ended).toBe(0);
    expect(run.lines.at(-1)).toBe(`confirmed in block #${before.height + 3}, 2 of 2 confirmations`);
  });

  test('send says what there is if it is too little, and that a wallet pays itself', async () => {
    const first = await tally('send', rich, '500000notches');
    expect(first).toMatchObject({
      status: 0,
      stderr: 'tally: this wallet pays itself: all it spends is the fee\n',
    });
    await json('send', poor, '2');
    const ran = await tally('send', poor, '100000000');
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toMatch(/has: [0-9.]+ tally, 2\.[0-9]+ tally of it spent by transactions that wait/);
    ledger.mine(1);
  });

  test("a memo's escape sequences stay out of the terminal", async () => {
    const { id } = await json('send', poor, '1', '--memo', `${COLOUR}31m`);
    const { stdout } = await tally('tx', id as string);
    expect(stdout).not.toContain(COLOUR);
    ledger.mine(1);
  });

  test('peers lists and adds', async () => {
    expect((await tally('peers')).stdout).toBe('no peers\n');
    expect(await json('peers')).toEqual({ peers: [] });
    expect((await tally('peers', 'add', '/ip4/127.0.0.1/tcp/4141')).stdout).toBe(`connected to ${A_PEER}\n`);
    expect(await tally('peers', 'add', '/ip4/127.0.0.1/tcp/4141', '/ip4/192.0.2.7/tcp/1')).toMatchObject({
      status: 1,
      stderr: 'tally: no peer at /ip4/192.0.2.7/tcp/1\n',
    });
  });

  test('watch prints events as they happen', async () => {
    const words = new Running(['watch'], { TALLY_API: api.url });
    const lines = new Running(['watch', '--json'], { TALLY_API: api.url });
    await words.line((line) => line.startsWith('watching test at'));
    const { height, id } = ledger.chain.tip;
    const block = { height, id, transactions: 0 };
    const more = { parent: id, miner: RICH.address, timestamp: 0, source: 'mined', onChain: true } as const;
    const tell = setInterval(() => {
      ledger.emit({ event: 'block.accepted', ...block, ...more });
      ledger.emit({ event: 'block.mined', ...block });
      ledger.emit({ event: 'peer.penalised', peer: A_PEER, offence: 'garbage', score: 7 });
    }, 50);
    try {
      await words.line((line) => line.includes('misbehaved (garbage), score 7'));
      expect(await lines.json({ event: 'peer.penalised' })).toMatchObject({ type: 'peer', score: 7 });
      // People are told of a block mined here once.
      expect(words.lines.find((line) => line.includes('▣'))).toContain('mined here');
      expect(await lines.json({ event: 'block.accepted' })).toMatchObject({ source: 'mined' });
    } finally {
      clearInterval(tell);
      await Promise.all([words.stop(), lines.stop()]);
    }
  });

  test('the token of the data folder is sent, as found by itself', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end(JSON.stringify(request.method === 'POST' ? { ids: ['00'] } : { params: { name: 'x' } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await writeFile(join(wallet, 'api-token'), `${'cd'.repeat(32)}\n`);
    expect(await runTally(['mine', '--api', url, '--data', wallet])).toMatchObject({
      status: 0,
      stdout: '00\n',
    });
    expect(seen).toEqual([undefined, `Bearer ${'cd'.repeat(32)}`]);
    server.close();
  });
});

describe('exit status and stderr', () => {
  test.each<[string, string[], RegExp]>([
    ['an unknown command', ['stat'], /unknown command 'stat'/],
    ['an unknown option', ['status', '--jsn'], /unknown option '--jsn'.*--json/],
    ['a missing argument', ['send', poor], /missing required argument 'amount'/],
    ['a wrong address', ['send', `${poor.slice(0, -1)}q`, '1'], /character 64, "q", is wrong/],
    ['an address cut off', ['send', poor.slice(0, -1), '1'], /63 characters, an address has 64/],
    ['a wrong amount', ['send', poor, '1,5'], /"1,5" is not an amount/],
    ['an amount too fine', ['send', poor, '0.0000001'], /finer than a notch/],
    ['a memo too long', ['send', poor, '1', '--memo', 'x'.repeat(1_025)], /1025 bytes/],
    ['no number', ['mine', 'many'], /"many" is not a whole number/],
    ['no blocks', ['mine', '0'], /whole number from 1/],
    ['no block', ['block', '-1'], /./],
    ['no URL', ['status', '--api', 'localhost'], /not a URL/],
    ['no port', ['start', '--api-port', '70000'], /0 to 65535/],
    ['no log level', ['start', '--log-level', 'loud'], /Allowed choices/],
    ['a wrong allocation', ['network', 'create', '--allocate', 'x=1'], /not an address/],
  ])('2 and one line for %s', async (_what, args, message) => {
    const ran = await tally(...args);
    expect(ran).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/^tally: [^\n]+\n$/) });
    expect(ran.stderr).toMatch(message);
  });

  test.each<[string, string[], RegExp]>([
    [
      'too little balance',
      ['send', poor, '1000000'],
      /1000000 tally and a fee of 0.000161? are more than.* has: \d+(\.\d+)? tally/,
    ],
    ['a refusal by policy', ['send', poor, '1', '--fee', '0.000001'], /the fee is below what this node asks/],
    ['a block that is not there', ['block', '99999'], /not known here/],
    ['a transaction that is not there', ['tx', '00'.repeat(32)], /not known here/],
    [
      'no daemon',
      ['status', '--api', 'http://127.0.0.1:1'],
      /does not answer \(.*\): start one with tally start/,
    ],
    ['no wallet', ['send', poor, '1', '--data', '/dev/null/none'], /there is no wallet in/],
    ['a folder that cannot be made', ['wallet', 'create', '--data', '/dev/null/none'], /ENOTDIR.*--data/],
    ['a wallet that is there', ['wallet', 'create'], /exists already: it is never overwritten/],
    [
      'a network that is none',
      ['start', '--network', 'nowhere'],
      /"nowhere" is neither a network built in \(dev, test\) nor a file/,
    ],
    [
      'a network that makes no sense',
      ['network', 'create', '/dev/null/x', '--max-block-bytes', '1'],
      /maxBlockBytes/,
    ],
  ])('1 and one line for %s', async (_what, args, message) => {
    const ran = await tally(...args);
    expect(ran).toMatchObject({ status: 1, stderr: expect.stringMatching(/^tally: [^\n]+\n$/) });
    expect(ran.stderr).toMatch(message);
  });

  test('0 for help and version', async () => {
    expect(await tally('--help')).toMatchObject({ status: 0, stderr: '' });
    expect(await tally('send', '--help')).toMatchObject({ status: 0, stderr: '' });
    expect(await tally('--version')).toMatchObject({ status: 0, stdout: '0.1.0\n' });
  });
});

describe('networks', () => {
  test('create writes a file a daemon takes, with the id it prints, and never over another', async () => {
    const file = join(folder, 'club.json');
    const args = ['network', 'create', file, '--subsidy', '2.5', '--genesis-time', '2026-05-01T00:00:00Z'];
    const made = await runTally([...args, '--allocate', `${rich}=7`, '--json']);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    const { id } = JSON.parse(made.stdout) as { id: string };
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      name: 'club',
      subsidy: '2500000',
      blockInterval: 5_000,
      genesisTime: Date.parse('2026-05-01T00:00:00Z'),
      allocations: [{ address: rich, amount: '7000000' }],
    });
    const { chooseNetwork } = await import('../../src/cli/network-choice.ts');
    expect((await chooseNetwork(file)).id).toBe(id);
    expect((await runTally(args)).stderr).toContain('exists already');
  });

  test('show prints a network file with nothing else on stdout, its id beside it', async () => {
    const printed = await runTally(['network', 'show', 'dev']);
    const { id, params } = JSON.parse((await runTally(['network', 'show', 'dev', '--json'])).stdout);
    expect(printed).toMatchObject({ status: 0, stderr: `network id ${id}\n` });
    expect(JSON.parse(printed.stdout)).toEqual(params);
    const file = join(folder, 'shown.json');
    await writeFile(file, printed.stdout);
    expect((await runTally(['network', 'show', file])).stdout).toBe(printed.stdout);
    expect((await runTally(['network', 'show', 'nowhere'])).stderr).toContain('"nowhere" is neither');
  });

  test("show writes the daemon's parameters to a new file, never over another", async () => {
    const file = join(folder, 'kept.json');
    const args = ['network', 'show', '--out', file];
    expect(await tally(...args)).toMatchObject({
      status: 0,
      stderr: '',
      stdout: `${ledger.network.id}\nthe parameters of ${ledger.network.name} are in ${file}\n`,
    });
    expect(await tally('network', 'show', file)).toMatchObject({
      status: 0,
      stderr: `network id ${ledger.network.id}\n`,
    });
    expect(await tally(...args)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `tally: ${file} exists already: it is never overwritten\n`,
    });
  });
});
