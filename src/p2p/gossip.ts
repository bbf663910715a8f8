/** Gossip over gossipsub: topics, verdicts, and a watch over peers that fell silent to it. */
import type { GossipSub } from '@libp2p/gossipsub';
import { TopicValidatorResult } from '@libp2p/gossipsub';
import type { Connection, PeerId as Libp2pPeerId, Stream } from '@libp2p/interface';
import { invariant } from '../core/errors.ts';
import type { PeerId, Verdict } from '../node/ports.ts';
import { MAX_GOSSIP_BYTES } from '../node/wire.ts';
import { asError } from './errors.ts';
import { GossipIntake } from './gossip-intake.ts';
import { RememberedMessages } from './gossip-memory.ts';
import { IgnoredMessages } from './ignored-messages.ts';
import type { Log } from './log.ts';
import { peerIdOf } from './peer-key.ts';
import { type ValidationBounds, ValidationQueue } from './validation-queue.ts';

/** Gossipsub opens its stream right after `identify`; a peer without one for so long stays without. */
const SILENCE_LIMIT_MS = 10_000;
/** How long a peer may ask not to be taken into the mesh again: gossipsub's own is a minute, and keeps for as long as a peer says who asked. */
const MAX_BACKOFF_MS = 10 * 60_000;

/** What the implementation has beyond its published interface, and this room needs. */
interface GossipInternals {
  onIncomingStream(stream: Stream, connection: Connection): void;
  createOutboundStream(peer: Libp2pPeerId, connection: Connection): Promise<void>;
  doAddBackoff(peer: string, topic: string, forMs: number): void;
  readonly streamsOutbound: ReadonlyMap<string, unknown>;
  readonly status: { readonly heartbeatTimeout?: NodeJS.Timeout };
}

const VERDICTS: Readonly<Record<Verdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
  unread: TopicValidatorResult.Ignore,
};

export class Gossip {
  readonly #gossipsub: GossipSub & GossipInternals;
  readonly #log: Log;
  readonly #intake: GossipIntake;
  readonly #remembered: RememberedMessages;
  readonly #topics: string[] = [];
  /** The streams to each peer that are being opened, the last of them. */
  readonly #opening = new Map<PeerId, Promise<void>>();
  /** Since when a peer has no gossip stream, on the monotonic clock. */
  readonly #silentSince = new Map<PeerId, number>();

  /**
   * Before libp2p starts.
   *
   * @param onStalling a peer begins a frame and does not end it, or sends more than it could by chance
   */
  constructor(gossipsub: GossipSub, log: Log, onStalling: (connection: Connection, reason: string) => void) {
    invariant(
      ['streamsOutbound', 'status', 'onIncomingStream', 'createOutboundStream', 'doAddBackoff'].every(
        (name) => name in gossipsub,
      ),
      'this version of gossipsub has these fields',
    );
    this.#gossipsub = gossipsub as GossipSub & GossipInternals;
    this.#log = log;
    this.#remembered = new RememberedMessages(gossipsub);
    this.#intake = new GossipIntake(() => performance.now(), onStalling);
    const onIncomingStream = this.#gossipsub.onIncomingStream.bind(gossipsub);
    this.#gossipsub.onIncomingStream = (stream, connection) => {
      this.#intake.follow(stream, connection);
      onIncomingStream(stream, connection);
    };
    this.#openStreamsSideBySide();
    const doAddBackoff = this.#gossipsub.doAddBackoff.bind(gossipsub);
    this.#gossipsub.doAddBackoff = (peer, topic, forMs) =>
      doAddBackoff(peer, topic, Math.min(forMs, MAX_BACKOFF_MS));
  }

  /** Gossipsub opens one stream after the other: two peers that do not answer would hold up everybody's. */
  #openStreamsSideBySide(): void {
    const open = this.#gossipsub.createOutboundStream.bind(this.#gossipsub);
    this.#gossipsub.createOutboundStream = async (peer, connection) => {
      const id = peerIdOf(peer);
      // One after the other for each peer: the second finds what the first has opened.
      const opened = (this.#opening.get(id) ?? Promise.resolve())
        .then(() => open(peer, connection))
        .catch((thrown: unknown) => {
          this.#log('debug', 'a gossip stream could not be opened', {
            peer: id,
            reason: asError(thrown).message,
          });
        });
      this.#opening.set(id, opened);
      void opened.then(() => {
        if (this.#opening.get(id) === opened) this.#opening.delete(id);
      });
    };
  }

  /** To be called about once a second. */
  watch(): void {
    this.#intake.watch();
  }

  /** Before `start`. */
  subscribe(
    topic: string,
    validate: (message: Uint8Array, from: PeerId) => Promise<Verdict>,
    bounds: ValidationBounds,
  ): void {
    this.#topics.push(topic);
    const pending = new ValidationQueue(bounds);
    const ignored = new IgnoredMessages(() => performance.now(), bounds.ignoredOfPeer);
    const judge = async (from: PeerId, data: Uint8Array): Promise<Verdict> => {
      if (data.length > MAX_GOSSIP_BYTES) return 'reject';
      const owner = this.#intake.ownerOf(from);
      if (ignored.isSpent(owner)) return 'unread';
      return pending.run(from, data.length, async () => {
        try {
          // Node's Buffer, which libp2p hands out, differs from its base: its slice does not copy.
          const verdict = await validate(new Uint8Array(data.buffer, data.byteOffset, data.length), from);
          if (verdict === 'ignore') ignored.add(owner);
          return verdict;
        } catch (thrown) {
          this.#log('warn', 'a gossip message could not be checked', {
            from,
            topic,
            reason: asError(thrown).message,
          });
          return 'ignore';
        }
      });
    };
    this.#gossipsub.topicValidators.set(topic, async (peer, message) => {
      const from = peerIdOf(peer);
      this.#intake.sentNew(from);
      this.#remembered.trim();
      const verdict = await judge(from, message.data);
      // Gossipsub takes it for heard already: a peer that is not listened to would silence what it says first.
      if (verdict === 'unread') {
        this.#remembered.forget(message);
        this.#intake.wasUnread(from, message.data.length);
      }
      return VERDICTS[verdict];
    });
  }

  /** After libp2p started. */
  start(): void {
    for (const topic of this.#topics) this.#gossipsub.subscribe(topic);
  }

  /** @throws RangeError if the message is too long: the caller broke its promise */
  async publish(topic: string, message: Uint8Array): Promise<void> {
    if (message.length > MAX_GOSSIP_BYTES) {
      throw new RangeError(`a gossip message of ${message.length} bytes of at most ${MAX_GOSSIP_BYTES}`);
    }
    await this.#gossipsub.publish(topic, message);
  }

  /**
   * Gossipsub opens its stream to a peer once. If it dies while the connection lives, nothing arrives there any
   * more and nobody notices: only a new connection helps.
   *
   * @param peers all that are connected
   * @param nowMs of a monotonic clock
   * @returns those that have had no stream for too long
   */
  silentPeers(peers: readonly PeerId[], nowMs: number): PeerId[] {
    const connected = new Set(peers);
    for (const peer of this.#silentSince.keys()) if (!connected.has(peer)) this.#silentSince.delete(peer);
    return peers.filter((peer) => {
      if (this.#gossipsub.streamsOutbound.has(peer)) {
        this.#silentSince.delete(peer);
        return false;
      }
      const since = this.#silentSince.get(peer) ?? nowMs;
      this.#silentSince.set(peer, since);
      return nowMs - since > SILENCE_LIMIT_MS;
    });
  }

  /** Gossipsub's own stop leaves its heartbeat's timer behind, which keeps the process alive. @returns what ends it */
  heartbeatStopper(): () => void {
    const { heartbeatTimeout } = this.#gossipsub.status;
    return () => clearTimeout(heartbeatTimeout);
  }
}
