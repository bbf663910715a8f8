/** A peer in good standing, as far as libp2p can tell: it speaks every protocol, and answers as the attack likes. */
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { type GossipSub, gossipsub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import type { Connection, Libp2p, MessageStream, MultiaddrConnection, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { idToBytes } from '../../../src/core/identifiers.ts';
import type { NetworkDefinition } from '../../../src/core/network-params.ts';
import type { ProtocolName, TopicName } from '../../../src/node/ports.ts';
import { RESULT, StatusType } from '../../../src/node/wire.ts';
import { chunkStream } from '../../../src/p2p/chunk-stream.ts';
import { protocolId, topicId } from '../../../src/p2p/protocols.ts';
import { ask } from '../../../src/p2p/request-client.ts';
import type { Target } from '../attack.ts';

const DEADLINE_MS = 10_000;
const MAX_CHUNK_BYTES = 4 * 1_024 * 1_024;

/** The chunks of an answer behind its result byte; undefined: it never comes. */
export type Answer = (request: Uint8Array) => Promise<Uint8Array[] | undefined> | Uint8Array[] | undefined;
/** Writes to the stream what it likes. */
export type RawAnswer = (stream: Stream) => Promise<void>;

export interface PeerOptions {
  /** Beside a status that claims nothing, which everybody gives. */
  readonly answers?: Partial<Record<ProtocolName, Answer>>;
  readonly rawAnswers?: Partial<Record<ProtocolName, RawAnswer>>;
  /** Default: true. */
  readonly gossips?: boolean;
  /** Protocols it says it speaks beside those. */
  readonly protocols?: readonly string[];
  readonly userAgent?: string;
}

/** What libp2p's connections have, and do not show. */
interface ConnectionInternals {
  /** Encrypted; what is sent here is yamux. */
  readonly muxer: { readonly maConn: MessageStream };
}

export class HostilePeer {
  /** Below noise; those that were dialled. */
  readonly #sockets: Set<MultiaddrConnection>;
  readonly #node: Libp2p;
  readonly #definition: NetworkDefinition;
  readonly #gossip: GossipSub | undefined;

  private constructor(
    node: Libp2p,
    sockets: Set<MultiaddrConnection>,
    definition: NetworkDefinition,
    gossip: GossipSub | undefined,
  ) {
    this.#node = node;
    this.#sockets = sockets;
    this.#definition = definition;
    this.#gossip = gossip;
  }

  static async create(definition: NetworkDefinition, options: PeerOptions): Promise<HostilePeer> {
    const { answers = {}, gossips = true, protocols = [], rawAnswers = {}, userAgent } = options;
    const sockets = new Set<MultiaddrConnection>();
    const node = await createLibp2p({
      ...(userAgent === undefined ? {} : { nodeInfo: { userAgent } }),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcpThatTells((socket) => sockets.add(socket))],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux({ enableKeepAlive: false })],
      connectionManager: { maxConnections: 1_000, inboundConnectionThreshold: 1_000 },
      connectionMonitor: { enabled: false },
      services: {
        identify: identify(),
        ...(gossips
          ? {
              gossip: gossipsub({
                globalSignaturePolicy: 'StrictNoSign',
                allowPublishToZeroTopicPeers: true,
                floodPublish: true,
                maxOutboundBufferSize: 64 * 1_024 * 1_024,
                // What honest daemons do is of no concern.
                scoreThresholds: { gossipThreshold: -1e9, publishThreshold: -2e9, graylistThreshold: -3e9 },
              }),
            }
          : {}),
      },
    });
    const gossip = (node.services as { gossip?: GossipSub }).gossip;
    const peer = new HostilePeer(node, sockets, definition, gossip);
    const all: Partial<Record<ProtocolName, Answer>> = {
      status: () => [statusBytes(definition, {})],
      ...answers,
    };
    for (const [name, answer] of Object.entries(all) as [ProtocolName, Answer][]) {
      if (rawAnswers[name] === undefined) await peer.#answer(name, (stream) => answerWith(stream, answer));
    }
    for (const [name, answer] of Object.entries(rawAnswers) as [ProtocolName, RawAnswer][]) {
      await peer.#answer(name, answer);
    }
    for (const protocol of protocols) await node.handle(protocol, (stream) => stream.abort(new Error('no')));
    for (const topic of ['transactions', 'block'] as const) gossip?.subscribe(topicId(definition.id, topic));
    return peer;
  }

  get id(): string {
    return this.#node.peerId.toString();
  }

  /** Multiaddrs. */
  get addresses(): string[] {
    return this.#node.getMultiaddrs().map(String);
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#node.getConnections().filter(({ status }) => status === 'open').length;
  }

  async connect(target: Target): Promise<Connection> {
    return this.#node.dial(multiaddr(target.address), { signal: AbortSignal.timeout(DEADLINE_MS) });
  }

  /** Everybody connected. */
  async hangUp(): Promise<void> {
    await Promise.allSettled(this.#node.getConnections().map((connection) => connection.close()));
  }

  /** A raw stream that the attack writes to as it likes. */
  async stream(target: Target, protocol: ProtocolName | 'meshsub'): Promise<Stream> {
    const connection = await this.connect(target);
    const name = protocol === 'meshsub' ? '/meshsub/1.1.0' : protocolId(this.#definition.id, protocol);
    return connection.newStream(name, {
      signal: AbortSignal.timeout(DEADLINE_MS),
      maxOutboundStreams: 10_000,
    });
  }

  /** In good form. @returns the chunks of the answer */
  async request(target: Target, protocol: ProtocolName, request: Uint8Array): Promise<Uint8Array[]> {
    const limits = {
      ...{ deadlineMs: DEADLINE_MS, maxChunks: 256, maxChunkBytes: MAX_CHUNK_BYTES },
      isSilent: () => false,
    };
    return ask(await this.connect(target), protocolId(this.#definition.id, protocol), request, limits);
  }

  /** Tells a status, which the other side believes until it is shown to be wrong. */
  async tellStatus(target: Target, claim: Partial<StatusClaim>): Promise<void> {
    await this.request(target, 'status', statusBytes(this.#definition, claim));
  }

  /** To everybody connected that is subscribed. */
  async publish(topic: TopicName, message: Uint8Array): Promise<void> {
    await this.#gossip?.publish(topicId(this.#definition.id, topic), message);
  }

  /** Until at least so many of those connected hear what it publishes, or a few seconds are over. */
  async heard(listeners = 1, signal?: AbortSignal): Promise<void> {
    const endsAt = performance.now() + DEADLINE_MS;
    const topic = topicId(this.#definition.id, 'block');
    while ((this.#gossip?.getSubscribers(topic).length ?? 0) < listeners) {
      if (performance.now() > endsAt || signal?.aborted === true) throw new Error('no daemon listens');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** From now on nothing that arrives is read, by any layer. */
  stopReading(): void {
    for (const socket of this.#sockets) socket.pause();
  }

  /** Yamux frames of its own making, on the connection to a target. @returns bytes that wait to leave here */
  async sendFrames(target: Target, frames: Uint8Array): Promise<number> {
    const { muxer } = (await this.connect(target)) as unknown as ConnectionInternals;
    muxer.maConn.send(frames);
    const waiting = [...this.#sockets].reduce((sum, socket) => sum + socket.writeBufferLength, 0);
    return waiting + muxer.maConn.writeBufferLength;
  }

  async end(): Promise<void> {
    await this.#node.stop();
  }

  async #answer(name: ProtocolName, answer: RawAnswer): Promise<void> {
    await this.#node.handle(
      protocolId(this.#definition.id, name),
      (stream) =>
        void answer(stream).catch((error: unknown) =>
          stream.abort(error instanceof Error ? error : new Error(String(error))),
        ),
      { maxInboundStreams: 1_000 },
    );
  }
}

/** TCP whose sockets can be got hold of. */
function tcpThatTells(dialled: (socket: MultiaddrConnection) => void): ReturnType<typeof tcp> {
  return (components) => {
    const transport = tcp()(components);
    const dial = transport.dial.bind(transport);
    transport.dial = (to, options) => {
      const upgrader = Object.create(options.upgrader) as typeof options.upgrader;
      upgrader.upgradeOutbound = (socket, upgrading) => {
        dialled(socket);
        return options.upgrader.upgradeOutbound(socket, upgrading);
      };
      return dial(to, { ...options, upgrader });
    };
    return transport;
  };
}

export interface StatusClaim {
  readonly networkId: Uint8Array;
  /** Of the tip: 32 bytes. */
  readonly tip: Uint8Array;
  readonly height: bigint;
  readonly work: bigint;
  /** ms since 1970. */
  readonly clock: bigint;
}

/** What is not claimed is as of a node that knows the genesis only. */
export function statusBytes(definition: NetworkDefinition, claim: Partial<StatusClaim>): Uint8Array {
  return StatusType.serialize({
    networkId: definition.idBytes,
    tip: idToBytes(definition.genesisId),
    height: 0n,
    work: 0n,
    clock: BigInt(Date.now()),
    ...claim,
  });
}

async function answerWith(stream: Stream, answer: Answer): Promise<void> {
  const chunks = chunkStream(stream, MAX_CHUNK_BYTES);
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const request = (await chunks.read(signal)) ?? new Uint8Array(0);
  const answered = await answer(request);
  if (answered === undefined) return;
  await chunks.write(Uint8Array.of(RESULT.ok), signal);
  for (const chunk of answered) await chunks.write(chunk, signal);
  await stream.close({ signal });
}
