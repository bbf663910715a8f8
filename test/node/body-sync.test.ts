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
import type { HeaderSync, HeaderTurn } from '../../src/node/header-sync.ts';
import { Peers } from '../../src/node/peers.ts';
import { type Network, type PeerId, RequestError, type RequestLimits } from '../../src/node/ports.ts';
import { Sync } from '../../src/node/sync.ts';
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
  readonly limits: RequestLimits;
  /** No block is whole at the deadline. */
  timeOut(hasBegun?: boolean): void;
  /** Gives the blocks, as many as an answer takes, up to the one it is to be without: by default the first of the chain. */
  answer(without?: BlockId | 'none'): void;
}

/** A body sync that knows the headers of a chain, and many peers that have it; the first block is given by none of them. */
function setUp(
  blocks: number,
  transactionsOfEach: number,
  peerCount: number,
  connect: BodySyncOptions['connect'] = () => Promise.reject(new Error('the first one is withheld')),
) {
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
    request: (peer: PeerId, _: string, request: Uint8Array, limits: RequestLimits) => {
      const ids = BlocksRequestType.deserialize(request).ids.map((id) => bytesToHex(id) as BlockId);
      const { promise, reject, resolve } = Promise.withResolvers<Uint8Array[]>();
      const asked: Asked = {
        ...{ peer, ids, limits },
        timeOut(hasBegun = false) {
          under.delete(asked);
          reject(new RequestError('timeout', 'no answer', { hasBegun }));
        },
        answer(without = withheld) {
          const chunks: Uint8Array[] = [];
          let bytes = 0;
          for (const id of ids) {
            const chunk = bytesOf(byId.get(id) as CheckedBlock);
            if (id === without || (bytes > 0 && bytes + chunk.length > MAX_BLOCKS_ANSWER_BYTES)) break;
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
    during: (_peer, _what, work) =>
      own(
        Promise.resolve(work()).catch((error: unknown) => {
          if (!(error instanceof RequestError)) throw error;
          return undefined;
        }),
      ),
    background: (work) => void work.catch((error) => expect.fail(String(error))),
    connect,
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
  /** All that was asked for, the first one too. */
  const give = (asked: Asked): void => asked.answer('none');
  /** By the answers under way. */
  const mayCome = (): number =>
    [...under].reduce((bytes, { ids }) => bytes + Math.min(LONGEST, ids.length * maxBlockBytes), 0);
  return { chain, clock, give, peers, sync, under, withheld, delivered: () => delivered, mayCome };
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
  it('are asked for a few at first, then for more and more while answers come soon', async () => {
    const { clock, sync, under, withheld } = setUp(1_200, 1, 4);
    sync.wake();
    await clock.advance(0);
    expect([...under].map(({ ids }) => ids.length)).toEqual(Array(4).fill(16));
    const answerAll = async (): Promise<void> => {
      for (const asked of [...under]) if (asked.ids[0] !== withheld) asked.answer();
      await clock.advance(0);
    };
    const sizes = (): number[] =>
      [...under].filter(({ ids }) => ids[0] !== withheld).map(({ ids }) => ids.length);
    await answerAll();
    expect(sizes()).toEqual(Array(6).fill(32));
    await answerAll();
    expect(Math.max(...sizes())).toBe(128);
    sync.stop();
  });

  it('are asked of no peer that has less work than they', async () => {
    const { chain, clock, peers, sync, under } = setUp(20, 1, 2);
    const [first] = chain.missingBodies(1);
    const poor = peers.get('peer0' as PeerId);
    if (poor?.status === undefined || first === undefined) throw new Error('it is connected');
    poor.status = { ...poor.status, tip: 'ab'.repeat(32) as BlockId, work: first.work - 1n };
    sync.wake();
    await clock.advance(60_000);
    expect(new Set([...under].map(({ peer }) => peer))).toEqual(new Set(['peer1']));
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

describe('a slow line', () => {
  it('is asked for less at once when its answers come late', async () => {
    const { clock, sync, under, withheld } = setUp(1_200, 1, 2);
    sync.wake();
    await clock.advance(5_000);
    [...under].find(({ ids }) => ids[0] !== withheld)?.answer();
    await clock.advance(0);
    expect([...under].map(({ ids }) => ids.length)).toEqual([16, 4]);
    sync.stop();
  });

  it('gets time for a single block, after it brought none of several', async () => {
    const { clock, sync, under } = setUp(1_200, 1, 1);
    sync.wake();
    await clock.advance(0);
    const [several] = under;
    expect(several?.limits).toMatchObject({ deadlineMs: 8_000, keepsWhole: true });
    await clock.advance(8_000);
    several?.timeOut(true);
    // It is left alone for a while first.
    await clock.advance(8_000);
    expect([...under].map(({ ids, limits }) => [ids.length, limits.deadlineMs])).toEqual([[1, 15_000]]);
    // From one that is silent none is waited for longer.
    await clock.advance(15_000);
    for (const asked of [...under]) asked.timeOut();
    await clock.advance(8_000);
    expect([...under].map(({ limits }) => limits.deadlineMs)).toEqual([8_000]);
    sync.stop();
  });

  it('is asked after all others', async () => {
    const { clock, peers, sync, under } = setUp(1_200, 1, 1);
    sync.wake();
    await clock.advance(8_000);
    for (const asked of [...under]) asked.timeOut();
    // Its pause is over in a moment; another comes before.
    await clock.advance(4_900);
    const other = { id: 'other' as PeerId, address: '', direction: 'inbound', connectedAt: 0 } as const;
    peers.connected(other, 0).status = peers.get('peer0' as PeerId)?.status;
    await clock.advance(3_000);
    expect([...under].map(({ peer }) => peer)).toEqual(['other', 'peer0']);
    sync.stop();
  });
});

describe('blocks that arrive', () => {
  /** Whether they do while the first of so many is being connected. */
  async function isArriving(blocks: number): Promise<boolean> {
    const connecting = Promise.withResolvers<void>();
    const { chain, clock, sync, under, give } = setUp(blocks, 1, 1, () => connecting.promise);
    sync.wake();
    await clock.advance(0);
    for (const asked of [...under]) give(asked);
    await clock.advance(0);
    expect(chain.bestHeader.height - chain.tip.height).toBe(blocks);
    const { isArriving } = sync;
    sync.stop();
    return isArriving;
  }

  it('are many: a miner who is ahead by a few does not stop others from mining by showing them', async () => {
    expect(await isArriving(6)).toBe(false);
    expect(await isArriving(7)).toBe(true);
  });
});

it('a turn of headers that gets on without end has company after half a minute', async () => {
  const clock = new VirtualClock();
  const chain = Chain.open(definition, new MemoryStore());
  const peers = new Peers();
  const asked: PeerId[] = [];
  const [feeder, honest] = ['feeder' as PeerId, 'honest' as PeerId];
  const run = async (peer: PeerId, _work: bigint, turn: HeaderTurn): Promise<void> => {
    asked.push(peer);
    while (peer === feeder) {
      await new Promise<void>((resolve) => clock.after(1_000, resolve));
      turn.headers += 2_000;
      turn.answeredAtMs = clock.elapsed();
    }
  };
  const bodies = { active: false, isArriving: false, wake: () => {} } as unknown as BodySync;
  const headers = { run } as unknown as HeaderSync;
  const during: BodySyncOptions['during'] = (_peer, _what, work) => own(Promise.resolve(work()));
  const sync = new Sync({
    ...{ chain, clock, peers, headers, bodies, during },
    background: () => {},
    emit: () => {},
  });
  for (const id of [feeder, honest]) {
    const peer = peers.connected({ id, address: '', direction: 'inbound', connectedAt: 0 }, 0);
    peer.status = { tip: chain.tip.id, height: 9, work: 10n ** 9n, clockOffsetMs: 0, atMs: 0 };
    sync.heard(id);
  }
  await clock.advance(29_000);
  expect(asked).toEqual([feeder]);
  await clock.advance(3_000);
  expect(asked).toEqual([feeder, honest]);
});
