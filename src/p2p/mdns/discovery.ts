/**
 * Finding peers of this network on the LAN by mDNS. Each network has a service name of its own, so others are not even heard.
 *
 * Every answer counts, not only the first: a peer may have vanished and come back, and the node decides whom to dial.
 *
 * The messages leave by the route for 224.0.0.251, usually the default route: a machine with several networks
 * is found on that one, and a machine without any such route only by what it hears.
 */
import { randomUUID } from 'node:crypto';
import { createSocket, type RemoteInfo } from 'node:dgram';
import type { Multiaddr } from '@multiformats/multiaddr';
import multicastDns from 'multicast-dns';
import { after } from '../../client/timers.ts';
import { invariant } from '../../core/errors.ts';
import type { PeerId } from '../../node/ports.ts';
import { asError } from '../errors.ts';
import { DatagramGate } from './datagram-gate.ts';
import { answerOf, isQuestionFor, readAnswer } from './service-records.ts';

const DEFAULT_INTERVAL_MS = 10_000;
/** Between two answers, whatever others ask: all on the LAN hear each (RFC 6762, Responding). Less where questions come faster. */
const ANSWER_SPACING_MS = 1_000;
/** Peers remembered as recently told of. A LAN has fewer; a flood of made-up ones pushes out the oldest. */
const MAX_RECENT = 1_024;

export interface DiscoveryOptions {
  readonly serviceTag: string;
  readonly intervalMs: number | undefined;
  /** Our own. */
  addresses(): readonly Multiaddr[];
  /** Called at most once an interval for each peer; for ourselves, too. */
  discovered(peer: PeerId, addresses: readonly string[]): void;
  /** No peer is found, and this is why. */
  failed(error: Error): void;
}

export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #intervalMs: number;
  readonly #gate: DatagramGate;
  /** What it calls itself in its answers: a label of DNS. */
  readonly #instance = randomUUID();
  /** When each was told of last, monotonic ms; longest ago first. */
  readonly #recent = new Map<PeerId, number>();
  #mdns: multicastDns.MulticastDNS | undefined;
  #cancelAsking: () => void = () => {};
  #cancelAnswering: (() => void) | undefined;
  #hasFailed = false;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs ?? DEFAULT_INTERVAL_MS;
    this.#gate = new DatagramGate(() => performance.now(), options.serviceTag);
  }

  start(): void {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    const mdns = multicastDns({ socket }) as multicastDns.MulticastDNS & { update(): void };
    // It looks for new interfaces now and then, and throws where the process may open no more files.
    const update = mdns.update.bind(mdns);
    mdns.update = () => {
      try {
        update();
      } catch (error) {
        this.#fail(asError(error));
      }
    };
    // The library decodes whatever it hears: the gate comes before it.
    const [decode] = socket.listeners('message') as ((datagram: Buffer, sender: RemoteInfo) => void)[];
    invariant(decode !== undefined, 'this version of multicast-dns listens at once');
    socket.removeAllListeners('message');
    socket.on('message', (datagram, sender) => {
      if (this.#gate.admits(datagram, sender.address)) decode(datagram, sender);
    });
    mdns.on('error', (error: Error) => this.#fail(error));
    mdns.on('query', (packet) => {
      if (isQuestionFor(this.#options.serviceTag, packet)) this.#answerSoon();
    });
    mdns.on('response', (packet) => {
      const found = readAnswer(this.#options.serviceTag, packet);
      if (found !== undefined) this.#tell(found.peer, found.addresses);
    });
    this.#mdns = mdns;
    this.#ask();
  }

  async stop(): Promise<void> {
    this.#cancelAsking();
    this.#cancelAnswering?.();
    const mdns = this.#mdns;
    this.#mdns = undefined;
    if (mdns === undefined) return;
    mdns.removeAllListeners('query').removeAllListeners('response');
    await new Promise<void>((resolve) => mdns.destroy(resolve));
  }

  /** Told once: it fails again at each question. */
  #fail(error: Error): void {
    if (!this.#hasFailed) this.#options.failed(error);
    this.#hasFailed = true;
  }

  #ask(): void {
    this.#gate.refresh();
    this.#mdns?.query({ questions: [{ name: this.#options.serviceTag, type: 'PTR' }] });
    this.#cancelAsking = after(this.#intervalMs, () => this.#ask());
  }

  #answerSoon(): void {
    if (this.#cancelAnswering !== undefined) return;
    const spacingMs = Math.min(ANSWER_SPACING_MS, this.#intervalMs / 2);
    const waitMs = this.#answeredAt + spacingMs - performance.now();
    this.#cancelAnswering = after(Math.max(0, waitMs), () => this.#answer());
  }

  #answer(): void {
    this.#cancelAnswering = undefined;
    this.#answeredAt = performance.now();
    const answers = answerOf(this.#options.serviceTag, this.#instance, this.#options.addresses());
    this.#mdns?.respond({ answers: [...answers] });
  }

  #tell(peer: PeerId, addresses: readonly string[]): void {
    const now = performance.now();
    const last = this.#recent.get(peer);
    // Somewhat less than the interval, which is not kept to the millisecond.
    if (last !== undefined && now - last < this.#intervalMs / 2) return;
    this.#recent.delete(peer);
    this.#recent.set(peer, now);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= MAX_RECENT) break;
      this.#recent.delete(oldest);
    }
    this.#options.discovered(peer, addresses);
  }
}
