/** On connect, pools are compared and what is missing is fetched: gossip never repeats itself. */
import type { Chain } from '../chain/chain.ts';
import type { Mempool } from '../chain/mempool.ts';
import { idFromBytes, type TransactionId } from '../core/identifiers.ts';
import type { SignedTransaction } from '../core/types.ts';
import type { Network, PeerId } from './ports.ts';
import type { TransactionRelay } from './transaction-relay.ts';
import {
  decodeWire,
  MAX_POOL_IDS,
  MAX_TRANSACTIONS_ANSWER_BYTES,
  MAX_TRANSACTIONS_REQUESTED,
  PoolIdsType,
  PoolRequestType,
  TransactionsAnswerType,
  TransactionsRequestType,
} from './wire.ts';

const POOL_DEADLINE_MS = 20_000;
/** More than any pool of the default size holds. */
const MAX_PAGES = 8;

export interface PoolSyncOptions {
  readonly network: Network;
  readonly chain: Chain;
  readonly pool: Mempool;
  readonly relay: TransactionRelay;
}

/**
 * Fetches what the peer's pool has and ours lacks.
 *
 * @throws RequestError if the peer does not answer, RuleError if its answer is not what it should be
 */
export async function syncPool(
  { network, chain, pool, relay }: PoolSyncOptions,
  peer: PeerId,
): Promise<void> {
  for (let page = 0; page < MAX_PAGES; page++) {
    const [answer] = await network.request(peer, 'pool', PoolRequestType.serialize({ page }), {
      deadlineMs: POOL_DEADLINE_MS,
      maxChunks: 1,
      maxChunkBytes: 32 * MAX_POOL_IDS,
    });
    const ids = answer === undefined ? [] : decodeWire(PoolIdsType, answer, 'pool ids');
    // A portion at a time: each id not in the pool is looked up on disk.
    for (let at = 0; at < ids.length; at += MAX_TRANSACTIONS_REQUESTED) {
      const missing = ids.slice(at, at + MAX_TRANSACTIONS_REQUESTED).filter((bytes) => {
        const id = idFromBytes<TransactionId>(bytes);
        return !pool.has(id) && chain.transaction(id) === undefined;
      });
      if (missing.length === 0) continue;
      await relay.takeFetched(await fetchTransactions(network, peer, missing), peer);
    }
    if (ids.length < MAX_POOL_IDS) return;
  }
}

async function fetchTransactions(
  network: Network,
  peer: PeerId,
  ids: Uint8Array[],
): Promise<SignedTransaction[]> {
  const [answer] = await network.request(peer, 'transactions', TransactionsRequestType.serialize({ ids }), {
    deadlineMs: POOL_DEADLINE_MS,
    maxChunks: 1,
    maxChunkBytes: MAX_TRANSACTIONS_ANSWER_BYTES,
  });
  return answer === undefined ? [] : decodeWire(TransactionsAnswerType, answer, 'transactions');
}
