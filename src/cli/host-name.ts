/** What a daemon is called unless its operator says otherwise: the name of its machine, without its domain. */
import { hostname } from 'node:os';
import { isPeerName, MAX_NAME_CHARACTERS } from '../p2p/peer-name.ts';

/** @returns undefined if the machine has none that can be shown */
export function hostName(full = hostname()): string | undefined {
  const [host = ''] = full.split('.');
  const name = host
    .replaceAll(/[^\p{L}\p{M}\p{N}_-]+/gu, '-')
    .slice(0, MAX_NAME_CHARACTERS)
    .replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu, '');
  return isPeerName(name) ? name : undefined;
}
