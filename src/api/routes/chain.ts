/** The chain and its blocks. */
import { Readable } from 'node:stream';
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { Chain } from '../../chain/chain.ts';
import { exportChain } from '../../chain/chain-export.ts';
import type { BlockRecord } from '../../chain/records.ts';
import type { AnswerOf, BlockSummaryJson } from '../../client/contract.ts';
import { MAX_CHAIN_BYTES } from '../../client/routes.ts';
import { blockSize } from '../../core/encoding.ts';
import { type BlockId, parseId } from '../../core/identifiers.ts';
import type { Block } from '../../core/types.ts';
import { type App, routeOf } from '../app.ts';
import { BlockText } from '../block-text.ts';
import { HttpError, notFound } from '../errors.ts';
import { EXPORT_STALL_MS, MAX_EXPORT_STREAMS, TREE_BLOCKS_PER_TURN } from '../limits.ts';
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
    handler: async ({ query }, reply) =>
      sendText(
        reply as unknown as FastifyReply,
        pageText(chain, query.from ?? 0, query.limit ?? DEFAULT_BLOCKS),
      ),
  });

  app.route({
    ...routeOf('chainTree'),
    handler: ({ query }) => {
      const limit = query.limit ?? DEFAULT_BLOCKS;
      return treePart(chain, query.from ?? Math.max(0, chain.tip.height + 1 - limit), limit);
    },
  });

  app.route({ ...routeOf('chainValidity'), handler: () => validation.run() });

  let exports = 0;
  app.route({
    ...routeOf('chainExport'),
    handler: async ({ query }, untyped) => {
      const reply = untyped as unknown as FastifyReply;
      const from = query.from ?? 1;
      if (from > chain.tip.height + 1) throw notFound(`block ${from}`);
      if (exports >= MAX_EXPORT_STREAMS)
        throw new HttpError(429, 'too-many-streams', `at most ${MAX_EXPORT_STREAMS} are written at once`);
      exports++;
      reply.raw.once('close', () => exports--);
      reply.raw.setTimeout(EXPORT_STALL_MS, () => reply.raw.destroy());
      return sendFile(reply, exportChain(chain, from, { pause: () => turnOfOthers() }));
    },
  });

  app.route({ ...routeOf('chainResolve'), handler: () => node.resolve() });

  app.route({
    ...routeOf('block'),
    handler: async ({ params, headers }, reply) => {
      const record = find(chain, params.block);
      if (headers.accept?.includes(BYTES) === true) {
        return sendBytes(reply as unknown as FastifyReply, chain.blockBytes(record));
      }
      return sendText(
        reply as unknown as FastifyReply,
        new BlockText(chain).of(record, bodyOf(chain, record)),
      );
    },
  });
}

async function treePart(chain: Chain, from: number, limit: number): Promise<AnswerOf<'chainTree'>> {
  const found: { readonly number: number; readonly summary: BlockSummaryJson }[] = [];
  for (const record of chain.blocksBetween(from, from + limit)) {
    found.push({ number: record.number, summary: summaryView(chain, record) });
    if (found.length % TREE_BLOCKS_PER_TURN === 0) await turnOfOthers();
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

function bodyOf(chain: Chain, record: BlockRecord): Block {
  const block = chain.block(record);
  if (block === undefined) throw notFound(`the body of block ${record.id}`);
  return block;
}

/** Bytes are no JSON: they bypass the schema of the route. */
function sendBytes(reply: FastifyReply, bytes: Uint8Array | undefined): never {
  if (bytes === undefined) throw notFound('the body of the block');
  return reply.type(BYTES).send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) as never;
}

/** One part at a time is in memory; the next is read when the caller has taken it. */
function sendFile(reply: FastifyReply, parts: AsyncIterable<Uint8Array>): never {
  return reply.type(BYTES).send(Readable.from(parts, { highWaterMark: 1 })) as never;
}

/** A large answer is written as it is made. What it is like is tested, for it bypasses the schema too. */
function sendText(reply: FastifyReply, text: AsyncIterable<string>): never {
  return reply.type('application/json; charset=utf-8').send(Readable.from(text)) as never;
}

async function* pageText(chain: Chain, from: number, limit: number): AsyncGenerator<string> {
  const text = new BlockText(chain);
  yield `{"length":${chain.tip.height + 1},"blocks":[`;
  let bytes = 0;
  let isFirst = true;
  // The chain may change between turns; the page shows it as it was when it was asked for.
  for (const record of chain.blocksFrom(from, limit)) {
    const block = bodyOf(chain, record);
    bytes += blockSize(block);
    if (!isFirst && bytes > MAX_CHAIN_BYTES) break;
    if (!isFirst) yield ',';
    isFirst = false;
    yield* text.of(record, block);
  }
  yield ']}';
}
