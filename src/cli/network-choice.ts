/** `--network`: one built in, or a file. */
import '../native/hasher.ts';
import { readFile } from 'node:fs/promises';
import { parseNetworkFile } from '../core/network-file.ts';
import { BUILT_IN_NETWORKS, defineNetwork, type NetworkDefinition } from '../core/network-params.ts';
import type { NetworkParams } from '../core/types.ts';
import { CommandError, systemCode } from './errors.ts';

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
    text = await readFile(path, 'utf8');
  } catch (cause) {
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
