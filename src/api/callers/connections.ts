/**
 * The connections of all callers. Strangers and each of their addresses have a share of the places; where none is left,
 * a newcomer gets that of the connection that is of the least use: one that never asked for anything, then one that
 * waits between two requests, then one whose request or answer does not get on. What makes no progress for some seconds
 * ends by itself. Time is elapsed time: it never runs back.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import {
  ANSWER_STALL_MS,
  BODY_STALL_MS,
  LEAST_BODY_BYTES,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_OF_ADDRESS,
  MAX_CONNECTIONS_OF_STRANGERS,
  MAX_PIPELINED,
  MAX_UNREAD_BYTES,
  SWEEP_MS,
  YIELD_MS,
} from '../limits.ts';
import { isLoopbackAddress, networkOf } from './caller.ts';
import { refuseRaw } from './refuse-raw.ts';

/** How far one direction of a connection has got, and since when. */
interface Progress {
  bytes: number;
  atMs: number;
}

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  readonly isOwn: boolean;
  /** Under way, oldest first; more than one if the caller does not wait for answers. */
  readonly answers: Set<ServerResponse>;
  /** The last one that began to come, and when its head was here. */
  request: IncomingMessage | undefined;
  askedAtMs: number;
  /** Since it came, or its last answer was over. */
  idleSinceMs: number;
  readonly read: Progress;
  readonly sent: Progress;
}

/** The order in which places are given away; `busy` ones never. */
const USES = ['never spoke', 'between requests', 'request coming', 'answer not read', 'busy'] as const;
type Use = (typeof USES)[number];

export class Connections {
  readonly #open = new Map<Socket, Connection>();
  readonly #sweeping: NodeJS.Timeout;

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => this.#admit(socket));
    server.on('request', (request, response) => this.#asked(request, response));
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeping.unref();
  }

  close(): void {
    clearInterval(this.#sweeping);
  }

  /** For how long nothing of an answer was taken, though there is something, or the body has been coming (ms). */
  stalledMs({ req, socket }: ServerResponse): number {
    const connection = socket === null ? undefined : this.#open.get(socket);
    if (connection === undefined) return 0;
    const isComing = connection.request === req && !req.complete;
    return isComing ? performance.now() - connection.askedAtMs : this.#unreadMs(connection);
  }

  /** Before an answer of so many bytes is written: the caller that reads least is cut off if there would be too many of them. */
  makeRoomFor(bytes: number): void {
    let unread = bytes;
    for (const socket of this.#open.keys()) unread += socket.writableLength;
    if (unread <= MAX_UNREAD_BYTES) return;
    const most = [...this.#open.keys()].sort((a, b) => b.writableLength - a.writableLength);
    for (const socket of most) {
      if (unread <= MAX_UNREAD_BYTES || socket.writableLength === 0) return;
      unread -= socket.writableLength;
      this.#drop(socket);
    }
  }

  #admit(socket: Socket): void {
    const remote = socket.remoteAddress;
    if (remote === undefined) {
      socket.destroy();
      return;
    }
    const isOwn = isLoopbackAddress(remote);
    const address = networkOf(remote);
    if (!this.#hasRoomFor(address, isOwn)) {
      socket.destroy();
      return;
    }
    const atMs = performance.now();
    this.#open.set(socket, {
      ...{ socket, address, isOwn, answers: new Set(), request: undefined, askedAtMs: 0, idleSinceMs: atMs },
      ...{ read: { bytes: 0, atMs }, sent: { bytes: 0, atMs } },
    });
    socket.once('close', () => this.#open.delete(socket));
  }

  #hasRoomFor(address: string, isOwn: boolean): boolean {
    const all = [...this.#open.values()];
    const strangers = all.filter((other) => !other.isOwn);
    const fellows = strangers.filter((other) => other.address === address);
    if (!isOwn && fellows.length >= MAX_CONNECTIONS_OF_ADDRESS) return this.#letGoOneOf(fellows);
    if (!isOwn && strangers.length >= MAX_CONNECTIONS_OF_STRANGERS) return this.#letGoOneOf(strangers);
    return all.length < MAX_CONNECTIONS || this.#letGoOneOf(isOwn ? all : strangers);
  }

  #letGoOneOf(connections: readonly Connection[]): boolean {
    const rank = (one: Connection): number => USES.indexOf(this.#useOf(one));
    const [least] = [...connections].sort(
      (a, b) => rank(a) - rank(b) || Number(a.isOwn) - Number(b.isOwn) || a.idleSinceMs - b.idleSinceMs,
    );
    if (least === undefined || this.#useOf(least) === 'busy') return false;
    this.#drop(least.socket);
    return true;
  }

  #useOf(connection: Connection): Use {
    if (connection.request === undefined) return 'never spoke';
    if (connection.answers.size === 0) return 'between requests';
    if (!connection.request.complete) return 'request coming';
    return this.#unreadMs(connection) >= YIELD_MS ? 'answer not read' : 'busy';
  }

  #drop(socket: Socket): void {
    this.#open.delete(socket);
    socket.destroy();
  }

  #asked(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#open.get(request.socket);
    if (connection === undefined) return;
    connection.request = request;
    connection.askedAtMs = performance.now();
    connection.read.atMs = connection.askedAtMs;
    connection.answers.add(response);
    if (connection.answers.size > MAX_PIPELINED) {
      stopParsing(request.socket);
      this.#drop(request.socket);
      return;
    }
    response.once('close', () => {
      connection.answers.delete(response);
      connection.idleSinceMs = performance.now();
    });
  }

  #sweep(): void {
    for (const connection of this.#open.values()) {
      if (this.#unreadMs(connection) >= ANSWER_STALL_MS) this.#drop(connection.socket);
      else if (this.#bodyStalled(connection)) this.#refuseBody(connection);
    }
    this.makeRoomFor(0);
  }

  #unreadMs({ sent, socket }: Connection): number {
    const nowMs = performance.now();
    const bytes = socket.bytesWritten - socket.writableLength;
    // Nothing waits to be read: whatever comes next has all of its time.
    if (socket.writableLength === 0 || bytes !== sent.bytes) {
      sent.bytes = bytes;
      sent.atMs = nowMs;
    }
    return nowMs - sent.atMs;
  }

  #bodyStalled({ read, request, socket }: Connection): boolean {
    const nowMs = performance.now();
    const gotOn = socket.bytesRead - read.bytes >= LEAST_BODY_BYTES;
    // What we do not take cannot come.
    if (request === undefined || request.complete || request.isPaused() || gotOn) {
      read.bytes = socket.bytesRead;
      read.atMs = nowMs;
    }
    return nowMs - read.atMs >= BODY_STALL_MS;
  }

  #refuseBody({ answers, socket }: Connection): void {
    if ([...answers].some(({ headersSent }) => headersSent)) socket.destroy();
    else
      refuseRaw(
        socket,
        408,
        'request-timeout',
        `next to nothing came of the body for ${BODY_STALL_MS / 1_000} s`,
      );
  }
}

/**
 * Takes the connection from its parser, as Node does once it has closed: else each further request of the same piece of
 * bytes, thousands of them, would be parsed, and handed over one by one.
 */
function stopParsing(socket: Socket & { readonly parser?: { remove?(): void } | null }): void {
  socket.parser?.remove?.();
}
