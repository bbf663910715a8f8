/** The ledger of a daemon that is not running. Its folder is locked meanwhile, so that none starts on it. */
import { stat } from 'node:fs/promises';
import { Chain } from '../../chain/chain.ts';
import type { NetworkDefinition } from '../../core/network-params.ts';
import { checkNative } from '../../native/self-check.ts';
import { endInTurn } from '../../store/ending.ts';
import { ledgerPath, SqliteStore } from '../../store/sqlite-store.ts';
import { CommandError } from '../errors.ts';

export interface OfflineLedger {
  readonly chain: Chain;
  /** Everything taken in is on the disk then. */
  close(): Promise<void>;
}

/** Made if it is not there. @throws StoreError: another process has it, it is another network's, it is damaged */
export function openLedger(folder: string, network: NetworkDefinition): OfflineLedger {
  checkNative();
  const store = SqliteStore.open({ folder, network });
  try {
    const chain = Chain.open(network, store);
    return {
      chain,
      close: () => endInTurn([() => store.synced(), () => store.close()]),
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** @throws CommandError if there is none in this folder */
export async function requireLedger(folder: string): Promise<void> {
  const found = await stat(ledgerPath(folder)).catch(() => undefined);
  if (found === undefined) {
    throw new CommandError(`there is no ledger in ${folder}: name a daemon's data folder with --data`);
  }
}
