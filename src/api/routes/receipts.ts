/** Receipts, made when somebody asks. */
import { Readable } from 'node:stream';
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { Chain } from '../../chain/chain.ts';
import type { ConfirmedTransaction } from '../../chain/lookup.ts';
import type { BlockRecord } from '../../chain/records.ts';
import { encodeReceiptInParts, type IdentifiedHeader, type Receipt } from '../../client/receipt.ts';
import { receiptToJson } from '../../client/receipt-json.ts';
import { DEFAULT_RECEIPT_CONFIRMATIONS } from '../../client/routes.ts';
import { branchOf } from '../../core/branch.ts';
import { countTransactions, decodeTransactions, pickTransactions } from '../../core/encoding.ts';
import { invariant } from '../../core/errors.ts';
import { idToBytes, parseId, type TransactionId } from '../../core/identifiers.ts';
import { hashTransactions } from '../../core/transaction-hashes.ts';
import { type App, routeOf } from '../app.ts';
import { HttpError, notFound } from '../errors.ts';
import { HEADERS_PER_TURN, TRANSACTIONS_PER_TURN } from '../limits.ts';
import type { ServedNode } from '../served.ts';

const BYTES = 'application/octet-stream';

export function receiptRoutes(app: App, node: ServedNode): void {
  app.route({
    ...routeOf('receipt'),
    handler: async ({ params, query, headers }, reply) => {
      const confirmed = find(node, params.id);
      const receipt = await makeReceipt(node.chain, confirmed, countHeaders(node.chain, confirmed, query));
      const answer = reply as unknown as FastifyReply;
      if (headers.accept?.includes(BYTES) === true) {
        return answer.type(BYTES).send(Readable.from(compact(receipt), { objectMode: false })) as never;
      }
      // Written as it is made, which bypasses the schema; what it is like is tested.
      return answer.type('application/json; charset=utf-8').send(Readable.from(text(receipt))) as never;
    },
  });
}

/** @throws HttpError 404 `not-found`, 409 `not-confirmed` */
function find({ chain, pool }: ServedNode, text: string): ConfirmedTransaction {
  const id = parseId<TransactionId>(text);
  const confirmed = id && chain.transaction(id);
  if (confirmed !== undefined) return confirmed;
  if (id !== undefined && pool.get(id) !== undefined)
    throw new HttpError(
      409,
      'not-confirmed',
      `transaction ${id} waits for a block: ask again once it is in one`,
    );
  throw notFound(`transaction ${text}`);
}

/** @throws HttpError 409 `too-few-confirmations` */
function countHeaders(
  chain: Chain,
  { record }: ConfirmedTransaction,
  { confirmations }: { confirmations?: number },
): number {
  const most = chain.tip.height - record.height + 1;
  if (confirmations === undefined) return Math.min(most, DEFAULT_RECEIPT_CONFIRMATIONS);
  if (confirmations <= most) return confirmations;
  throw new HttpError(
    409,
    'too-few-confirmations',
    `the transaction has ${most} ${most === 1 ? 'confirmation' : 'confirmations'} so far, ${confirmations} are asked for`,
  );
}

/** The chain may change between turns; the receipt shows it as it was when it was asked for. */
async function makeReceipt(chain: Chain, confirmed: ConfirmedTransaction, count: number): Promise<Receipt> {
  const { signed, record, index } = confirmed;
  const burying = chain.blocksFrom(record.height + 1, count - 1);
  const headers: [IdentifiedHeader, ...IdentifiedHeader[]] = [identified(record)];
  for (const next of burying) {
    headers.push(identified(next));
    if (headers.length % HEADERS_PER_TURN === 0) await turnOfOthers();
  }
  const branch = branchOf(await signedRoots(chain, record), index);
  return { networkId: chain.network.idBytes, signed, index, branch, headers };
}

function identified({ id, sealed }: BlockRecord): IdentifiedHeader {
  return { id: idToBytes(id), sealed };
}

/** The leaves of the block's tree. A block may have thousands. */
async function signedRoots(chain: Chain, record: BlockRecord): Promise<Uint8Array> {
  const bytes = chain.transactionsBytes(record);
  invariant(bytes !== undefined, 'one of its transactions was just read');
  const count = countTransactions(bytes);
  const roots = new Uint8Array(32 * count);
  for (let start = 0; start < count; start += TRANSACTIONS_PER_TURN) {
    const length = Math.min(TRANSACTIONS_PER_TURN, count - start);
    const part = pickTransactions(
      bytes,
      Array.from({ length }, (_, at) => start + at),
    );
    invariant(part !== undefined, 'the list has as many transactions as its first offset says');
    roots.set(hashTransactions(decodeTransactions(part)).signedRoots, 32 * start);
    if (start + length < count) await turnOfOthers();
  }
  return roots;
}

async function* compact(receipt: Receipt): AsyncGenerator<Uint8Array> {
  for (const part of encodeReceiptInParts(receipt, HEADERS_PER_TURN)) {
    yield part;
    await turnOfOthers();
  }
}

/** As JSON, with the headers a few at a time. */
async function* text({ headers: [block, ...burying], ...rest }: Receipt): AsyncGenerator<string> {
  const whole = JSON.stringify(receiptToJson({ ...rest, headers: [block] }));
  yield whole.slice(0, -']}'.length);
  for (let at = 0; at < burying.length; at += HEADERS_PER_TURN) {
    const part = receiptToJson({ ...rest, headers: [block, ...burying.slice(at, at + HEADERS_PER_TURN)] });
    yield (at === 0 ? '' : ',') + JSON.stringify(part.burying).slice(1, -1);
    await turnOfOthers();
  }
  yield ']}';
}
