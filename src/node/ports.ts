/**
 * The ports: all that a node asks of the world. The daemon plugs in libp2p, the wall clock, worker
 * threads; the simulator and the tests plug in virtual ones, and the node cannot tell.
 */
import { OutsideError } from '../core/errors.ts';
import type { SignatureCheck, Urgency } from '../core/signature.ts';

/**
 * Two clocks. The ledger's is this machine's wall clock: an operator or NTP may set it back or forward by hours at any
 * moment. Elapsed time never runs back, and tells nothing but how long something took.
 */
export interface Clock {
  /**
   * Ledger time, milliseconds since 1970: for templates, for blocks ahead of their time, for the clock told in a
   * status and for times that are shown. Nothing waits by it.
   */
  now(): number;
  /** Milliseconds since some beginning: for every deadline, duration and age. */
  elapsed(): number;
  /** Calls once, after `delayMs` of elapsed time; any length, also longer than a timer of the machine can be. @returns what cancels it */
  after(delayMs: number, call: () => void): () => void;
}

export interface Random {
  /** At least 0, less than 1. */
  next(): number;
}

/** Checks many signatures at once; which threads do it is its own business. */
export interface SignatureVerifier {
  /**
   * @param urgency `block` unless given; what strangers sent lets the others go before
   * @returns a verdict for each, in the same order
   */
  verify(checks: readonly SignatureCheck[], urgency?: Urgency): Promise<boolean[]>;
}

/** A search for a nonce. */
export interface MiningJob {
  /** `hash_tree_root(Header)`, 32 bytes. */
  readonly headerRoot: Uint8Array;
  /** The block id must not be greater. */
  readonly target: bigint;
}

export interface Miner {
  readonly threads: number;
  /**
   * Searches on all threads; a second search begins only after the first ended.
   *
   * @returns the 32-byte nonce, or undefined once `signal` aborts
   */
  search(job: MiningJob, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Hashes a second over the last few seconds of searching; 0 a moment after the last search. */
  hashrate(): number;
  close(): Promise<void>;
}

declare const brand: unique symbol;
/** A peer's name, as libp2p writes it: the hash of its key, so it cannot be borrowed. */
export type PeerId = string & { readonly [brand]: 'PeerId' };

export interface PeerConnection {
  readonly id: PeerId;
  /** The multiaddr it is reached at, or came from. */
  readonly address: string;
  readonly direction: 'inbound' | 'outbound';
  /** Milliseconds since 1970, to be shown. */
  readonly connectedAt: number;
}

/** Request/response protocols; what they carry is in `wire.ts`. */
export type ProtocolName =
  | 'status'
  | 'headers'
  | 'blocks'
  | 'block-transactions'
  | 'pool'
  | 'transactions'
  | 'addresses';
/** Gossip topics. */
export type TopicName = 'transactions' | 'block';

/**
 * What becomes of a gossip message: passed on, dropped, or dropped at the sender's expense. One that is `unread` was
 * dropped because of who sent it: the next peer that says the same is to be heard.
 */
export type Verdict = 'accept' | 'ignore' | 'reject' | 'unread';

export interface RequestLimits {
  /** From opening the stream to the last byte. */
  readonly deadlineMs: number;
  readonly maxChunks: number;
  readonly maxChunkBytes: number;
  /** At the deadline the chunks that are whole are the answer, if there are any. Default: false. */
  readonly keepsWhole?: boolean;
}

/**
 * Answers one request. The chunks are sent as they are produced, no faster than the peer reads.
 * A `RequestRefused` it throws is told to the peer; anything else is a failure of ours.
 */
export type RequestHandler = (
  request: Uint8Array,
  from: PeerId,
) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * What a ban is mostly for. Misdeeds are held against the peer's address too, for a peer id costs nothing to make; a slow
 * line or a busy machine is no fault of the others behind that address.
 */
export type BanCause = 'misdeeds' | 'slowness';

export interface NetworkListeners {
  connected(peer: PeerConnection): void;
  /** @param reason in plain words, for the log */
  disconnected(peer: PeerId, reason: string): void;
  /** A connected peer said what it calls itself: some printable characters, and a claim like any other. */
  named?(peer: PeerId, name: string): void;
  /** Somebody of this network was seen (mDNS): not connected yet. */
  discovered(peer: PeerId, addresses: readonly string[]): void;
}

export interface Network {
  readonly self: PeerId;
  /** Begins to listen. Handlers and subscriptions are registered before. */
  start(listeners: NetworkListeners): Promise<void>;
  /** Ends every connection; within two seconds, whatever happens. */
  stop(): Promise<void>;
  /** Multiaddrs others can reach this node at, with its peer id. */
  addresses(): string[];
  /** One entry a peer, however many connections there are to it. */
  peers(): PeerConnection[];
  /** @throws OperationError if nobody of this network answers there */
  dial(address: string): Promise<PeerId>;
  disconnect(peer: PeerId, reason: string): Promise<void>;
  /** Disconnects and takes no connection from this peer for so long, in ms; 0 ends an earlier ban. */
  ban(peer: PeerId, forMs: number, cause: BanCause): Promise<void>;
  handle(protocol: ProtocolName, maxRequestBytes: number, handler: RequestHandler): void;
  /** @throws RequestError */
  request(
    peer: PeerId,
    protocol: ProtocolName,
    request: Uint8Array,
    limits: RequestLimits,
  ): Promise<Uint8Array[]>;
  subscribe(topic: TopicName, validate: (message: Uint8Array, from: PeerId) => Promise<Verdict>): void;
  /** Sends to everybody; nobody being there is no error. @param message at most `MAX_GOSSIP_BYTES` */
  publish(topic: TopicName, message: Uint8Array): Promise<void>;
}

/**
 * Why a request got no answer.
 *
 * - `timeout`: the deadline passed.
 * - `disconnected`: no connection, or it broke, or nothing comes over it any more.
 * - `unsupported`: the peer does not speak the protocol: most likely another network.
 * - `refused`: the peer said no (too many requests, or it finds the request invalid).
 * - `malformed`: the answer broke the framing or a limit: the peer's fault.
 */
export type RequestFailure = 'timeout' | 'disconnected' | 'unsupported' | 'refused' | 'malformed';

export class RequestError extends OutsideError {
  override readonly name = 'RequestError';
  readonly failure: RequestFailure;
  /** Whether the answer had begun to come. */
  readonly hasBegun: boolean;

  constructor(failure: RequestFailure, message: string, options: ErrorOptions & { hasBegun?: boolean } = {}) {
    super(message, options);
    this.failure = failure;
    this.hasBegun = options.hasBegun === true;
  }
}

/** Thrown by a request handler: the peer asked for something it may not have. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly reason: 'invalid' | 'busy';

  constructor(reason: 'invalid' | 'busy', message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Something we tried did not work (a dial, a file, a port). Says what to try. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
}
