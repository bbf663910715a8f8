/** `DATA/network.json`: whose ledger a data folder holds, so that the folder is enough to go on with it. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkDefinition } from '../core/network-params.ts';
import { dataFolder } from './data-folder.ts';
import { CommandError, systemCode } from './errors.ts';
import { chooseNetwork } from './network-choice.ts';
import { networkFileText } from './network-file.ts';

export const NETWORK_FILE = 'network.json';

export interface FolderChoice {
  /** `--data`. */
  readonly data: string | undefined;
  /** `--network`, or its default. */
  readonly network: string;
  /** `--network` was typed: the folder is not asked. */
  readonly isNetworkGiven: boolean;
}

/** @throws CommandError, RuleError as `chooseNetwork` */
export async function chooseFolder(
  choice: FolderChoice,
): Promise<{ folder: string; network: NetworkDefinition }> {
  const { data, isNetworkGiven } = choice;
  const kept = data !== undefined && !isNetworkGiven && (await hasNetwork(dataFolder(data, '')));
  const network = await chooseNetwork(kept ? join(dataFolder(data, ''), NETWORK_FILE) : choice.network);
  return { folder: dataFolder(data, network.name), network };
}

/** Writes the file unless it is there. @throws CommandError */
export async function keepNetwork(folder: string, network: NetworkDefinition): Promise<void> {
  const path = join(folder, NETWORK_FILE);
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(networkFileText(network));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = systemCode(cause);
    if (code !== 'EEXIST') throw new CommandError(`cannot write ${path} (${code ?? cause})`, { cause });
  }
}

async function hasNetwork(folder: string): Promise<boolean> {
  try {
    // A crash while it was written leaves nothing in it.
    return (await stat(join(folder, NETWORK_FILE))).size > 0;
  } catch {
    return false;
  }
}
