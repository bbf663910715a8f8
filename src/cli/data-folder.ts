/** Where a daemon keeps its ledger, keys and token. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { CommandError, systemCode } from './errors.ts';

/** Has one folder for each network. */
export function defaultDataRoot(): string {
  return envPaths('tallystick', { suffix: '' }).data;
}

/** @param given `--data`; without it the folder of that network */
export function dataFolder(given: string | undefined, networkName: string): string {
  return given === undefined ? join(defaultDataRoot(), folderName(networkName)) : resolve(given);
}

/** A network may be called anything; a folder may not. */
function folderName(networkName: string): string {
  return encodeURIComponent(networkName).replace(/^\./, '%2E').replaceAll('*', '%2A');
}

/** Makes the folder, for its owner only. */
export async function prepareDataFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CommandError(
      `cannot make the data folder ${folder} (${systemCode(cause) ?? cause}): choose another with --data`,
      { cause },
    );
  }
}
