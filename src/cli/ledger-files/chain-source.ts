/** Where an exported chain comes from: a running daemon, or the folder of one that is stopped. */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { exportChain } from '../../chain/chain-export.ts';
import { ApiError, type TallyClient } from '../../client/tally-client.ts';
import type { BlockId } from '../../core/identifiers.ts';
import { MAX_SUPPORTED_BLOCK_BYTES } from '../../core/network-params.ts';
import { CommandError } from '../errors.ts';
import type { OfflineLedger } from './offline-ledger.ts';

export interface ChainSource {
  readonly networkId: string;
  readonly maxBlockBytes: number;
  /** Height of the last block when it was opened. */
  readonly height: number;
  /** Of a block on the chain; undefined if it is not. */
  heightOf(id: BlockId): Promise<number | undefined>;
  /** A chain file from this height on. */
  file(from: number): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export async function daemonSource(client: TallyClient): Promise<ChainSource> {
  const { height, networkId } = await client.call('status');
  return {
    networkId,
    maxBlockBytes: MAX_SUPPORTED_BLOCK_BYTES,
    height,
    heightOf: async (id) => {
      try {
        const { confirmations, header } = await client.call('block', { params: { block: id } });
        return confirmations > 0 ? header.height : undefined;
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }
    },
    file: (from) => client.chainFile(from),
    close: async () => {},
  };
}

export function folderSource({ chain, close }: OfflineLedger): ChainSource {
  return {
    networkId: chain.network.id,
    maxBlockBytes: chain.network.params.maxBlockBytes,
    height: chain.tip.height,
    heightOf: async (id) => {
      const record = chain.byId(id);
      return record !== undefined && chain.isOnChain(record) ? record.height : undefined;
    },
    file: (from) => {
      if (from > chain.tip.height + 1) throw new CommandError(`the chain ends at block #${chain.tip.height}`);
      return exportChain(chain, from, { pause: () => turnOfOthers() });
    },
    close,
  };
}
