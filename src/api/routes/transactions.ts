/** Transactions: submitted, looked up, waiting; and the accounts they move. */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { Chain } from '../../chain/chain.ts';
import type { HistoryPage } from '../../chain/lookup.ts';
import type { LookupJson, SubmitResultJson } from '../../client/contract.ts';
import { transactionFromJson, transactionToJson } from '../../client/json.ts';
import { MAX_BATCH_BYTES } from '../../client/routes.ts';
import type { SubmittedJson } from '../../client/schemas.ts';
import { formatAddress, parseAddress } from '../../core/address.ts';
import { decodeSignedTransaction } from '../../core/encoding.ts';
import { invariant } from '../../core/errors.ts';
import { transactionId } from '../../core/hashing.ts';
import { type Address, parseId, type TransactionId } from '../../core/identifiers.ts';
import type { Account } from '../../core/state.ts';
import type { SignedTransaction } from '../../core/types.ts';
import type { SubmitOutcome } from '../../node/transaction-relay.ts';
import { type App, routeOf } from '../app.ts';
import { badRequest, notFound } from '../errors.ts';
import { HISTORY_PER_TURN } from '../limits.ts';
import type { ServedNode } from '../served.ts';
import { pendingView, placedView } from '../views.ts';

const DEFAULT_PAGE = 100;

export function transactionRoutes(app: App, node: ServedNode): void {
  const { chain, pool } = node;

  void app.register(async (scope: App) => {
    // SSZ is turned into JSON's shape, so that one schema and one path serve both.
    scope.addContentTypeParser(
      'application/octet-stream',
      { parseAs: 'buffer' },
      async (_request: unknown, body: Buffer) => {
        const signed = decodeSignedTransaction(Uint8Array.from(body));
        return readable('', () => transactionToJson(transactionId(signed.transaction), signed));
      },
    );
    scope.route({
      ...routeOf('submit'),
      bodyLimit: MAX_BATCH_BYTES,
      handler: async ({ body }, reply) => {
        reply.code(202);
        if ('transactions' in body) {
          const signed = body.transactions.map((json, index) => read(json, `transactions[${index}].`));
          return { results: (await node.submit(signed)).map(resultView) };
        }
        const [outcome] = await node.submit([read(body, '')]);
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
      const address = readAddress(params.address);
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
      const transactions = await history(chain, readAddress(params.address), limit, before);
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

/** @throws HttpError 400 naming the field */
function read(json: SubmittedJson, where: string): SignedTransaction {
  const signed = readable(where, () => transactionFromJson(json));
  if (json.id !== undefined && json.id.toLowerCase() !== transactionId(signed.transaction)) {
    throw badRequest(`${where}id: it is ${transactionId(signed.transaction)}`);
  }
  return signed;
}

/** What a value's own conversion finds wrong is the caller's fault. */
function readable<T>(where: string, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) {
      throw badRequest(`${where}${error.message}`, { cause: error });
    }
    throw error;
  }
}

function readAddress(text: string): Address {
  return readable('address: ', () => parseAddress(text));
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
