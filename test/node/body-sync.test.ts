/** How much of bodies is asked for at once: a window of small blocks, and of large ones no more than there is memory for. */
import { describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { type CheckedBlock, trustBlock } from '../../src/chain/records.ts';
import { encodeBlock } from '../../src/core/encoding.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import type { BlockId } from '../../src/core/identifiers.ts';
import type { BodyChecker } from '../../src/node/block-check.ts';
import { BodySync, type BodySyncOptions } from '../../src/node/body-sync.ts';
import { own } from '../../src/node/faults.ts';
import { Peers } from '../../src/node/peers.ts';
import type { Network, PeerId } from '../../src/node/ports.ts';
import { BlocksRequestType, MAX_BLOCKS_ANSWER_BYTES } from '../../src/node/wire.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { BlockMaker, NOW_MS, payment, testKey, testNetwork } from '../support/ledger.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const definition = testNetwork();
const { maxBlockBytes } = definition.params;
const LIMIT = 64 * 1_024 * 1_024;
/** What the network reads of an answer. */
const LONGEST = 2 * MAX_BLOCKS_ANSWER_BYTES;
const paid = payment(definition, {
  from: testKey(1),
  to: testKey(2).address,
  sequence: 0,
  data: new Uint8Array(1_000),
}).signed;

interface Asked {
  readonly peer: PeerId;
  readonly ids: readonly BlockId[];
  /** Gives the blocks, as many as an answer takes, but not the first of the chain. */
  answer(): void;
}

/** A body sync that knows the headers of a chain, and many peers that have it. */
function setUp(blocks: number, transactionsOfEach: number, peerCount: number) {
  const chain = Chain.open(definition, new MemoryStore());
  const maker = new BlockMaker(definition);
  const transactions = Array.from({ length: transactionsOfEach }, () => paid);
  // The checker below takes any body.
  const run = maker.chain(maker.genesis, blocks, {
    header: { transactionsRoot: new Uint8Array(32).fill(1) },
  });
  chain.addHeaders(
    run.map(({ block }) => block.sealed),
    NOW_MS,
  );
  const byId = new Map(run.map((block) => [block.id, block]));
  const withheld = run[0]?.id;
  const clock = new VirtualClock();
  const peers = new Peers();
  const under = new Set<Asked>();
  let delivered = 0;
  const bytesOf = ({ block }: CheckedBlock): Uint8Array =>
    encodeBlock({ sealed: block.sealed, transactions });
  const network = {
    request: (peer: PeerId, _: string, request: Uint8Array) => {
      const ids = BlocksRequestType.deserialize(request).ids.map((id) => bytesToHex(id) as BlockId);
      const { promise, resolve } = Promise.withResolvers<Uint8Array[]>();
      const asked: Asked = {
        peer,
        ids,
        answer() {
          const chunks: Uint8Array[] = [];
          let bytes = 0;
          for (const id of ids) {
            const chunk = bytesOf(byId.get(id) as CheckedBlock);
            if (id === withheld || (bytes > 0 && bytes + chunk.length > MAX_BLOCKS_ANSWER_BYTES)) break;
            bytes += chunk.length;
            chunks.push(chunk);
          }
          delivered += bytes;
          under.delete(asked);
          resolve(chunks);
        },
      };
      under.add(asked);
      return promise;
    },
  } as Partial<Network> as Network;
  const checker = {
    checkBlock: async (id: BlockId, block: CheckedBlock['block']) => ({
      checked: trustBlock({ id, block, transactionIds: [] }),
    }),
  } as Partial<BodyChecker> as BodyChecker;
  const options: BodySyncOptions = {
    ...{ definition, chain, network, clock, peers, checker },
    during: (_peer, _what, work) => own(Promise.resolve(work())),
    background: (work) => void work.catch((error) => expect.fail(String(error))),
    connect: () => Promise.reject(new Error('the first one is withheld')),
    refuse: () => expect.fail('nothing is wrong'),
    onRest: () => {},
  };
  for (let number = 0; number < peerCount; number++) {
    const id = `peer${number}` as PeerId;
    const peer = peers.connected({ id, address: '', direction: 'inbound', connectedAt: 0 }, 0);
    const { height, id: tip, work } = chain.bestHeader;
    peer.status = { tip, height, work, clockOffsetMs: 0, atMs: 0 };
  }
  const sync = new BodySync(options);
  /** By the answers under way. */
  const mayCome = (): number =>
    [...under].reduce((bytes, { ids }) => bytes + Math.min(LONGEST, ids.length * maxBlockBytes), 0);
  return { chain, clock, peers, sync, under, withheld, delivered: () => delivered, mayCome };
}

describe('bodies behind one that is withheld', () => {
  it('and those that may come take no more than the limit, however many peers there are', async () => {
    const { clock, delivered, mayCome, sync, under, withheld } = setUp(200, 900, 100);
    sync.wake();
    for (;;) {
      await clock.advance(0);
      expect(delivered() + mayCome()).toBeLessThanOrEqual(LIMIT);
      expect(sync.sizes().bodyBytes).toBe(delivered() + mayCome());
      const next = [...under].find(({ ids }) => ids[0] !== withheld);
      if (next === undefined) break;
      next.answer();
    }
    expect(sync.sizes().bodiesReady).toBeGreaterThan(40);
    // And the first one is asked of another all the same.
    const ofFirst = (): number => [...under].filter(({ ids }) => ids[0] === withheld).length;
    expect(ofFirst()).toBe(1);
    await clock.advance(2_500);
    expect(ofFirst()).toBe(2);
    sync.stop();
  });
});

describe('small bodies', () => {
  it('are asked for as many as the window holds, in eight answers', async () => {
    const { clock, sync, under } = setUp(1_200, 1, 8);
    sync.wake();
    await clock.advance(0);
    expect([...under].map(({ ids }) => ids.length)).toEqual(Array(8).fill(128));
    sync.stop();
  });

  it('are asked first of the peers this node dialled', async () => {
    const { chain, clock, peers, sync, under } = setUp(1_200, 1, 20);
    const dialled = { id: 'dialled' as PeerId, address: '', direction: 'outbound', connectedAt: 0 } as const;
    const { height, id: tip, work } = chain.bestHeader;
    peers.connected(dialled, 0).status = { tip, height, work, clockOffsetMs: 0, atMs: 0 };
    sync.wake();
    await clock.advance(0);
    expect([...under][0]?.peer).toBe('dialled');
    sync.stop();
  });
});
