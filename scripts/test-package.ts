/**
 * Packs the package, installs it in a folder of its own as anybody would, and uses all of it: the command, the
 * client and the testing library from JavaScript, and the types from TypeScript. Once on this Node, and the command
 * on the oldest line of Node that is promised.
 *
 *     npm run test:package
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OLDEST_NODE = '22.16.0';
/** A download of some hundred packages on a slow line; a build beside others. */
const SLOW_DEADLINE_MS = 300_000;
const DEADLINE_MS = 60_000;
/** Code, source maps, the explorer's page and the docs: 2.1 MB as this was written. */
const MAX_TARBALL_BYTES = 2_600_000;

const folder = await mkdtemp(join(tmpdir(), 'tallystick-package-'));
const started = performance.now();
try {
  const tarball = pack();
  await writeFile(
    join(folder, 'package.json'),
    '{ "type": "module", "private": true, "allowScripts": { "node": true } }\n',
  );
  npm('install', tarball, '--no-audit', '--no-fund', '--prefer-offline');
  said('packed and installed');

  const bin = join(folder, 'node_modules/tallystick/bin/tally.js');
  const version = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')).version as string;
  await useCommand(process.execPath, bin, version);
  said('tally starts, mines, pays, records, verifies and stops');
  await useLibraries();
  said('the client and the testing library work from JavaScript');
  await checkTypes();
  said('types are good for nodenext and bundler');

  npm('install', `node@${OLDEST_NODE}`, '--no-audit', '--no-fund', '--prefer-offline');
  await useCommand(join(folder, 'node_modules/node/bin/node'), bin, version);
  said(`all of that on Node.js ${OLDEST_NODE}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

function said(what: string): void {
  console.log(`${((performance.now() - started) / 1_000).toFixed(1).padStart(6)} s  ${what}`);
}

/** @returns the path of the tarball */
function pack(): string {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--pack-destination', folder], ROOT, SLOW_DEADLINE_MS),
  ) as {
    filename: string;
    size: number;
    files: { path: string }[];
  }[];
  if (packed === undefined) throw new Error('npm packed nothing');
  const strange = packed.files.filter(
    ({ path }) => path.endsWith('.ts') && !/\.d\.ts$|^examples\//.test(path),
  );
  if (strange.length > 0) throw new Error(`sources in the package: ${JSON.stringify(strange)}`);
  if (packed.size > MAX_TARBALL_BYTES) throw new Error(`the tarball has ${packed.size} bytes`);
  return join(folder, packed.filename);
}

function npm(...args: string[]): void {
  run('npm', args, folder, SLOW_DEADLINE_MS);
}

/** @returns what it wrote @throws Error with what it complained about */
function run(command: string, args: string[], cwd = folder, timeout = DEADLINE_MS): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`);
  return stdout;
}

/** `--version`, a daemon, a wallet, a payment, a record and its receipt, which is verified when the daemon is gone. */
async function useCommand(node: string, bin: string, version: string): Promise<void> {
  const asked = spawnSync(node, [bin, '--version'], { encoding: 'utf8', timeout: DEADLINE_MS });
  if (asked.stdout.trim() !== version || asked.stderr !== '') {
    throw new Error(`tally --version says ${asked.stdout}${asked.stderr}`);
  }
  const data = await mkdtemp(join(folder, 'data-'));
  const file = join(data, 'contract.txt');
  await writeFile(file, 'We agree.');
  const friend = run(node, [bin, 'wallet', 'create', '--network', 'test', '--data', join(data, 'friend')]);
  const [address = ''] = friend.split('\n');
  const daemon = spawn(
    node,
    [
      ...[bin, 'start', '--network', 'test', '--data', data, '--no-mdns', '--threads', '1'],
      ...['--p2p-host', '127.0.0.1', '--p2p-port', '0', '--api-port', '0'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], timeout: DEADLINE_MS },
  );
  let complaints = '';
  daemon.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  try {
    const api = await startedAt(daemon);
    const ask = (...words: string[]): string => run(node, [bin, ...words, '--api', api, '--data', data]);
    ask('mine', '3');
    const status = JSON.parse(ask('status', '--json')) as { height: number };
    if (status.height !== 3) throw new Error(`3 blocks were mined, and the height is ${status.height}`);
    ask('send', address, '1.5');
    const { id } = JSON.parse(ask('record', file, '--no-wait', '--json')) as { id: string };
    ask('mine', '1');
    const balance = ask('balance', address);
    if (balance !== '1.5 tally\n') throw new Error(`1.5 tally were paid, and the balance is ${balance}`);
    ask('receipt', id, '--out', `${file}.receipt.json`);
  } finally {
    const ended = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    if (code !== 0) {
      console.error(`the daemon ended with ${code}: ${complaints}`);
      process.exitCode = 1;
    }
  }
  run(node, [bin, 'verify', `${file}.receipt.json`, file, '--network', 'test']);
}

/** @returns the URL of its API */
async function startedAt(daemon: ChildProcess): Promise<string> {
  if (daemon.stdout === null) throw new Error('the daemon has no output');
  for await (const line of createInterface({ input: daemon.stdout })) {
    const { event, api } = JSON.parse(line) as { event?: string; api?: string };
    if (event === 'daemon.started' && api !== undefined) {
      daemon.stdout.resume();
      return api;
    }
  }
  throw new Error('the daemon ended before it was ready');
}

async function useLibraries(): Promise<void> {
  await cp(join(ROOT, 'test/package/consumer.js'), join(folder, 'consumer.js'));
  run(process.execPath, ['consumer.js']);
}

async function checkTypes(): Promise<void> {
  await cp(join(ROOT, 'test/package/consumer-types.ts'), join(folder, 'consumer-types.ts'));
  await cp(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'), { recursive: true });
  await cp(join(ROOT, 'node_modules/undici-types'), join(folder, 'node_modules/undici-types'), {
    recursive: true,
  });
  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    run(process.execPath, [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      ...['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2024', '--types', 'node'],
      ...['--module', module, '--moduleResolution', resolution, 'consumer-types.ts'],
    ]);
  }
}
