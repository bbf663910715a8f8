/** The main chain as a chain file, a part at a time: between two parts others have their turn, and may move the tip. */
import { encodeChainFileBlock, encodeChainFileEnd, encodeChainFileStart } from '../core/chain-file.ts';
import { concatBytes } from '../core/hex.ts';
import { type BlockId, idFromBytes } from '../core/identifiers.ts';
import type { Chain } from './chain.ts';
import type { BlockRecord } from './records.ts';
import { requireStored } from './stored-block.ts';

/** Read without a break: some 5 ms of small blocks, or one that is large. */
const BLOCKS_PER_PART = 128;
const BYTES_PER_PART = 64 * 1_024;

/** The chain was reorganised below what was written already: what follows would not fit. */
export class ChainMovedError extends Error {
  override readonly name = 'ChainMovedError';

  constructor(height: number) {
    super(`the chain was reorganised at block #${height} while it was written: begin again`);
  }
}

export interface ChainExportOptions {
  /** Resolves once others had their turn. */
  readonly pause: () => Promise<void>;
  /** Told after each part, with the height of its last block. */
  readonly onProgress?: (height: number) => void;
}

/**
 * A whole chain file: its start, the blocks from `from` up to the tip as it is now, its end.
 *
 * @param from 1 to the tip's height + 1
 * @throws ChainMovedError, StoreError
 */
export async function* exportChain(
  chain: Chain,
  from: number,
  { onProgress, pause }: ChainExportOptions,
): AsyncGenerator<Uint8Array> {
  const { height: last } = chain.tip;
  let before = chain.atHeight(from - 1);
  yield encodeChainFileStart(chain.network.id);
  while (before === undefined || before.height < last) {
    const first: number = before === undefined ? from : before.height + 1;
    const entries: Uint8Array[] = [];
    let bytes = 0;
    for (const record of chain.blocksFrom(first, Math.min(BLOCKS_PER_PART, last + 1 - first))) {
      if (before !== undefined && parentOf(record) !== before.id) throw new ChainMovedError(record.height);
      const entry = encodeChainFileBlock(record.id, requireStored(chain.blockBytes(record), record, 'body'));
      entries.push(entry);
      bytes += entry.length;
      before = record;
      if (bytes >= BYTES_PER_PART) break;
    }
    // The chain is shorter now.
    if (entries.length === 0) throw new ChainMovedError(first);
    yield concatBytes(entries);
    onProgress?.(before?.height ?? 0);
    await pause();
  }
  yield encodeChainFileEnd(before.id);
}

function parentOf({ sealed }: BlockRecord): BlockId {
  return idFromBytes<BlockId>(sealed.header.parent);
}
