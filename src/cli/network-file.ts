/** Network files, as commands write them. */
import { open } from 'node:fs/promises';
import { formatNetworkFile } from '../core/network-file.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { CommandError, systemCode } from './errors.ts';

/** The text of a network's file. */
export function networkFileText({ params }: NetworkDefinition): string {
  return `${JSON.stringify(formatNetworkFile(params), undefined, 2)}\n`;
}

/** Never over another. @throws CommandError */
export async function writeNetworkFile(path: string, network: NetworkDefinition): Promise<void> {
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(networkFileText(network));
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = systemCode(cause);
    throw new CommandError(
      code === 'EEXIST'
        ? `${path} exists already: it is never overwritten`
        : `cannot write ${path} (${code ?? cause}): choose another place`,
      { cause },
    );
  }
}
