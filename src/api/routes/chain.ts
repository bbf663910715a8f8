/** The chain and its blocks. */
import type { FastifyReply } from 'fastify';
import type { Chain } from '../../chain/chain.ts';
import { exportChain } from '../../chain/chain-export.ts';
import type { BlockRecord } from '../../chain/records.ts';
import type { AnswerOf, BlockSummaryJson } from '../../client/contract.ts';
import { MAX_CHAIN_BYTES } from '../../client/routes.ts';
import { emptyBlockSize } from '../../core/encoding.ts';
import { type BlockId, parseId } from '../../core/identifiers.ts';
import { sendParts, sendText } from '../answers.ts';
import { type App, routeOf } from '../app.ts';
import { BlockText } from '../block-text.ts';
import type { Caller } from '../callers/caller.ts';
import { notFound } from '../errors.ts';
import { TREE_BLOCKS_PER_TURN } from '../limits.ts';
import type { ServedNode } from '../served.ts';
import { ChainValidation } from '../validity.ts';
import { summaryView } from '../views.ts';

const BYTES = 'application/octet-stream';
const DEFAULT_BLOCKS = 100;

export function chainRoutes(app: App, node: ServedNode): void {
  const { chain } = node;
  const validation = new ChainValidation(chain);
  app.addHook('preClose', async () => validation.close());

  app.route({
    ...routeOf('chain'),
    handler: async ({ caller, query }, reply) =>
      sendText(
        reply as unknown as FastifyReply,
        pageText(chain, caller, query.from ?? 0, query.limit ?? DEFAULT_BLOCKS),
      ),
  });

  app.route({
    ...routeOf('chainTree'),
    handler: ({ caller, query }) => {
      const limit = query.limit ?? DEFAULT_BLOCKS;
      return treePart(chain, caller, query.from ?? Math.max(0, chain.tip.height + 1 - limit), limit);
    },
  });

  app.route({ ...routeOf('chainValidity'), handler: ({ caller }) => validation.run(caller) });

  app.route({
    ...routeOf('chainExport'),
    handler: async ({ caller, query }, reply) => {
      const from = query.from ?? 1;
      if (from > chain.tip.height + 1) throw notFound(`block ${from}`);
      const parts = exportChain(chain, from, { pause: () => caller.turn() });
      return sendParts(reply as unknown as FastifyReply, BYTES, parts);
    },
  });

  app.route({ ...routeOf('chainResolve'), handler: () => node.resolve() });

  app.route({
    ...routeOf('block'),
    handler: async ({ caller, params, headers }, untyped) => {
      const reply = untyped as unknown as FastifyReply;
      const record = find(chain, params.block);
      if (headers.accept?.includes(BYTES) === true) return sendBytes(reply, chain.blockBytes(record));
      return sendText(reply, new BlockText(chain, caller).of(record, bodyOf(chain, record)));
    },
  });
}

async function treePart(
  chain: Chain,
  caller: Caller,
  from: number,
  limit: number,
): Promise<AnswerOf<'chainTree'>> {
  const found: { readonly number: number; readonly summary: BlockSummaryJson }[] = [];
  for (const record of chain.blocksBetween(from, from + limit)) {
    found.push({ number: record.number, summary: summaryView(chain, record) });
    if (found.length % TREE_BLOCKS_PER_TURN === 0) await caller.turn();
  }
  const blocks = found.sort((a, b) => a.number - b.number).map(({ summary }) => summary);
  return { length: chain.tip.height + 1, tip: chain.tip.id, blocks };
}

/** @throws HttpError 404 also if only the header is here yet */
function find(chain: Chain, text: string): BlockRecord {
  const id = parseId<BlockId>(text);
  const record =
    text === 'tip' ? chain.tip : id !== undefined ? chain.byId(id) : chain.atHeight(Number(text));
  if (record === undefined) throw notFound(`block ${text}`);
  return record;
}

function bodyOf(chain: Chain, record: BlockRecord): Uint8Array {
  const transactions = chain.transactionsBytes(record);
  if (transactions === undefined) throw notFound(`the body of block ${record.id}`);
  return transactions;
}

/** Bytes are no JSON: they bypass the schema of the route. */
function sendBytes(reply: FastifyReply, bytes: Uint8Array | undefined): never {
  if (bytes === undefined) throw notFound('the body of the block');
  return reply.type(BYTES).send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) as never;
}

async function* pageText(chain: Chain, caller: Caller, from: number, limit: number): AsyncGenerator<string> {
  const text = new BlockText(chain, caller);
  yield `{"length":${chain.tip.height + 1},"blocks":[`;
  let bytes = 0;
  let isFirst = true;
  // The chain may change between turns; the page shows it as it was when it was asked for.
  for (const record of chain.blocksFrom(from, limit)) {
    bytes += emptyBlockSize(record.sealed.header.extra.length) + (chain.bodyFacts(record)?.bytes ?? 0);
    if (!isFirst && bytes > MAX_CHAIN_BYTES) break;
    if (!isFirst) yield ',';
    isFirst = false;
    yield* text.of(record, bodyOf(chain, record));
  }
  yield ']}';
}
