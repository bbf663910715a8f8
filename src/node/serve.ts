/** Answers other nodes' requests for headers, blocks, pooled transactions and addresses. */
import type { Chain } from '../chain/chain.ts';
import type { Mempool } from '../chain/mempool.ts';
import { assembleList, encodeTransactions, pickTransactions } from '../core/encoding.ts';
import { type BlockId, idFromBytes, type TransactionId } from '../core/identifiers.ts';
import { type SignedTransaction, TransactionsType } from '../core/types.ts';
import { requireAscending } from './compact-block.ts';
import type { Network, PeerId } from './ports.ts';
import { RequestRefused } from './ports.ts';
import {
  AddressesType,
  BlocksRequestType,
  BlockTransactionsRequestType,
  decodeWire,
  HeadersRequestType,
  MAX_ADDRESS_BYTES,
  MAX_ADDRESSES,
  MAX_BLOCK_TRANSACTIONS,
  MAX_BLOCK_TRANSACTIONS_REQUEST_BYTES,
  MAX_BLOCKS_ANSWER_BYTES,
  MAX_BLOCKS_REQUESTED,
  MAX_HEADERS,
  MAX_LOCATOR_IDS,
  MAX_POOL_IDS,
  MAX_TRANSACTIONS_REQUESTED,
  PoolRequestType,
  TransactionsRequestType,
} from './wire.ts';

/** A list of 32-byte ids in a container of its own: the list's offset and the ids. */
const idListBytes = (ids: number): number => 4 + 32 * ids;

export interface ServeOptions {
  readonly handle: Network['handle'];
  readonly chain: Chain;
  readonly pool: Mempool;
  /** The transactions of a block on its way here, once they are; undefined if they do not come soon. */
  readonly bodyOf: (id: BlockId, asker: PeerId) => Promise<readonly SignedTransaction[] | undefined>;
  /** Addresses of peers this node can vouch for, best first. */
  readonly knownAddresses: () => readonly string[];
}

/** Registers the handlers. Before `network.start`. */
export function serve({ handle, chain, pool, bodyOf, knownAddresses }: ServeOptions): void {
  handle('headers', idListBytes(MAX_LOCATOR_IDS), (request) => {
    const { locator } = decodeWire(HeadersRequestType, request, 'headers request');
    const headers = chain.headersAfter(
      locator.map((id) => idFromBytes<BlockId>(id)),
      MAX_HEADERS,
    );
    return [assembleList(headers)];
  });

  handle('blocks', idListBytes(MAX_BLOCKS_REQUESTED), (request) => {
    const { ids } = decodeWire(BlocksRequestType, request, 'blocks request');
    if (ids.length === 0) throw new RequestRefused('invalid', 'no block was asked for');
    return blocksOf(
      chain,
      ids.map((id) => idFromBytes<BlockId>(id)),
    );
  });

  handle('block-transactions', MAX_BLOCK_TRANSACTIONS_REQUEST_BYTES, async function* (request, from) {
    const { block, indexes } = decodeWire(
      BlockTransactionsRequestType,
      request,
      'block transactions request',
    );
    requireAscending(indexes, MAX_BLOCK_TRANSACTIONS);
    if (indexes.length === 0) throw new RequestRefused('invalid', 'no transaction was asked for');
    const id = idFromBytes<BlockId>(block);
    yield keptTransactions(chain, id, indexes) ?? pick(await bodyOf(id, from), indexes);
  });

  handle('pool', PoolRequestType.fixedSize ?? 0, (request) => {
    const { page } = decodeWire(PoolRequestType, request, 'pool request');
    // A list of ids in SSZ is nothing but the ids.
    return [pool.page(page * MAX_POOL_IDS, MAX_POOL_IDS)];
  });

  handle('transactions', idListBytes(MAX_TRANSACTIONS_REQUESTED), (request) => {
    const { ids } = decodeWire(TransactionsRequestType, request, 'transactions request');
    const found = ids.flatMap((id) => pool.get(idFromBytes<TransactionId>(id))?.signed ?? []);
    return [TransactionsType.serialize(found)];
  });

  handle('addresses', 0, () => {
    const encoder = new TextEncoder();
    const addresses = knownAddresses()
      .map((address) => encoder.encode(address))
      .filter((bytes) => bytes.length <= MAX_ADDRESS_BYTES)
      .slice(0, MAX_ADDRESSES);
    return [AddressesType.serialize(addresses)];
  });
}

/** The blocks in the order asked, read one by one as the peer takes them. */
function* blocksOf(chain: Chain, ids: readonly BlockId[]): Iterable<Uint8Array> {
  let bytes = 0;
  for (const id of ids) {
    const record = chain.byId(id);
    const block = record === undefined ? undefined : chain.blockBytes(record);
    if (block === undefined || (bytes > 0 && bytes + block.length > MAX_BLOCKS_ANSWER_BYTES)) return;
    bytes += block.length;
    yield block;
  }
}

/** @returns undefined if the block's body is not in the store @throws RequestRefused if it has not that many */
function keptTransactions(chain: Chain, id: BlockId, indexes: readonly number[]): Uint8Array | undefined {
  const record = chain.byId(id);
  const transactions = record?.status === 'body' ? chain.transactionsBytes(record) : undefined;
  if (transactions === undefined) return undefined;
  const picked = pickTransactions(transactions, indexes);
  if (picked === undefined) throw tooMany();
  return picked;
}

function pick(body: readonly SignedTransaction[] | undefined, indexes: readonly number[]): Uint8Array {
  if (body === undefined) throw new RequestRefused('busy', 'this block is not here');
  return encodeTransactions(
    indexes.map((index) => {
      const signed = body[index];
      if (signed === undefined) throw tooMany();
      return signed;
    }),
  );
}

function tooMany(): RequestRefused {
  return new RequestRefused('invalid', 'the block has not that many transactions');
}
