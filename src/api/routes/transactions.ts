/** Transactions: submitted, looked up, waiting; and the accounts they move. */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Chain } from '../../chain/chain.ts';
import type { HistoryPage } from '../../chain/lookup.ts';
import type { CheckedTransaction } from '../../chain/records.ts';
import type { LookupJson, SubmitResultJson } from '../../client/contract.ts';
import {
  BATCH_MEDIA_TYPE,
  MAX_BATCH_BYTES,
  MAX_BATCH_TRANSACTIONS,
  TRANSACTION_MEDIA_TYPE,
} from '../../client/routes.ts';
import { formatAddress } from '../../core/address.ts';
import { invariant } from '../../core/errors.ts';
import { type Address, parseId, type TransactionId } from '../../core/identifiers.ts';
import type { Account } from '../../core/state.ts';
import type { SubmitOutcome } from '../../node/transaction-relay.ts';
import { sendText } from '../answers.ts';
import { type App, routeOf } from '../app.ts';
import type { Caller } from '../callers/caller.ts';
import { notFound, readAddress } from '../errors.ts';
import { requireFewMarks } from '../json-body.ts';
import {
  HISTORY_PER_TURN,
  JSON_MARKS_PER_TRANSACTION,
  LONG_BODY_BYTES,
  TRANSACTIONS_PER_TURN,
} from '../limits.ts';
import type { ServedNode } from '../served.ts';
import { Submission } from '../submission.ts';
import { pendingView, placedView } from '../views.ts';

const DEFAULT_PAGE = 100;

export function transactionRoutes(app: App, node: ServedNode): void {
  const { chain, pool } = node;

  void app.register(async (scope: App) => {
    takeBodies(scope);
    scope.route({
      ...routeOf('submit'),
      bodyLimit: MAX_BATCH_BYTES,
      validatorCompiler: exceptSubmissions,
      handler: async (request, reply) => {
        const body: unknown = request.body;
        invariant(body instanceof Submission, 'whatever else there is does not fit the schema');
        const { isBatch, transactions } = body;
        const outcomes = await node.submit(transactions);
        reply.code(202);
        if (isBatch) return { results: outcomes.map(resultView) };
        const [outcome] = outcomes;
        invariant(outcome !== undefined, 'every transaction submitted has an outcome');
        if (!outcome.accepted) throw outcome.error;
        return { id: outcome.id };
      },
    });
  });

  app.route({
    ...routeOf('transaction'),
    handler: async ({ params }): Promise<LookupJson> => {
      const id = parseId<TransactionId>(params.id);
      const placed = id === undefined ? undefined : chain.transaction(id);
      if (id !== undefined && placed !== undefined) {
        return { id, status: 'confirmed', ...placedView(chain, placed) };
      }
      const pending = id === undefined ? undefined : pool.get(id);
      if (pending === undefined) throw notFound(`transaction ${params.id}`);
      return { id: pending.id, status: 'pending', confirmations: 0, transaction: pendingView(pending) };
    },
  });

  app.route({
    ...routeOf('account'),
    handler: async ({ params }) => {
      const address = readAddress('address', params.address);
      return {
        address: formatAddress(address),
        ...accountView(chain.account(address)),
        pending: accountView(pool.pendingAccount(address)),
      };
    },
  });

  app.route({
    ...routeOf('accountTransactions'),
    handler: async ({ caller, params, query }, reply) => {
      const address = readAddress('address', params.address);
      const before = query.before === undefined ? undefined : readCursor(query.before);
      const page = { address, limit: query.limit ?? DEFAULT_PAGE, before };
      return sendText(reply as unknown as FastifyReply, historyText(chain, caller, page));
    },
  });

  app.route({
    ...routeOf('pool'),
    handler: async ({ caller, query }, reply) => {
      const from = query.from ?? 0;
      const page = pool.transactions(from, query.limit ?? DEFAULT_PAGE);
      const { bytes, count } = pool;
      return sendText(reply as unknown as FastifyReply, poolText({ count, bytes }, page, caller));
    },
  });
}

/** The forms a submission may have. A long body gets turns of the event loop for itself to be read in. */
function takeBodies(scope: App): void {
  const asBytes = (mediaType: string, read: (bytes: Uint8Array) => Submission): void => {
    scope.addContentTypeParser(
      mediaType,
      { parseAs: 'buffer' },
      async ({ caller }: FastifyRequest, body: Buffer) => {
        if (body.length > LONG_BODY_BYTES) await caller.turn();
        return read(body);
      },
    );
  };
  asBytes(TRANSACTION_MEDIA_TYPE, Submission.fromBytes);
  asBytes(BATCH_MEDIA_TYPE, Submission.fromBatchBytes);
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async ({ caller }: FastifyRequest, body: Buffer) => {
      requireFewMarks(body, MAX_BATCH_TRANSACTIONS * JSON_MARKS_PER_TRANSACTION);
      if (body.length > LONG_BODY_BYTES) await caller.turn();
      return await Submission.fromJson(body.toString(), () => caller.turn());
    },
  );
}

/** Holds against the schema whatever was not decoded here, such as no body at all. */
function exceptSubmissions(part: Parameters<typeof TypeBoxValidatorCompiler>[0]) {
  const check = TypeBoxValidatorCompiler(part);
  return (value: unknown) => (value instanceof Submission ? { value } : check(value));
}

interface HistoryRequest {
  readonly address: Address;
  readonly limit: number;
  readonly before: HistoryPage['before'] | undefined;
}

/** Newest first, a few at a time; `next` leads on unless the page is the last. */
async function* historyText(
  chain: Chain,
  caller: Caller,
  { address, before, limit }: HistoryRequest,
): AsyncGenerator<string> {
  yield '{"transactions":[';
  let end = before;
  let count = 0;
  for (;;) {
    const wanted = Math.min(HISTORY_PER_TURN, limit - count);
    const part = chain.history(address, { limit: wanted, ...(end === undefined ? {} : { before: end }) });
    const texts = part.map((placed) => JSON.stringify(placedView(chain, placed)));
    if (texts.length > 0) yield (count === 0 ? '' : ',') + texts.join(',');
    count += part.length;
    const last = part.at(-1);
    if (last !== undefined) end = { height: last.record.height, index: last.index };
    if (part.length < wanted || count >= limit) break;
    await caller.turn();
  }
  yield count < limit || end === undefined ? ']}' : `],"next":"${end.height}.${end.index}"}`;
}

async function* poolText(
  facts: { readonly count: number; readonly bytes: number },
  page: readonly CheckedTransaction[],
  caller: Caller,
): AsyncGenerator<string> {
  yield `${JSON.stringify(facts).slice(0, -1)},"transactions":[`;
  for (let at = 0; at < page.length; at += TRANSACTIONS_PER_TURN) {
    const part = page.slice(at, at + TRANSACTIONS_PER_TURN);
    yield (at === 0 ? '' : ',') + part.map((one) => JSON.stringify(pendingView(one))).join(',');
    if (at + TRANSACTIONS_PER_TURN < page.length) await caller.turn();
  }
  yield ']}';
}

/** @param cursor as the schema has it: "height.index" */
function readCursor(cursor: string): { height: number; index: number } {
  const [height, index] = cursor.split('.');
  return { height: Number(height), index: Number(index) };
}

function accountView({ balance, sequence }: Account): { balance: string; sequence: number } {
  return { balance: balance.toString(), sequence: Number(sequence) };
}

function resultView(outcome: SubmitOutcome): SubmitResultJson {
  if (outcome.accepted) return { id: outcome.id, accepted: true, known: outcome.known };
  const { code, message } = outcome.error;
  return { id: outcome.id, accepted: false, error: { code, message } };
}
