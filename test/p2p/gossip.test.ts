/** Gossip when somebody misbehaves: what is invalid costs, what is garbage harms nobody else. */
import { randomBytes } from 'node:crypto';
import type { GossipSub } from '@libp2p/gossipsub';
import { RPC } from '@libp2p/gossipsub/message';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Verdict } from '../../src/node/ports.ts';
import { MAX_GOSSIP_BYTES } from '../../src/node/wire.ts';
import { withLength } from '../../src/p2p/chunk-stream.ts';
import { STREAM_WINDOW_BYTES } from '../../src/p2p/connections/frame-watch.ts';
import { Gossip } from '../../src/p2p/gossip.ts';
import { MESSAGE_RATE, NEW_MESSAGE_RATE } from '../../src/p2p/gossip-intake.ts';
import { RememberedMessages } from '../../src/p2p/gossip-memory.ts';
import type { Libp2pNetwork } from '../../src/p2p/network.ts';
import { topicId } from '../../src/p2p/protocols.ts';
import { VALIDATION_BOUNDS } from '../../src/p2p/validation-queue.ts';
import {
  createNetwork,
  createPlainNode,
  freshNetworkId,
  type PlainNode,
  pretend,
  until,
} from '../support/libp2p-peers.ts';
import { LIMITS, Witness } from '../support/network-compliance.ts';

const networkId = freshNetworkId();
const topic = topicId(networkId, 'block');
const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

interface Party {
  readonly network: Libp2pNetwork;
  readonly witness: Witness;
  readonly heard: string[];
}

/** Says what the first byte of a message asks for. */
async function party(): Promise<Party> {
  const network = await createNetwork(networkId);
  const heard: string[] = [];
  network.handle('status', 100, (request) => [request]);
  network.subscribe('block', async (message): Promise<Verdict> => {
    heard.push(Buffer.from(message.subarray(0, 32)).toString());
    const first = String.fromCharCode(message[0] ?? 0);
    return first === 'R' ? 'reject' : first === 'I' ? 'ignore' : 'accept';
  });
  const witness = new Witness();
  await network.start(witness);
  stops.push(() => network.stop());
  return { network, witness, heard };
}

const text = (message: string) => Buffer.from(message);

function addressOf({ network }: Party): string {
  return network.addresses()[0] ?? '';
}

/** Says something until it is heard. */
async function hears(listener: Party, say: (message: string) => void): Promise<void> {
  const before = listener.heard.length;
  let count = 0;
  await until(() => {
    say(`A ${performance.now()} ${count++}`);
    return listener.heard.length > before;
  }, 'it is heard');
}

describe('a message', () => {
  it('of the greatest length passes from hand to hand', async () => {
    const [a, b, c] = [await party(), await party(), await party()];
    await b.network.dial(addressOf(a));
    await c.network.dial(addressOf(b));
    await hears(c, (message) => void a.network.publish('block', text(message)));
    const long = new Uint8Array(MAX_GOSSIP_BYTES).fill('L'.charCodeAt(0));
    await a.network.publish('block', long);
    await until(() => c.heard.includes('L'.repeat(32)), 'the long message arrived');
    await hears(c, (message) => void a.network.publish('block', text(message)));
    expect(b.network.peers()).toHaveLength(2);
  });

  it('that is longer is refused to the publisher', async () => {
    const a = await party();
    await expect(a.network.publish('block', new Uint8Array(MAX_GOSSIP_BYTES + 1))).rejects.toThrow(
      RangeError,
    );
  });
});

describe('a hostile peer', () => {
  let victim: Party;
  let friend: Party;
  let plain: PlainNode;
  let connection: Connection;

  beforeEach(async () => {
    [victim, friend] = [await party(), await party()];
    await friend.network.dial(addressOf(victim));
    plain = await createPlainNode();
    stops.push(() => plain.stop());
    await pretend(plain, networkId);
    connection = await plain.dial(multiaddr(addressOf(victim)));
    await until(() => victim.network.peers().length === 2, 'it counts as a peer');
    plain.services.gossip.subscribe(topic);
    await until(() => plain.services.gossip.getSubscribers(topic).length === 1, 'it knows the topic');
  });

  const say = (message: string) =>
    void plain.services.gossip.publish(topic, text(message)).catch(() => undefined);

  /** Both still hear each other and answer. */
  async function isWell(): Promise<void> {
    await hears(victim, (message) => void friend.network.publish('block', text(message)));
    await hears(friend, (message) => void victim.network.publish('block', text(message)));
    expect(
      await victim.network.request(friend.network.self, 'status', Uint8Array.of(1), LIMITS),
    ).toHaveLength(1);
    expect(victim.witness.disconnections.map(({ peer }) => peer)).not.toContain(friend.network.self);
  }

  it('is heard as long as it behaves', async () => {
    for (let count = 0; count < 3; count++) await hears(victim, say);
  });

  it('is no longer heard after a dozen invalid messages', async () => {
    await hears(victim, say);
    for (let count = 0; count < 12; count++) say(`R ${count}`);
    await until(
      () => victim.heard.filter((message) => message.startsWith('R')).length >= 10,
      'they were rejected',
    );
    // Gossipsub looks at the score anew after a second or 128 messages, so it takes a few more.
    let said = 0;
    let heard = -1;
    let quiet = 0;
    await until(() => {
      quiet = victim.heard.length === heard ? quiet + 1 : 0;
      heard = victim.heard.length;
      for (let count = 0; count < 5; count++) say(`A ${said++}`);
      return quiet === 50;
    }, 'nothing it says is heard');
    await isWell();
  });

  it('harms nobody else by a topic that is not ours', async () => {
    plain.services.gossip.subscribe('/elsewhere');
    for (let count = 0; count < 20; count++) {
      await plain.services.gossip.publish('/elsewhere', text(`E ${count}`));
    }
    await isWell();
    expect(victim.heard.filter((message) => message.startsWith('E'))).toEqual([]);
  });

  it.each<[string, () => Uint8Array]>([
    ['garbage', () => randomBytes(10_000)],
    [
      'garbage in frames',
      () => Buffer.concat(Array.from({ length: 50 }, () => withLength(randomBytes(200)))),
    ],
    ['a frame announced as longer than any', () => Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 1, 2, 3)],
    ['a frame cut off', () => withLength(new Uint8Array(1_000)).subarray(0, 100)],
    ['a frame of 3 MiB of nothing', () => withLength(new Uint8Array(3 * 1_024 * 1_024))],
  ])('harms nobody else by %s', async (_, garbage) => {
    const stream = await connection.newStream('/meshsub/1.1.0');
    try {
      stream.send(garbage());
      await stream.close();
    } catch {
      // The other side may end it before all is sent.
    }
    await isWell();
  });

  it('has no more tiny messages remembered than a rate allows, however many it sends', {
    timeout: 120_000,
  }, async () => {
    const remembered = vi.spyOn(RememberedMessages.prototype, 'trim');
    stops.push(() => remembered.mockRestore());
    const sent = 200_000;
    const perFrame = 2_000;
    const stream = await connection.newStream('/meshsub/1.1.0');
    const begunMs = performance.now();
    for (let first = 0; first < sent; first += perFrame) {
      const messages = Array.from({ length: perFrame }, (_, index) => ({
        topic,
        data: text(`A ${first + index}`),
      }));
      stream.send(withLength(RPC.encode({ subscriptions: [], messages })));
    }
    const isSentAway = (): boolean => stream.status !== 'open';
    await until(
      () => isSentAway() || remembered.mock.calls.length >= NEW_MESSAGE_RATE.burst,
      'the burst has come',
      60_000,
    );
    let before = -1;
    // Until nothing more of it comes while others are heard.
    while (remembered.mock.calls.length - before > 100) {
      before = remembered.mock.calls.length;
      await isWell();
    }
    const seconds = (performance.now() - begunMs) / 1_000;
    // Two windows: what was under way when the first pause began.
    const aWindow = STREAM_WINDOW_BYTES / topic.length;
    const rated = MESSAGE_RATE.burst + seconds * MESSAGE_RATE.perSecond;
    expect(rated + 2 * aWindow).toBeLessThan(sent / 2);
    expect(remembered.mock.calls.length).toBeLessThan(rated + 2 * aWindow);
  });

  it('is not listened to for long if all it says is ignored, and others are', async () => {
    const { burst, perSecond } = VALIDATION_BOUNDS.block.ignoredOfPeer;
    const begunMs = performance.now();
    const stream = await connection.newStream('/meshsub/1.1.0');
    const ignored = () => victim.heard.filter((message) => message.startsWith('I')).length;
    const sent = 3 * burst;
    for (let first = 0; first < sent; first += 32) {
      const messages = Array.from({ length: 32 }, (_, index) => ({
        topic,
        data: text(`I ${first + index}`),
      }));
      stream.send(withLength(RPC.encode({ subscriptions: [], messages })));
    }
    await until(() => ignored() >= burst, 'it is listened to at first', 30_000);
    let before = -1;
    while (ignored() - before > 0) {
      before = ignored();
      await isWell();
    }
    const seconds = (performance.now() - begunMs) / 1_000;
    // Those that are being looked at when the budget is spent.
    expect(ignored()).toBeLessThanOrEqual(
      burst + seconds * perSecond + VALIDATION_BOUNDS.block.messagesOfPeer,
    );
  });

  it('that is not listened to silences nothing by saying it first', async () => {
    const { burst } = VALIDATION_BOUNDS.block.ignoredOfPeer;
    const stream = await connection.newStream('/meshsub/1.1.0');
    const say = (...all: string[]): void => {
      const messages = all.map((data) => ({ topic, data: text(data) }));
      stream.send(withLength(RPC.encode({ subscriptions: [], messages })));
    };
    const ignored = () => victim.heard.filter((message) => message.startsWith('I')).length;
    for (let first = 0; first < 2 * burst; first += 32)
      say(...Array.from({ length: 32 }, (_, index) => `I ${first + index}`));
    await until(() => ignored() >= burst, 'it is not listened to any more', 30_000);
    say('A what a friend is about to say');
    await isWell();
    expect(victim.heard).not.toContain('A what a friend is about to say');
    await friend.network.publish('block', text('A what a friend is about to say'));
    await until(() => victim.heard.includes('A what a friend is about to say'), 'the friend is heard');
  });

  it('harms nobody else by a message longer than allowed', async () => {
    await plain.services.gossip.publish(topic, new Uint8Array(MAX_GOSSIP_BYTES + 1).fill('X'.charCodeAt(0)));
    await isWell();
    expect(victim.heard).not.toContain('X'.repeat(32));
  });
});

describe('a peer whose gossip stream died', () => {
  it('is disconnected, so that it can be connected to anew', { timeout: 40_000 }, async () => {
    const victim = await party();
    const plain = await createPlainNode();
    stops.push(() => plain.stop());
    await pretend(plain, networkId);
    await plain.unhandle(['/meshsub/1.2.0', '/meshsub/1.1.0', '/meshsub/1.0.0']);
    await plain.dial(multiaddr(addressOf(victim)));
    await until(() => victim.witness.connections.length === 1, 'it counts as a peer');
    await until(() => victim.witness.disconnections.length === 1, 'it was disconnected', 20_000);
    expect(victim.witness.disconnections[0]?.reason).toBe('gossip with it had broken off');
  });
});

it('the stream to one peer is opened whether others answer or not, and one after the other for each peer', async () => {
  const asked: string[] = [];
  const ends = new Map<string, () => void>();
  const gossipsub = {
    streamsOutbound: new Map(),
    status: {},
    seenCache: { entries: new Map() },
    score: { deliveryRecords: { records: new Map(), queue: [] } },
    onIncomingStream: () => {},
    doAddBackoff: () => {},
    createOutboundStream: (peer: string, connection: string) => {
      asked.push(`${peer} ${connection}`);
      return new Promise<void>((resolve) => ends.set(`${peer} ${connection}`, resolve));
    },
  };
  new Gossip(
    gossipsub as unknown as GossipSub,
    () => {},
    () => {},
  );
  // As gossipsub does: it waits for each.
  for (const [peer, connection] of [
    ['silent', '1'],
    ['silent', '2'],
    ['mute', '1'],
    ['honest', '1'],
  ] as const)
    await gossipsub.createOutboundStream(peer, connection);
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(asked).toEqual(['silent 1', 'mute 1', 'honest 1']);
  ends.get('silent 1')?.();
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(asked.at(-1)).toBe('silent 2');
});
