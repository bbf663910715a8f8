/** The chain and its blocks. */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { Chain } from '../../chain/chain.ts';
import type { BlockRecord } from '../../chain/records.ts';
import { MAX_CHAIN_BYTES } from '../../client/routes.ts';
import type { BlockJson } from '../../client/schemas.ts';
import { invariant } from '../../core/errors.ts';
import { type BlockId, parseId } from '../../core/identifiers.ts';
import type { Block } from '../../core/types.ts';
import { type App, routeOf } from '../app.ts';
import { notFound } from '../errors.ts';
import { BLOCK_BYTES_PER_TURN } from '../limits.ts';
import type { ServedNode } from '../served.ts';
import { ChainValidation } from '../validity.ts';
import { blockView } from '../views.ts';

const BYTES = 'application/octet-stream';
const DEFAULT_BLOCKS = 100;

export function chainRoutes(app: App, node: ServedNode): void {
  const { chain } = node;
  const validation = new ChainValidation(chain);
  app.addHook('preClose', async () => validation.close());

  app.route({
    ...routeOf('chain'),
    handler: async ({ query }) => ({
      length: chain.tip.height + 1,
      blocks: await page(chain, query.from ?? 0, query.limit ?? DEFAULT_BLOCKS),
    }),
  });

  app.route({ ...routeOf('chainValidity'), handler: () => validation.run() });

  app.route({ ...routeOf('chainResolve'), handler: () => node.resolve() });

  app.route({
    ...routeOf('block'),
    handler: async ({ params, headers }, reply) => {
      const record = find(chain, params.block);
      if (headers.accept?.includes(BYTES) === true) {
        return sendBytes(reply as unknown as FastifyReply, chain.blockBytes(record));
      }
      return blockView(chain, record, bodyOf(chain, record));
    },
  });
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

async function page(chain: Chain, from: number, limit: number): Promise<BlockJson[]> {
  // The chain may change between turns; the page shows it as it was when it was asked for.
  const records: BlockRecord[] = [];
  for (let height = from; height <= Math.min(chain.tip.height, from + limit - 1); height++) {
    const record = chain.atHeight(height);
    invariant(record !== undefined, `every height up to the tip has a block (${height})`);
    records.push(record);
  }
  const blocks: BlockJson[] = [];
  let bytes = 0;
  let turnBytes = 0;
  for (const record of records) {
    const view = blockView(chain, record, bodyOf(chain, record));
    bytes += view.size;
    if (blocks.length > 0 && bytes > MAX_CHAIN_BYTES) break;
    blocks.push(view);
    turnBytes += view.size;
    if (turnBytes >= BLOCK_BYTES_PER_TURN) {
      turnBytes = 0;
      await turnOfOthers();
    }
  }
  return blocks;
}
