/** Receipts, made when somebody asks. */
import type { FastifyReply } from 'fastify';
import type { Chain } from '../../chain/chain.ts';
import type { ConfirmedTransaction } from '../../chain/lookup.ts';
import type { BlockRecord } from '../../chain/records.ts';
import {
  encodeBurying,
  encodeBuryingOffsets,
  encodeReceiptStart,
  type IdentifiedHeader,
  type ReceiptStart,
} from '../../client/receipt.ts';
import { receiptToJson } from '../../client/receipt-json.ts';
import { DEFAULT_RECEIPT_CONFIRMATIONS } from '../../client/routes.ts';
import { branchOf } from '../../core/branch.ts';
import { countTransactions } from '../../core/encoding.ts';
import { invariant } from '../../core/errors.ts';
import { idToBytes, parseId, type TransactionId } from '../../core/identifiers.ts';
import { hashTransactions } from '../../core/transaction-hashes.ts';
import { sendParts, sendText } from '../answers.ts';
import { type App, routeOf } from '../app.ts';
import { partOf } from '../block-text.ts';
import type { Caller } from '../callers/caller.ts';
import { HttpError, notFound } from '../errors.ts';
import { HEADERS_PER_TURN, TRANSACTIONS_PER_TURN } from '../limits.ts';
import type { ServedNode } from '../served.ts';

const BYTES = 'application/octet-stream';

export function receiptRoutes(app: App, node: ServedNode): void {
  app.route({
    ...routeOf('receipt'),
    handler: async ({ caller, params, query, headers }, untyped) => {
      const reply = untyped as unknown as FastifyReply;
      const confirmed = find(node, params.id);
      const count = countHeaders(node.chain, confirmed, query);
      const making = await makeReceipt(node.chain, caller, confirmed, count);
      if (headers.accept?.includes(BYTES) === true) return sendParts(reply, BYTES, compact(making, caller));
      return sendText(reply, text(making, caller));
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

interface ReceiptMaking {
  readonly start: ReceiptStart;
  /** Read from the store whenever they are gone through: thousands of them are megabytes. */
  readonly burying: Iterable<BlockRecord>;
}

/** The chain may change between turns; the receipt shows it as it was when it was asked for. */
async function makeReceipt(
  chain: Chain,
  caller: Caller,
  { index, record, signed }: ConfirmedTransaction,
  count: number,
): Promise<ReceiptMaking> {
  const burying = chain.blocksFrom(record.height + 1, count - 1);
  const last = chain.atHeight(record.height + count - 1);
  invariant(last !== undefined, 'there are as many confirmations as were counted');
  const branch = branchOf(await signedRoots(chain, caller, record), index);
  const start = { networkId: chain.network.idBytes, signed, index, branch, block: identified(record) };
  return { start: { ...start, lastId: idToBytes(last.id) }, burying };
}

function identified({ id, sealed }: BlockRecord): IdentifiedHeader {
  return { id: idToBytes(id), sealed };
}

/** The leaves of the block's tree. A block may have thousands. */
async function signedRoots(chain: Chain, caller: Caller, record: BlockRecord): Promise<Uint8Array> {
  const bytes = chain.transactionsBytes(record);
  invariant(bytes !== undefined, 'one of its transactions was just read');
  const count = countTransactions(bytes);
  const roots = new Uint8Array(32 * count);
  for (let start = 0; start < count; start += TRANSACTIONS_PER_TURN) {
    const end = Math.min(count, start + TRANSACTIONS_PER_TURN);
    roots.set(hashTransactions(partOf(bytes, start, end)).signedRoots, 32 * start);
    if (end < count) await caller.turn();
  }
  return roots;
}

async function* compact({ burying, start }: ReceiptMaking, caller: Caller): AsyncGenerator<Uint8Array> {
  yield encodeReceiptStart(start);
  const extraLengths: number[] = [];
  for await (const part of partsOf(burying, caller))
    for (const { sealed } of part) extraLengths.push(sealed.header.extra.length);
  yield encodeBuryingOffsets(extraLengths);
  for await (const part of partsOf(burying, caller)) yield encodeBurying(part);
}

/** As JSON, with the headers a few at a time. */
async function* text({ burying, start }: ReceiptMaking, caller: Caller): AsyncGenerator<string> {
  const { block, lastId: _, ...rest } = start;
  const whole = JSON.stringify(receiptToJson({ ...rest, headers: [block] }));
  yield whole.slice(0, -']}'.length);
  let isFirst = true;
  for await (const part of partsOf(burying, caller)) {
    const json = receiptToJson({ ...rest, headers: [block, ...part.map(identified)] });
    yield (isFirst ? '' : ',') + JSON.stringify(json.burying).slice(1, -1);
    isFirst = false;
  }
  yield ']}';
}

/** A few at a time, and others have their turn before the next. */
async function* partsOf(records: Iterable<BlockRecord>, caller: Caller): AsyncGenerator<BlockRecord[]> {
  let part: BlockRecord[] = [];
  for (const record of records) {
    part.push(record);
    if (part.length < HEADERS_PER_TURN) continue;
    yield part;
    part = [];
    await caller.turn();
  }
  if (part.length > 0) yield part;
}
