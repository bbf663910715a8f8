/** A network port that passes everything on. Attackers override what they lie about. */
import type {
  BanCause,
  Network,
  NetworkListeners,
  PeerConnection,
  PeerId,
  ProtocolName,
  RequestHandler,
  RequestLimits,
  TopicName,
  Verdict,
} from '../../node/ports.ts';
import type { VirtualNetwork } from '../virtual-network.ts';

export class BentNetwork implements Network {
  readonly inner: VirtualNetwork;

  constructor(inner: VirtualNetwork) {
    this.inner = inner;
  }

  get self(): PeerId {
    return this.inner.self;
  }

  start(listeners: NetworkListeners): Promise<void> {
    return this.inner.start(listeners);
  }

  stop(): Promise<void> {
    return this.inner.stop();
  }

  addresses(): string[] {
    return this.inner.addresses();
  }

  peers(): PeerConnection[] {
    return this.inner.peers();
  }

  dial(address: string): Promise<PeerId> {
    return this.inner.dial(address);
  }

  disconnect(peer: PeerId, reason: string): Promise<void> {
    return this.inner.disconnect(peer, reason);
  }

  ban(peer: PeerId, forMs: number, cause: BanCause): Promise<void> {
    return this.inner.ban(peer, forMs, cause);
  }

  handle(protocol: ProtocolName, maxRequestBytes: number, handler: RequestHandler): void {
    this.inner.handle(protocol, maxRequestBytes, handler);
  }

  request(
    peer: PeerId,
    protocol: ProtocolName,
    request: Uint8Array,
    limits: RequestLimits,
  ): Promise<Uint8Array[]> {
    return this.inner.request(peer, protocol, request, limits);
  }

  subscribe(topic: TopicName, validate: (message: Uint8Array, from: PeerId) => Promise<Verdict>): void {
    this.inner.subscribe(topic, validate);
  }

  publish(topic: TopicName, message: Uint8Array): Promise<void> {
    return this.inner.publish(topic, message);
  }
}

/** Answers some protocols in another way. */
export class LyingNetwork extends BentNetwork {
  readonly #lie: (protocol: ProtocolName, honest: RequestHandler) => RequestHandler;

  constructor(
    inner: VirtualNetwork,
    lie: (protocol: ProtocolName, honest: RequestHandler) => RequestHandler,
  ) {
    super(inner);
    this.#lie = lie;
  }

  override handle(protocol: ProtocolName, maxRequestBytes: number, handler: RequestHandler): void {
    super.handle(protocol, maxRequestBytes, this.#lie(protocol, handler));
  }
}
