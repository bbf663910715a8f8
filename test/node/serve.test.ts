import { beforeEach, describe, expect, it } from 'vitest';
import { RuleError } from '../../src/core/errors.ts';
import { type BlockId, idToBytes } from '../../src/core/identifiers.ts';
import { type PeerId, type ProtocolName, type RequestHandler, RequestRefused } from '../../src/node/ports.ts';
import { serve } from '../../src/node/serve.ts';
import {
  AddressesType,
  BlocksRequestType,
  HeadersRequestType,
  HeadersType,
  MAX_ADDRESSES,
  MAX_BLOCK_TRANSACTIONS,
  MAX_BLOCKS_ANSWER_BYTES,
  MAX_BLOCKS_REQUESTED,
  MAX_HEADERS,
  MAX_POOL_IDS,
  PoolIdsType,
  PoolRequestType,
  TransactionsAnswerType,
  TransactionsRequestType,
} from '../../src/node/wire.ts';
import { BlockMaker, payment, testKey, testNetwork } from '../support/ledger.ts';
import { type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

interface Served {
  readonly maxRequestBytes: number;
  readonly handler: RequestHandler;
}

let world: VirtualWorld;
let node: VirtualNode;
let addresses: string[];
let handlers: Map<ProtocolName, Served>;

beforeEach(async () => {
  world = new VirtualWorld(testNetwork());
  node = await world.start('node');
  addresses = [];
  handlers = new Map();
  serve({
    handle: (protocol, maxRequestBytes, handler) => handlers.set(protocol, { maxRequestBytes, handler }),
    chain: node.node.chain,
    pool: node.node.pool,
    bodyOf: async () => undefined,
    knownAddresses: () => addresses,
  });
});

async function ask(protocol: ProtocolName, request: Uint8Array): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const answer = handlers.get(protocol)?.handler(request, 'peer' as PeerId);
  if (answer === undefined) throw new Error(`${protocol} is not served`);
  for await (const chunk of answer) chunks.push(chunk);
  return chunks;
}

async function askHeaders(locator: BlockId[]): Promise<number[]> {
  const [answer] = await ask('headers', HeadersRequestType.serialize({ locator: locator.map(idToBytes) }));
  return HeadersType.deserialize(answer as Uint8Array).map(({ header }) => Number(header.height));
}

const askBlocks = (ids: BlockId[]): Promise<Uint8Array[]> =>
  ask('blocks', BlocksRequestType.serialize({ ids: ids.map(idToBytes) }));

const unknown = 'ab'.repeat(32) as BlockId;

describe('requests that are not what the protocol says', () => {
  const protocols: ProtocolName[] = ['headers', 'blocks', 'pool', 'transactions'];

  it.each<ProtocolName>([...protocols, 'block-transactions'])(
    '%s: garbage and cut requests are refused',
    async (protocol) => {
      const garbage = [new Uint8Array(0), new Uint8Array(3), new Uint8Array(37).fill(9), new Uint8Array(5)];
      for (const request of garbage) {
        const asked = ask(protocol, request);
        await expect(asked).rejects.toSatisfy(
          (error) => error instanceof RuleError || error instanceof RequestRefused,
        );
      }
    },
  );

  it.each(protocols)('%s: the longest request is the longest it can make sense of', async (protocol) => {
    const { maxRequestBytes } = handlers.get(protocol) as Served;
    const longest = new Uint8Array(maxRequestBytes);
    if (protocol !== 'pool') longest[0] = 4; // where the list begins
    await ask(protocol, longest);
    const beyond = new Uint8Array(maxRequestBytes + (protocol === 'pool' ? 1 : 32));
    if (protocol !== 'pool') beyond[0] = 4;
    await expect(ask(protocol, beyond)).rejects.toThrow(RuleError);
  });

  it('block-transactions: the longest request is the longest it can make sense of', async () => {
    const { maxRequestBytes } = handlers.get('block-transactions') as Served;
    const asking = (count: number): Uint8Array => {
      const request = new Uint8Array(32 + 4 + 2 * count);
      const view = new DataView(request.buffer);
      view.setUint32(32, 36, true);
      for (let index = 0; index < count; index++) view.setUint16(36 + 2 * index, index, true);
      return request;
    };
    expect(asking(MAX_BLOCK_TRANSACTIONS)).toHaveLength(maxRequestBytes);
    await expect(ask('block-transactions', asking(MAX_BLOCK_TRANSACTIONS))).rejects.toThrow(RequestRefused);
    await expect(ask('block-transactions', asking(MAX_BLOCK_TRANSACTIONS + 1))).rejects.toThrow(RuleError);
  });

  it('a status of garbage is refused', async () => {
    const asker = await world.start('asker', { peers: node.network.addresses() });
    await world.clock.until(() => asker.node.peers().length === 1, 'connected');
    const limits = { deadlineMs: 1_000, maxChunks: 1, maxChunkBytes: 1_000 };
    const asked = asker.network.request(node.network.self, 'status', new Uint8Array(5), limits);
    await expect(world.wait(asked, 'refused')).rejects.toMatchObject({ failure: 'refused' });
  });
});

describe('headers', () => {
  it('follow the first id of the locator that is on the chain; the genesis if none is', async () => {
    const ids = await world.mine(node, 5);
    expect(await askHeaders([unknown, ids[2] as BlockId, ids[0] as BlockId])).toEqual([4, 5]);
    expect(await askHeaders([unknown])).toEqual([1, 2, 3, 4, 5]);
    expect(await askHeaders([])).toEqual([1, 2, 3, 4, 5]);
  });

  it('after the tip are none', async () => {
    const ids = await world.mine(node, 2);
    expect(await askHeaders([ids[1] as BlockId])).toEqual([]);
  });

  it('are 2,000 at most', async () => {
    const maker = new BlockMaker(world.definition);
    const now = Number.MAX_SAFE_INTEGER;
    node.node.chain.addBlocks(maker.chain(maker.genesis, MAX_HEADERS + 3), now, 'bulk');
    expect(await askHeaders([])).toHaveLength(MAX_HEADERS);
  });
});

describe('blocks', () => {
  it('come in the order asked, and end at one that is not here', async () => {
    const ids = await world.mine(node, 3);
    const [first, second, third] = ids as [BlockId, BlockId, BlockId];
    const bytesOf = (id: BlockId) => {
      const record = node.node.chain.byId(id);
      return record && node.node.chain.blockBytes(record);
    };
    expect(await askBlocks([third, first])).toEqual([bytesOf(third), bytesOf(first)]);
    expect(await askBlocks([second, unknown, third])).toEqual([bytesOf(second)]);
    expect(await askBlocks([unknown])).toEqual([]);
  });

  it('of no id at all are refused', async () => {
    await expect(askBlocks([])).rejects.toThrow(RequestRefused);
  });

  it('of which only the header is here are not given', async () => {
    const maker = new BlockMaker(world.definition);
    const block = maker.block(maker.genesis);
    node.node.chain.addHeaders([block.block.sealed], Number.MAX_SAFE_INTEGER);
    expect(await askBlocks([block.id])).toEqual([]);
  });

  it('stop at the byte limit, but there is always one', async () => {
    await world.mine(node, 1);
    const chunk = new Uint8Array(700_000);
    const { chain } = node.node;
    const original = chain.blockBytes.bind(chain);
    chain.blockBytes = () => chunk;
    try {
      const ids = Array.from({ length: MAX_BLOCKS_REQUESTED }, () => chain.tip.id);
      expect(await askBlocks(ids)).toHaveLength(Math.floor(MAX_BLOCKS_ANSWER_BYTES / chunk.length));
      chain.blockBytes = () => new Uint8Array(MAX_BLOCKS_ANSWER_BYTES + 1);
      expect(await askBlocks(ids)).toHaveLength(1);
    } finally {
      chain.blockBytes = original;
    }
  });
});

describe('the pool', () => {
  const page = async (number: number): Promise<number> => {
    const [answer] = await ask('pool', PoolRequestType.serialize({ page: number }));
    return PoolIdsType.deserialize(answer as Uint8Array).length;
  };

  it('is told in pages; beyond the last there is nothing', async () => {
    expect(await page(0)).toBe(0);
    node.node.pool.page = (from, count) =>
      new Uint8Array(32 * Math.max(0, Math.min(count, MAX_POOL_IDS + 5 - from)));
    expect(await page(0)).toBe(MAX_POOL_IDS);
    expect(await page(1)).toBe(5);
    expect(await page(2 ** 32 - 1)).toBe(0);
  });

  it('gives those of the asked transactions it has', async () => {
    await world.mine(node, 1);
    const paid = [0, 1].map((sequence) =>
      payment(world.definition, { from: node.key, to: testKey(2).address, sequence }),
    );
    await world.wait(node.node.submit(paid.map(({ signed }) => signed)), 'submitted');
    const ids = [unknown, paid[1]?.id ?? unknown].map(idToBytes);
    const [answer] = await ask('transactions', TransactionsRequestType.serialize({ ids }));
    expect(TransactionsAnswerType.deserialize(answer as Uint8Array)).toEqual([paid[1]?.signed]);
  });
});

describe('addresses', () => {
  it('are as many as fit, without those too long for anybody', async () => {
    addresses = ['x'.repeat(257), ...Array.from({ length: 100 }, (_, i) => `/memory/${i}`)];
    const [answer] = await ask('addresses', new Uint8Array(0));
    const told = AddressesType.deserialize(answer as Uint8Array).map((bytes) =>
      Buffer.from(bytes).toString(),
    );
    expect(told).toEqual(addresses.slice(1, 1 + MAX_ADDRESSES));
  });
});

it('an answer that fails here stops the node', async () => {
  const broken = new Error('a broken disk');
  node.node.chain.headersAfter = () => {
    throw broken;
  };
  const asker = await world.start('asker', { peers: node.network.addresses() });
  await world.clock.until(() => asker.node.peers().length === 1, 'connected');
  const limits = { deadlineMs: 1_000, maxChunks: 1, maxChunkBytes: 1_000_000 };
  const request = HeadersRequestType.serialize({ locator: [] });
  const asked = asker.network.request(node.network.self, 'headers', request, limits);
  await expect(world.wait(asked, 'refused')).rejects.toMatchObject({ failure: 'refused' });
  expect(node.failures).toEqual([broken]);
});
