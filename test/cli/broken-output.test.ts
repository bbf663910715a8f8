/** Standard output and error as they are at their worst: nothing of it stops a daemon, and a daemon still ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TallyClient } from '../../src/client/tally-client.ts';
import { requireFreePort } from '../support/free-port.ts';
import { ENTRY } from '../support/run-tally.ts';

/** What a stop takes at most, and what it takes to look. */
const STOP_MS = 5_000;

let folder: string;
let started: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-broken-output-'));
  started = [];
});

afterEach(async () => {
  for (const { pid } of started) killGroup(pid);
  await rm(folder, { recursive: true, force: true });
});

/** A line for the shell, in a process group of its own. */
function shell(line: string): ChildProcess {
  const child = spawn('bash', ['-c', line], {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, TMPDIR: folder, TALLY: `${process.execPath} ${ENTRY}` },
  });
  started.push(child);
  return child;
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it is gone.
  }
}

/** The command line of a daemon whose API is at this port. */
function start(port: number): string {
  return `$TALLY start --network test --data ${folder}/data --p2p-host 127.0.0.1 --p2p-port 0 --api-port ${port} --no-mdns --threads 1 --log-level debug`;
}

describe('a daemon', () => {
  test.each([
    ['both are closed', '', '>&- 2>&-'],
    ['both are a full disk', '', '> /dev/full 2>&1'],
    ['both are a full disk, in words', '--log-format pretty', '> /dev/full 2>&1'],
    ['nobody reads them', '', '2>&1 | true'],
    ['their reader does not read', '', '2>&1 | sleep 1000'],
  ])('runs, and ends in good order, when %s', async (_case, format, outputs) => {
    const port = await requireFreePort();
    const pidFile = join(folder, 'pid');
    shell(`(echo $BASHPID > ${pidFile}; exec ${start(port)} ${format}) ${outputs}`);
    const client = new TallyClient({
      url: `http://127.0.0.1:${port}`,
      retry: { forMs: 25_000 },
      timeoutMs: 30_000,
    });
    await client.call('status');
    await client.call('mine', { body: { blocks: 300 } });
    expect(await client.call('status')).toMatchObject({ height: 300 });
    const pid = Number(await readFile(pidFile, 'utf8'));
    const begun = performance.now();
    process.kill(pid, 'SIGTERM');
    await until(() => !isAlive(pid));
    expect(performance.now() - begun).toBeLessThan(STOP_MS);
    // The port and the lock are free: another can start there.
    const again = shell(`exec ${start(port)}`);
    expect(await client.call('status')).toMatchObject({ height: 300 });
    again.kill('SIGTERM');
    await once(again, 'exit');
  });
});

describe('a devnet', () => {
  test('whose reader has seen enough stops its daemons and takes its folder away', async () => {
    const devnet = shell('$TALLY devnet --nodes 2 --no-page | head -1');
    await once(devnet, 'exit');
    expect((await readdir(folder)).filter((name) => name.startsWith('tally-devnet-'))).toEqual([]);
  });

  test('whose output is a full disk stops its daemons and takes its folder away', async () => {
    const devnet = shell('$TALLY devnet --nodes 2 --no-page > /dev/full 2>&1');
    const group = devnet.pid as number;
    await once(devnet, 'exit');
    await until(() => !isAlive(-group));
    expect((await readdir(folder)).filter((name) => name.startsWith('tally-devnet-'))).toEqual([]);
  });

  test('that is killed takes its daemons along', async () => {
    const pidFile = join(folder, 'pid');
    shell(`echo $BASHPID > ${pidFile}; exec $TALLY devnet --nodes 2 --no-page --data ${folder}/net`);
    // As early as may be: their parent may be gone before they can hear of it.
    await until(() => existsSync(join(folder, 'net', 'node-1')));
    const pid = Number(await readFile(pidFile, 'utf8'));
    const group = started[0]?.pid as number;
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(-group));
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}
