/** Network files, as commands write them. */
import { formatNetworkFile } from '../core/network-file.ts';
import type { NetworkDefinition } from '../core/network-params.ts';
import { writeNewFile } from './new-file.ts';
import { printableJson } from './printable.ts';

/** The text of a network's file. */
export function networkFileText({ params }: NetworkDefinition): string {
  return `${printableJson(JSON.stringify(formatNetworkFile(params), undefined, 2))}\n`;
}

/** Never over another. @throws CommandError */
export function writeNetworkFile(path: string, network: NetworkDefinition): Promise<void> {
  return writeNewFile(path, networkFileText(network));
}
