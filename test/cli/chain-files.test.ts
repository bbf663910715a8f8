import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeChainFileBlock, encodeChainFileEnd, encodeChainFileStart } from '../../src/core/chain-file.ts';
import { encodeBlock } from '../../src/core/encoding.ts';
import { concatBytes } from '../../src/core/hex.ts';
import { BlockMaker, testNetwork } from '../support/ledger.ts';
import { ENTRY, type Ran, runTally } from '../support/run-tally.ts';
import { type TallyProcess, TallyProcesses } from '../support/tally-process.ts';

const BLOCKS = 2_000;
let folder: string;
/** A chain file of the `test` network. */
let file: string;
let bytes: Uint8Array;
let tip: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-chain-'));
  const network = testNetwork();
  const maker = new BlockMaker(network);
  const blocks = maker.chain(maker.genesis, BLOCKS);
  tip = blocks.at(-1)?.id ?? '';
  bytes = concatBytes([
    encodeChainFileStart(network.id),
    ...blocks.map(({ block, id }) => encodeChainFileBlock(id, encodeBlock(block))),
    encodeChainFileEnd(blocks.at(-1)?.id ?? network.genesisId),
  ]);
  file = join(folder, 'made.chain');
  await writeFile(file, bytes);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function chain(...args: string[]): Promise<Ran> {
  return runTally(['chain', ...args]);
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const ran = await chain(...args, '--json');
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(ran.stdout) as Record<string, unknown>;
}

describe('without a daemon', () => {
  test('an import killed in the midst goes on when it is run again, and the export is the same file', async () => {
    const data = join(folder, 'killed');
    const child = spawn(
      process.execPath,
      [ENTRY, 'chain', 'import', '-', '--network', 'test', '--data', data],
      {
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    await new Promise((written) => child.stdin.write(bytes.subarray(0, bytes.length / 2), written));
    child.kill('SIGKILL');
    await once(child, 'close');
    const imported = await json('import', file, '--network', 'test', '--data', data);
    expect(imported).toMatchObject({ blocks: BLOCKS, height: BLOCKS, tip });
    // The folder knows its network from then on.
    expect(await json('import', file, '--data', data)).toMatchObject({ blocks: BLOCKS, added: 0 });
    const again = join(folder, 'again.chain');
    const exported = await json('export', again, '--offline', '--data', data);
    expect(exported).toMatchObject({ added: BLOCKS, height: BLOCKS, tip });
    expect(await readFile(again)).toEqual(Buffer.from(bytes));
  });

  test('a damaged file is refused where it is damaged, and the rest is kept', async () => {
    const data = join(folder, 'damaged');
    const damaged = Uint8Array.from(bytes);
    // Every block here takes as many bytes.
    const entry = (bytes.length - 44 - 36) / BLOCKS;
    const at = 44 + Math.floor(1_499.5 * entry);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    const path = join(folder, 'damaged.chain');
    await writeFile(path, damaged);
    const ran = await chain('import', path, '--network', 'test', '--data', data);
    expect(ran).toMatchObject({ status: 1, stderr: expect.stringMatching(/^tally: [^\n]+\n$/) });
    expect(ran.stderr).toContain('block #1500: it is damaged');
    expect(await json('import', file, '--data', data)).toMatchObject({ added: BLOCKS - 1_499, tip });
  });

  test.each<[string, () => string[], RegExp]>([
    [
      'a file that is not there',
      () => ['import', join(folder, 'no'), '--data', join(folder, 'x')],
      /cannot read .*ENOENT/,
    ],
    [
      'another network',
      () => ['import', file, '--network', 'dev', '--data', join(folder, 'dev')],
      /another network/,
    ],
    [
      'no ledger',
      () => ['export', join(folder, 'n'), '--offline', '--data', join(folder, 'none')],
      /there is no ledger/,
    ],
    [
      'a file that is there',
      () => ['export', file, '--offline', '--data', join(folder, 'killed')],
      /exists already.*--resume/,
    ],
    ['no daemon', () => ['export', join(folder, 'n'), '--api', 'http://127.0.0.1:1'], /start one/],
  ])('1 and one line for %s', async (_what, args, message) => {
    const ran = await chain(...args());
    expect(ran).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(/^tally: [^\n]+\n$/) });
    expect(ran.stderr).toMatch(message);
  });

  test('2 for what stdout cannot do', async () => {
    expect(await chain('export', '-', '--resume')).toMatchObject({ status: 2 });
    expect(await chain('export', '-', '--json')).toMatchObject({ status: 2 });
  });
});

describe('with a daemon', () => {
  let processes: TallyProcesses;
  let daemon: TallyProcess;
  let data: string;
  let api: string;
  const target = () => join(folder, 'daemon.chain');

  beforeAll(async () => {
    data = join(folder, 'daemon');
    await json('import', file, '--network', 'test', '--data', data);
    processes = await TallyProcesses.create();
    daemon = await processes.start({ data });
    api = daemon.client.url;
  });

  afterAll(() => processes.close());

  test('it starts on what was imported, and exports the same file', async () => {
    expect((await daemon.client.call('status')).tip).toBe(tip);
    expect(await json('export', target(), '--api', api)).toMatchObject({ added: BLOCKS, tip });
    expect(await readFile(target())).toEqual(Buffer.from(bytes));
  });

  test('to stdout too, without a word', async () => {
    const child = spawn(process.execPath, [ENTRY, 'chain', 'export', '-', '--api', api]);
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(Buffer.concat(parts)).toEqual(Buffer.from(bytes));
  });

  test.each([0, 20, 43, 44, 60, 200_000, 360_000])(
    'goes on with a file broken off at byte %i',
    async (length) => {
      const path = join(folder, `broken-${length}.chain`);
      await writeFile(path, bytes.subarray(0, length));
      expect(await json('export', path, '--resume', '--api', api)).toMatchObject({ height: BLOCKS, tip });
      expect(await readFile(path)).toEqual(Buffer.from(bytes));
    },
  );

  test('adds what has come since, and leaves what is no longer on the chain', async () => {
    const path = join(folder, 'grown.chain');
    // The last blocks of this file are on a branch of their own.
    const maker = new BlockMaker(testNetwork());
    const mine = [...parts()].slice(0, BLOCKS - 3);
    const fork = maker.chain(maker.genesis, 3, { extra: Uint8Array.of(9) });
    await writeFile(
      path,
      concatBytes([
        bytes.subarray(0, 44),
        ...mine,
        ...fork.map(({ block, id }) => encodeChainFileBlock(id, encodeBlock(block))),
      ]),
    );
    expect(await json('export', path, '--resume', '--api', api)).toMatchObject({ added: 3, tip });
    const { ids } = await daemon.client.call('mine', { body: { blocks: 4 } });
    expect(await json('export', path, '--resume', '--api', api)).toMatchObject({ added: 4, tip: ids.at(-1) });
    const into = join(folder, 'grown');
    expect(await json('import', path, '--network', 'test', '--data', into)).toMatchObject({
      height: BLOCKS + 4,
      tip: ids.at(-1),
    });
  });

  test('says how to go on when the daemon breaks off, and keeps what came', async () => {
    const path = join(folder, 'cut.chain');
    const status = await daemon.client.call('status');
    const server = createServer((request, response) => {
      if (request.url === '/v1/status') response.end(JSON.stringify(status));
      else response.write(bytes.subarray(0, 100_000), () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const ran = await chain('export', path, '--api', `http://127.0.0.1:${port}`);
    server.close();
    expect(ran).toMatchObject({ status: 1, stderr: expect.stringMatching(/^tally: [^\n]+\n$/) });
    expect(ran.stderr).toMatch(/broke off after block #\d+ .*go on with --resume/);
    expect(await json('export', path, '--resume', '--api', api)).toMatchObject({ tip: status.tip });
    expect((await readFile(path)).subarray(0, bytes.length - 36)).toEqual(
      Buffer.from(bytes.subarray(0, bytes.length - 36)),
    );
  });

  test('a file of another chain is left alone', async () => {
    const path = join(folder, 'other.chain');
    const network = testNetwork();
    const maker = new BlockMaker(network);
    // `made.chain` begins with an equal block: this one differs in its extra bytes.
    const different = maker.block(maker.genesis, { extra: Uint8Array.of(9) });
    const before = concatBytes([
      encodeChainFileStart(network.id),
      encodeChainFileBlock(different.id, encodeBlock(different.block)),
    ]);
    await writeFile(path, before);
    const ran = await chain('export', path, '--resume', '--api', api);
    expect(ran).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no longer has the last 1 block of'),
    });
    expect(await readFile(path)).toEqual(Buffer.from(before));
  });

  test('an import into its folder is refused', async () => {
    const ran = await chain('import', file, '--network', 'test', '--data', data);
    expect(ran).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('another daemon uses this folder'),
    });
  });

  test('the route refuses what is above the chain', async () => {
    const response = await fetch(`${api}/v1/chain/export?from=99999`);
    expect([response.status, await response.json()]).toMatchObject([404, { error: { code: 'not-found' } }]);
    expect((await fetch(`${api}/v1/chain/export?from=0`)).status).toBe(400);
  });
});

/** The entries of the made file. */
function* parts(): Generator<Uint8Array> {
  const entry = (bytes.length - 44 - 36) / BLOCKS;
  for (let at = 44; at + entry <= bytes.length - 36; at += entry) yield bytes.subarray(at, at + entry);
}
