/** Fingerprints of files on the ledger: transactions to the sender itself whose data begin with a SHA-256 multihash. */

import type { TransactionJson } from '../../client/schemas.ts';
import type { TallyClient } from '../../client/tally-client.ts';

/** Multihash: SHA2-256 (0x12), 32 bytes (0x20). */
const PREFIX = '1220';
const DIGEST_DIGITS = 64;
const PAGE_BLOCKS = 200;
const PAGE_TRANSACTIONS = 1_000;

export interface FileRecord {
  /** 64 hex digits. */
  readonly digest: string;
  readonly note: string;
}

export function recordOf({ data, recipient, sender }: TransactionJson): FileRecord | undefined {
  if (sender !== recipient || !data.startsWith(PREFIX)) return undefined;
  if (data.length < PREFIX.length + DIGEST_DIGITS) return undefined;
  const digest = data.slice(PREFIX.length, PREFIX.length + DIGEST_DIGITS);
  return { digest, note: textOf(data.slice(PREFIX.length + DIGEST_DIGITS)) ?? '' };
}

/** What hex digits say if they are text somebody can read. */
export function textOf(hex: string): string | undefined {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is not text
    return /[\u0000-\u0008\u000e-\u001f\u007f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

export interface FoundRecord {
  readonly transaction: TransactionJson;
  readonly record: FileRecord;
  /** Undefined while it waits in the pool. */
  readonly block?: { readonly height: number; readonly id: string; readonly timestamp: string };
}

export interface RecordSearch {
  readonly found: readonly FoundRecord[];
  /** The lowest height looked at. */
  readonly lowest: number;
}

/** Looks through the pool's first transactions. */
export async function findInPool(client: TallyClient, digest: string): Promise<FoundRecord[]> {
  const { transactions } = await client.call('pool', { query: { limit: PAGE_TRANSACTIONS } });
  return matches(transactions, digest).map((one) => ({ ...one }));
}

/**
 * Looks through blocks from the newest down, for there is no index of fingerprints.
 *
 * @param below where to begin: the height above the first to be read
 * @param blocks how many
 */
export async function findInBlocks(
  client: TallyClient,
  digest: string,
  below: number,
  blocks: number,
  signal: AbortSignal,
  onProgress: (lowest: number) => void,
): Promise<RecordSearch> {
  const found: FoundRecord[] = [];
  const end = Math.max(0, below - blocks);
  for (let to = below; to > end; ) {
    const from = Math.max(end, to - PAGE_BLOCKS);
    for (let at = from; at < to; ) {
      const page = await client.call('chain', { query: { from: at, limit: to - at } }, { signal });
      for (const { header, id, transactions } of page.blocks) {
        const block = { height: header.height, id, timestamp: header.timestamp };
        found.push(...matches(transactions, digest).map((one) => ({ ...one, block })));
      }
      // Big blocks make a short page.
      if (page.blocks.length === 0) break;
      at += page.blocks.length;
    }
    to = from;
    onProgress(to);
  }
  return { found: found.sort((a, b) => (b.block?.height ?? 0) - (a.block?.height ?? 0)), lowest: end };
}

function matches(transactions: readonly TransactionJson[], digest: string) {
  return transactions.flatMap((transaction) => {
    const record = recordOf(transaction);
    return record?.digest === digest ? [{ transaction, record }] : [];
  });
}
