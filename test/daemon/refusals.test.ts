/** What keeps a daemon from starting: one line that says what to do, an exit status, nothing else. */
import { cp, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import { TEST_PARAMS } from '../../src/core/network-params.ts';
import { type Ran, runTally } from '../support/run-tally.ts';
import { type StartOptions, startArguments, TallyProcesses } from '../support/tally-process.ts';

const DATABASE = 'ledger.sqlite';
const SQLITE_PAGE_BYTES = 4_096;
/** In the file's first 100 bytes: its magic word and page size. */
const SQLITE_HEADER_BYTES = 100;

let processes: TallyProcesses;
/** A folder with a ledger of the `test` network, stopped in order. Copied, never started. */
let ledger: string;
/** The folder of the test at hand: a copy of `ledger`. */
let data: string;
let count = 0;

beforeAll(async () => {
  processes = await TallyProcesses.create();
  ledger = join(processes.folder, 'ledger');
  const daemon = await processes.start({ data: ledger });
  await daemon.client.call('mine', { body: { blocks: 40 } });
  expect(await daemon.kill()).toMatchObject({ status: 0 });
});

afterAll(() => processes.close());

beforeEach(async () => {
  data = join(processes.folder, `copy-${++count}`);
  await cp(ledger, data, { recursive: true });
});

function start(options: Partial<StartOptions> = {}): Promise<Ran> {
  return runTally(startArguments({ data, ...options }));
}

/** @param words that have to be in the line: what is wrong, and what to do */
function expectRefusal(ran: Ran, status: 1 | 2, ...words: (string | RegExp)[]): void {
  expect(ran.stderr).toMatch(/^tally: [^\n]+\n$/);
  for (const word of words) expect(ran.stderr).toMatch(word);
  // Neither a stack nor a log line of a failure.
  expect(ran.stderr + ran.stdout).not.toMatch(/node:internal|\n {4}at |"level":[56]0/);
  expect(ran.stdout).not.toContain('daemon.started');
  expect(ran.status).toBe(status);
}

async function takePort(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

test('the copy these tests begin with does start', async () => {
  const daemon = await processes.start({ data });
  expect(await daemon.client.call('status')).toMatchObject({ height: 40 });
  await daemon.kill('SIGKILL');
});

test('the API port is taken', async () => {
  const { port, server } = await takePort();
  expectRefusal(await start({ apiPort: port }), 1, `port ${port} is taken`, '--api-port');
  server.close();
});

test('the p2p port is taken', async () => {
  const { port, server } = await takePort();
  expectRefusal(await start({ p2pPort: port }), 1, `port ${port} is taken`, '--p2p-port');
  server.close();
});

test('the p2p address is not one of this machine', async () => {
  expectRefusal(await start({ p2pHost: '192.0.2.1' }), 1, 'EADDRNOTAVAIL', '--p2p-host');
});

test('the p2p address is none', async () => {
  expectRefusal(await start({ p2pHost: 'everywhere' }), 1, '--p2p-host');
});

test('the data folder would be below a file, where not even root can write', async () => {
  const file = join(data, DATABASE);
  expectRefusal(await start({ data: join(file, 'below') }), 1, 'data folder', '--data');
});

test('the ledger is a folder, which not even root can open as a file', async () => {
  await rm(join(data, DATABASE));
  await mkdir(join(data, DATABASE));
  expectRefusal(await start(), 1, DATABASE, '--data');
});

test("the folder holds another network's ledger, and keeps it", async () => {
  const before = await readFile(join(data, DATABASE));
  expectRefusal(await start({ network: 'dev' }), 1, "another network's ledger", '--data');
  expect(await readFile(join(data, DATABASE))).toEqual(before);
});

test('the folder is in use by another daemon, which goes on', async () => {
  const first = await processes.start({ data });
  expectRefusal(await start(), 1, 'another daemon uses this folder', '--data');
  await first.client.call('mine', { body: { blocks: 1 } });
  expect(await first.kill()).toMatchObject({ status: 0 });
});

test('the header of the database is garbage', async () => {
  await overwrite(0, SQLITE_HEADER_BYTES);
  expectRefusal(await start(), 1, 'damaged', 'move its folder away');
});

test('the middle of the database is garbage', async () => {
  await overwrite(SQLITE_PAGE_BYTES, (await readFile(join(data, DATABASE))).length - SQLITE_PAGE_BYTES);
  expectRefusal(await start(), 1, 'damaged', 'move its folder away');
});

test('the database is cut short', async () => {
  const file = await open(join(data, DATABASE), 'r+');
  await file.truncate(3 * SQLITE_PAGE_BYTES);
  await file.close();
  expectRefusal(await start(), 1, 'damaged', 'move its folder away');
});

test('the ledger was written by a newer version', async () => {
  const database = new DatabaseSync(join(data, DATABASE));
  database.exec('PRAGMA user_version = 1000');
  database.close();
  expectRefusal(await start(), 1, 'newer version', /update, or .* --data/);
});

test("the database is some other program's", async () => {
  await rm(join(data, DATABASE));
  const database = new DatabaseSync(join(data, DATABASE));
  database.exec('CREATE TABLE music (title TEXT)');
  database.close();
  expectRefusal(await start(), 1, "other program's database", '--data');
});

test('the peer key is garbage', async () => {
  await writeFile(join(data, 'peer-key'), 'garbage');
  expectRefusal(await start(), 1, 'peer key');
});

test('there is no such network', async () => {
  expectRefusal(await start({ network: 'mainnet' }), 1, '"mainnet"', 'dev, test');
});

const file = formatNetworkFile(TEST_PARAMS);
test.each([
  ['is not JSON', '{"name": ', /is not JSON/],
  ['is JSON of something else', '[1, 2]', /not a JSON object/],
  ['lacks a field', JSON.stringify({ ...file, subsidy: undefined }), /subsidy: missing/],
  ['has a field too much', JSON.stringify({ ...file, blocktime: 5 }), /blocktime: unknown/],
  ['has a target that is none', JSON.stringify({ ...file, initialBits: '0xff000000' }), /initialBits/],
  ['has a name with a line break', JSON.stringify({ ...file, name: 'a\nb' }), /name: no control characters/],
])('the network file %s', async (_, text, words) => {
  const network = join(data, 'network.json');
  await writeFile(network, text);
  expectRefusal(await start({ network }), 1, words);
});

test.each([
  ['an unknown option', ['--mine-all'], "unknown option '--mine-all'"],
  ['a port that is none', ['--api-port', '65536'], '0 to 65535'],
  ['a log level that is none', ['--log-level', 'loud'], 'Allowed choices'],
])('%s is wrong usage', async (_, more, words) => {
  expectRefusal(await start({ more }), 2, words);
});

async function overwrite(position: number, length: number): Promise<void> {
  const file = await open(join(data, DATABASE), 'r+');
  await file.write(Buffer.alloc(length, 'garbage '), 0, length, position);
  await file.close();
}
