/** Transactions: submitted, looked up, waiting; and the accounts they move. */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { Chain } from '../../chain/chain.ts';
import type { HistoryPage } from '../../chain/lookup.ts';
import type { LookupJson, SubmitResultJson } from '../../client/contract.ts';
import { BATCH_MEDIA_TYPE, MAX_BATCH_BYTES, TRANSACTION_MEDIA_TYPE } from '../../client/routes.ts';
import { formatAddress } from '../../core/address.ts';
import { invariant } from '../../core/errors.ts';
import { type Address, parseId, type TransactionId } from '../../core/identifiers.ts';
import type { Account } from '../../core/state.ts';
import type { SubmitOutcome } from '../../node/transaction-relay.ts';
import { Turns } from '../../node/turns.ts';
import { type App, routeOf } from '../app.ts';
import { notFound, readAddress } from '../errors.ts';
import { HISTORY_PER_TURN } from '../limits.ts';
import type { ServedNode } from '../served.ts';
import { Submission } from '../submission.ts';
import { pendingView, placedView } from '../views.ts';

const DEFAULT_PAGE = 100;
/** Of a submission: to read so much takes half a millisecond. */
const LONG_BODY_BYTES = 16 * 1_024;

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
        const { isBatch, transactions } =
          body instanceof Submission ? body : Submission.fromJson(request.body);
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
    handler: async ({ params, query }) => {
      const limit = query.limit ?? DEFAULT_PAGE;
      const before = query.before === undefined ? undefined : readCursor(query.before);
      const transactions = await history(chain, readAddress('address', params.address), limit, before);
      const last = transactions.length < limit ? undefined : transactions.at(-1);
      return {
        transactions,
        ...(last === undefined ? {} : { next: `${last.height}.${last.index}` }),
      };
    },
  });

  app.route({
    ...routeOf('pool'),
    handler: async ({ query }) => {
      const from = query.from ?? 0;
      const page = [...pool.transactions()].slice(from, from + (query.limit ?? DEFAULT_PAGE));
      return { count: pool.count, bytes: pool.bytes, transactions: page.map(pendingView) };
    },
  });
}

/** The forms a submission may have. A long body gets a turn of the event loop for itself to be read in. */
function takeBodies(scope: App): void {
  const turns = new Turns(setImmediate);
  const asBytes = (mediaType: string, read: (bytes: Uint8Array) => Submission): void => {
    scope.addContentTypeParser(mediaType, { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => {
      if (body.length > LONG_BODY_BYTES) await turns.next();
      return read(body);
    });
  };
  asBytes(TRANSACTION_MEDIA_TYPE, Submission.fromBytes);
  asBytes(BATCH_MEDIA_TYPE, Submission.fromBatchBytes);
  const parseJson = scope.getDefaultJsonParser('error', 'error');
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body.length <= LONG_BODY_BYTES) parseJson(request, body, done);
    else void turns.next().then(() => parseJson(request, body, done));
  });
}

/** Holds against the schema whatever was not decoded here. */
function exceptSubmissions(part: Parameters<typeof TypeBoxValidatorCompiler>[0]) {
  const check = TypeBoxValidatorCompiler(part);
  return (value: unknown) => (value instanceof Submission ? { value } : check(value));
}

/** Newest first, a few at a time. */
async function history(
  chain: Chain,
  address: Address,
  limit: number,
  before: HistoryPage['before'],
): Promise<ReturnType<typeof placedView>[]> {
  const found: ReturnType<typeof placedView>[] = [];
  for (let end = before; ; ) {
    const wanted = Math.min(HISTORY_PER_TURN, limit - found.length);
    const part = chain.history(address, { limit: wanted, ...(end === undefined ? {} : { before: end }) });
    for (const placed of part) found.push(placedView(chain, placed));
    const last = part.at(-1);
    if (last === undefined || part.length < wanted || found.length >= limit) return found;
    end = { height: last.record.height, index: last.index };
    await turnOfOthers();
  }
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
