/** `--network`: one built in, or a file. */
import '../native/hasher.ts';
import { parseNetworkFile } from '../core/network-file.ts';
import { BUILT_IN_NETWORKS, defineNetwork, type NetworkDefinition } from '../core/network-params.ts';
import type { NetworkParams } from '../core/types.ts';
import { CommandError, systemCode } from './errors.ts';
import { MAX_NETWORK_FILE_BYTES } from './io/limits.ts';
import { readText } from './io/read-file.ts';

/** @throws CommandError if there is no such network or file, RuleError if its parameters make no sense */
export async function chooseNetwork(choice: string): Promise<NetworkDefinition> {
  const params = builtIn(choice);
  if (params !== undefined) return defineNetwork(params);
  return defineNetwork(parseNetworkFile(await readJson(choice)));
}

/** Whether its name alone stands for it: anybody may call another network so. */
export function isBuiltIn({ id, name }: NetworkDefinition): boolean {
  const params = builtIn(name);
  return params !== undefined && defineNetwork(params).id === id;
}

function builtIn(name: string): NetworkParams | undefined {
  return Object.hasOwn(BUILT_IN_NETWORKS, name) ? BUILT_IN_NETWORKS[name] : undefined;
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readText(path, { maxBytes: MAX_NETWORK_FILE_BYTES, what: 'a network file' });
  } catch (error) {
    const { cause } = error as Error;
    // It is there, but no file to read: the reader says why.
    if (systemCode(cause) === undefined) throw error;
    const names = Object.keys(BUILT_IN_NETWORKS).join(', ');
    throw new CommandError(
      `"${path}" is neither a network built in (${names}) nor a file that can be read (${systemCode(cause) ?? cause})`,
      { cause },
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CommandError(`${path} is not JSON (${cause instanceof Error ? cause.message : cause})`, {
      cause,
    });
  }
}
