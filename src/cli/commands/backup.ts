import { chmod, cp, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { CommandError, systemCode, UsageError } from '../errors.ts';
import { folderChoice, networkOption, withData } from '../options.ts';
import { print, printJson } from '../output.ts';
import { ProgressLine } from '../progress-line.ts';

/**
 * The ledger is copied by SQLite, the lock belongs to a process. A copy gets a token of its own: whoever may read the
 * backup may not command the daemon.
 */
const NOT_COPIED = /^(ledger\.sqlite.*|ledger\.lock.*|api-token|.*\.new)$/;

interface BackupOptions {
  readonly data?: string;
  readonly network: string;
  readonly json?: boolean;
}

export function addBackup(program: Command): void {
  withData(
    program
      .command('backup')
      .description('copy the data folder of a daemon, running or stopped')
      .argument('<dir>', 'a folder that is not there yet')
      .addOption(networkOption()),
  ).action(backup);
}

async function backup(dir: string, options: BackupOptions, command: Command): Promise<void> {
  const { chooseFolder } = await import('../folder-network.ts');
  const { requireLedger } = await import('../ledger-files/offline-ledger.ts');
  const { folder } = await chooseFolder(folderChoice(options, command));
  await requireLedger(folder);
  const target = resolve(dir);
  if (`${target}${sep}`.startsWith(`${folder}${sep}`)) {
    throw new UsageError(`${target} is inside of the folder to be copied: name another`);
  }
  await requireNew(target);
  // Whole or not there at all: it gets its name when it is done.
  const unfinished = join(dirname(target), `.${basename(target)}.${process.pid}.unfinished`);
  try {
    await mkdir(unfinished, { mode: 0o700 });
    const copied = await copyFolder(folder, unfinished, options.network);
    await requireNew(target);
    await rename(unfinished, target);
    await syncFolder(dirname(target));
    if (options.json === true) return printJson({ folder: target, ...copied });
    print(`${target}: the ledger up to #${copied.height}, and ${copied.files.join(', ')}`);
    print(`start it with: tally start --data ${target} (not while the other runs: both have the same keys)`);
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new CommandError(`cannot write ${target} (${systemCode(cause)}): choose another folder`, { cause });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function copyFolder(folder: string, target: string, network: string) {
  const { copyLedger } = await import('../../store/ledger-copy.ts');
  const progress = new ProgressLine();
  try {
    const ledger = await copyLedger(folder, target, (share) => progress.tell(share, () => 'of the ledger'));
    await cp(folder, target, {
      recursive: true,
      filter: (path) => !NOT_COPIED.test(relative(folder, path)),
    });
    await keepNetworkOf(target, ledger.networkId, network);
    await chmod(target, 0o700);
    const files = (await readdir(target)).filter((name) => !name.startsWith('ledger.'));
    for (const name of files) await protect(join(target, name));
    await syncFolder(target);
    return { ...ledger, files };
  } finally {
    progress.done();
  }
}

/** A folder of before it kept its network's file gets one. */
async function keepNetworkOf(target: string, networkId: string, given: string): Promise<void> {
  const { chooseNetwork } = await import('../network-choice.ts');
  const { keepNetwork, NETWORK_FILE } = await import('../folder-network.ts');
  const { BUILT_IN_NETWORKS } = await import('../../core/network-params.ts');
  const kept = await stat(join(target, NETWORK_FILE)).catch(() => undefined);
  const choices =
    kept !== undefined && kept.size > 0
      ? [join(target, NETWORK_FILE)]
      : [given, ...Object.keys(BUILT_IN_NETWORKS)];
  for (const choice of choices) {
    const network = await chooseNetwork(choice);
    if (network.id === networkId) return keepNetwork(target, network);
  }
  throw new CommandError(`the folder does not say which network ${networkId} is: name it with --network`);
}

async function requireNew(target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined);
  if (found !== undefined)
    throw new CommandError(`${target} exists already: it is never overwritten, name another folder`);
}

/** Readable by its owner only, and on the disk. */
async function protect(path: string): Promise<void> {
  if ((await stat(path)).isDirectory()) return chmod(path, 0o700);
  await chmod(path, 0o600);
  await syncFile(path);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The names in it survive a power cut then. */
async function syncFolder(folder: string): Promise<void> {
  const file = await open(folder, 'r').catch(() => undefined);
  // Not every system can open a folder.
  await file?.sync().catch(() => {});
  await file?.close();
}
