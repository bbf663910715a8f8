/** Every example runs as its header says: as a process, against real daemons. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TallyClient } from '../../src/client/tally-client.ts';
import { verifyReceipt } from '../../src/client/verify-receipt.ts';
import { formatAddress } from '../../src/core/address.ts';
import { startNetwork, type TestNetwork, type TestNode } from '../../src/testing/index.ts';

const DEADLINE_MS = 60_000;

let folder: string;
let network: TestNetwork | undefined;
let running: Example[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-examples-'));
  running = [];
});

afterEach(async () => {
  for (const example of running) await example.stop('SIGKILL');
  await network?.stop();
  network = undefined;
  rmSync(folder, { recursive: true });
});

/** One of `examples/`, its lines waited for. */
class Example {
  readonly lines: string[] = [];
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #look: () => void = () => {};

  constructor(name: string, args: readonly string[], { url = '', flags = [] as string[] } = {}) {
    const path = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
    // Of the runner this test runs in: it would not run another one's tests.
    const { NODE_TEST_CONTEXT: _context, ...environment } = process.env;
    this.#child = spawn(process.execPath, ['--conditions=tallystick-source', ...flags, path, ...args], {
      env: { ...environment, TALLY_API: url },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: DEADLINE_MS,
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.lines.push(line);
        this.#look();
      });
    }
    this.ended = once(this.#child, 'close').then(([status]) => status as number | null);
    running.push(this);
  }

  /** The first line that begins so; it fails if the example ends before. */
  async line(start: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#look = () => {
      const found = this.lines.find((line) => line.startsWith(start));
      if (found !== undefined) resolve(found);
    };
    this.#look();
    const gone = this.ended.then((status) => {
      throw new Error(`it ended with ${status} before "${start}": ${this.lines.join('\n')}`);
    });
    return await Promise.race([promise, gone]);
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }
}

async function start(nodes: number): Promise<[TestNode, TestNode, TallyClient]> {
  network = await startNetwork({ nodes });
  const [alice, bob = alice] = network.nodes as [TestNode, TestNode?];
  return [alice, bob, await alice.client()];
}

test('block-follower.ts keeps balances over a restart and a reorganisation', {
  timeout: DEADLINE_MS,
}, async () => {
  const [alice, bob, client] = await start(2);
  const file = join(folder, 'balances.json');
  const addresses = [formatAddress(alice.address), formatAddress(bob.address)];
  const balances = async () => JSON.parse(await readFile(file, 'utf8')).balances as Record<string, string>;
  const real = () =>
    Object.fromEntries(
      [alice, bob].map((one) => [formatAddress(one.address), `${alice.balance(one.address)}`]),
    );

  const first = new Example('block-follower.ts', [file, ...addresses], { url: client.url });
  await alice.mine(2);
  await alice.send(bob.address, 1_234_567n);
  await alice.mine(1);
  await first.line('connected #3');
  expect(await first.stop()).toBe(0);
  expect(await balances()).toEqual(real());

  await network?.converged();
  await network?.cut([alice], [bob]);
  await alice.mine(1);
  const second = new Example('block-follower.ts', [file, ...addresses], { url: client.url });
  await second.line('connected #4');
  await bob.mine(3);
  await network?.heal();
  await second.line('disconnected #4');
  await second.line('connected #6');
  expect(await second.stop()).toBe(0);
  expect(await balances()).toEqual(real());
});

test('payments-bot.ts thanks once for each payment, however often it is killed', {
  timeout: DEADLINE_MS,
}, async () => {
  const [alice, , client] = await start(1);
  const file = join(folder, 'bot.json');
  const own = formatAddress(alice.address);
  let bot = new Example('payments-bot.ts', [file], { url: client.url });
  const address = (await bot.line('pay ')).slice('pay '.length);

  await alice.mine(1);
  const { id } = await client.pay(alice.key, { to: address, amount: 1_000_000n });
  await alice.mine(3);
  expect(await bot.line('thanked')).toBe(`thanked ${own} with 0.5 for ${id}`);
  await bot.stop('SIGKILL');

  // As if it had died before it could note that the block is done.
  bot = new Example('payments-bot.ts', [file], { url: client.url });
  await bot.line('pay ');
  const { id: second } = await client.pay(alice.key, { to: address, amount: 3_000_000n });
  await alice.mine(3);
  expect(await bot.line(`thanked ${own} with 1.5`)).toContain(second);
  await bot.stop();
  await alice.mine(1);
  const { transactions } = await client.call('accountTransactions', { params: { address } });
  const thanks = transactions.filter(({ transaction }) => transaction.sender === address);
  expect(thanks.map(({ transaction }) => transaction.amount)).toEqual(['1500000', '500000']);
});

test('file-notary.ts records each file once, however often it is killed, and checks its receipts', {
  timeout: DEADLINE_MS,
}, async () => {
  const [alice, , client] = await start(1);
  const diary = join(folder, 'notary.json');
  const watched = join(folder, 'watched');
  await mkdir(watched);
  await finished(join(watched, 'a.txt'), 'a');
  const run = (): Example => new Example('file-notary.ts', [diary, watched], { url: client.url });
  let notary = run();
  const address = (await notary.line('pay ')).slice('pay '.length);
  expect(await notary.line('later: ')).toMatch(/more than the sender has/);
  await alice.mine(1);
  await client.pay(alice.key, { to: address, amount: 1_000_000n });
  await alice.mine(1);
  // Once it was refused, and it was signed anew.
  await expect.poll(async () => (await client.status()).pool.count, { timeout: 20_000 }).toBe(1);
  await notary.stop('SIGKILL');

  await finished(join(watched, 'b.txt'), 'b');
  notary = run();
  await notary.line('record b.txt');
  expect(notary.lines.filter((line) => line.startsWith('record'))).toHaveLength(1);
  await expect.poll(async () => (await client.status()).pool.count, { timeout: 20_000 }).toBe(2);
  await alice.mine(3);
  expect(await notary.line('receipt a.txt')).toBe('receipt a.txt in block #3');
  await notary.line('receipt b.txt');
  expect(await notary.stop()).toBe(0);

  const { params } = await client.call('network');
  for (const content of ['a', 'b']) {
    const fileSha256 = createHash('sha256').update(content).digest();
    const receipt = await readFile(join(watched, `${content}.txt.receipt.json`));
    expect((await verifyReceipt(receipt, params, { fileSha256 })).confirmations).toBe(3);
  }
  await finished(join(watched, 'b.txt'), 'B');
  notary = run();
  await notary.line('good a.txt');
  expect(await notary.line('bad b.txt')).toContain('the file is not the one on record');
  await notary.stop();
  const { transactions } = await client.call('accountTransactions', { params: { address } });
  expect(transactions.filter(({ transaction }) => transaction.sender === address)).toHaveLength(2);
});

/** A file written a while ago, so that nobody waits for more. */
async function finished(path: string, content: string): Promise<void> {
  await writeFile(path, content);
  const then = Date.now() / 1_000 - 60;
  await utimes(path, then, then);
}

test('app-test.ts passes', { timeout: DEADLINE_MS }, async () => {
  const example = new Example('app-test.ts', [], { flags: ['--test'] });
  expect(await example.ended).toBe(0);
});
