/** What the lab scripts share: running `tally` on a host that is not this process, and waiting for what it says. */
import { spawn } from 'node:child_process';

const COMMAND_DEADLINE_MS = 60_000;
const LOOK_AGAIN_MS = 300;

/** A host of a lab: `tally(...)` runs the command there. */
export interface Host {
  readonly name: string;
  /** @returns what it printed, read as JSON. @throws Error with what it said if it failed */
  tally(...args: string[]): Promise<Record<string, unknown>>;
}

/** Runs a command to its end. @returns its standard output. @throws Error with its output if it fails */
export async function run(
  command: string,
  args: readonly string[],
  deadlineMs = COMMAND_DEADLINE_MS,
  env: Record<string, string> = {},
): Promise<string> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: deadlineMs,
    env: { ...process.env, ...env },
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const text = Buffer.concat(output).toString();
  if (code !== 0) {
    throw new Error(
      `${command} ${args.join(' ')} failed (${code}):\n${text}${Buffer.concat(errors).toString()}`,
    );
  }
  return text;
}

/** Asks again and again until the answer is as wanted. @throws Error with the last answer after the deadline */
export async function until<T>(
  what: string,
  deadlineMs: number,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
): Promise<T> {
  const startMs = Date.now();
  let last: unknown;
  while (Date.now() - startMs < deadlineMs) {
    try {
      const answer = await ask();
      last = answer;
      if (wanted(answer)) {
        console.log(`  ✓ ${what} (${((Date.now() - startMs) / 1_000).toFixed(1)} s)`);
        return answer;
      }
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  throw new Error(
    `not within ${deadlineMs / 1_000} s: ${what}; last seen: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}

export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`wrong: ${what}`);
  console.log(`  ✓ ${what}`);
}

export async function peersAreConnected(hosts: readonly Host[], deadlineMs: number): Promise<void> {
  await until(
    `each of ${hosts.length} hosts has found the ${hosts.length - 1} others by mDNS`,
    deadlineMs,
    () =>
      Promise.all(
        hosts.map(async (host) => ((await host.tally('peers', '--json')).peers as unknown[]).length),
      ),
    (counts) => counts.every((count) => count >= hosts.length - 1),
  );
}

export function tipOf(host: Host): Promise<string> {
  return host.tally('status', '--json').then((status) => String(status.tip));
}

export async function tipsAgree(hosts: readonly Host[], deadlineMs: number): Promise<string> {
  const tips = await until(
    `${hosts.map(({ name }) => name).join(', ')} have one tip`,
    deadlineMs,
    () => Promise.all(hosts.map(tipOf)),
    (all) => new Set(all).size === 1,
  );
  return tips[0] as string;
}

export async function isConfirmedOn(hosts: readonly Host[], id: string, deadlineMs: number): Promise<void> {
  await until(
    `the payment ${id.slice(0, 12)}… is confirmed on ${hosts.map(({ name }) => name).join(', ')}`,
    deadlineMs,
    () => Promise.all(hosts.map(async (host) => (await host.tally('tx', id, '--json')).status)),
    (states) => states.every((state) => state === 'confirmed'),
  );
}

/** Every host replays its whole chain and compares the result with the balances it keeps. */
export async function chainsAreValid(hosts: readonly Host[]): Promise<void> {
  for (const host of hosts) {
    const { valid, checkedBlocks } = await host.tally('chain', 'verify', '--json');
    must(valid === true, `${host.name}: a replay of its ${checkedBlocks} blocks gives the balances it keeps`);
  }
}
