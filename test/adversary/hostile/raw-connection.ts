/**
 * A connection below libp2p: TCP and noise, spoken properly; then yamux frames by hand, so that what libp2p would
 * never send can be sent, and what arrives need not be read.
 */
import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type {
  ComponentLogger,
  Logger,
  MessageStream,
  MultiaddrConnection,
  Upgrader,
} from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { tcp } from '@libp2p/tcp';
import { byteStream } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import { withLength } from '../../../src/p2p/chunk-stream.ts';
import type { Target } from '../attack.ts';

const DEADLINE_MS = 10_000;
const HEADER_BYTES = 12;
const SILENT: Logger = Object.assign(() => {}, {
  error: () => {},
  trace: () => {},
  enabled: false,
  newScope: () => SILENT,
});
const MULTISTREAM = '/multistream/1.0.0';
export const FRAME = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const;
export const FLAG = { none: 0, syn: 1, ack: 2, fin: 4, rst: 8 } as const;

export class RawConnection {
  /** Encrypted: what is sent here is yamux. */
  readonly #stream: MessageStream;
  readonly #socket: MultiaddrConnection;
  readonly peerId: string;

  private constructor(stream: MessageStream, socket: MultiaddrConnection, peerId: string) {
    this.#stream = stream;
    this.#socket = socket;
    this.peerId = peerId;
  }

  /** A new identity. @throws Error if it is refused */
  static async open({ address }: Target): Promise<RawConnection> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const privateKey = await generateKeyPair('Ed25519');
    const logger: ComponentLogger = { forComponent: () => SILENT };
    const upgrader = {
      upgradeOutbound: async (connection: MultiaddrConnection) => connection,
      getStreamMuxers: () => new Map(),
    } as unknown as Upgrader;
    const components = { privateKey, peerId: peerIdFromPrivateKey(privateKey), logger, upgrader };
    const to = multiaddr(address);
    const socket = (await tcp()(components as never).dial(to.decapsulate('/p2p'), {
      signal,
      upgrader,
    } as never)) as unknown as MultiaddrConnection;
    await choose(socket, '/noise', signal);
    const { connection } = await noise()(components as never).secureOutbound(socket, {
      signal,
      skipStreamMuxerNegotiation: true,
    });
    await choose(connection, '/yamux/1.0.0', signal);
    return new RawConnection(connection, socket, components.peerId.toString());
  }

  get isOpen(): boolean {
    return this.#stream.status === 'open' && this.#socket.status === 'open';
  }

  /** Reads and forgets. */
  forgetWhatArrives(): void {
    this.#stream.addEventListener('message', () => {});
  }

  send(...frames: Uint8Array[]): void {
    this.#stream.send(Buffer.concat(frames));
  }

  /** Opens a stream, and asks for a protocol without waiting for what the other side says. @param id odd */
  ask(id: number, protocol: string, ...chunks: Uint8Array[]): void {
    const text = [line(MULTISTREAM), line(protocol), ...chunks.map(withLength)];
    this.send(frame(FRAME.windowUpdate, FLAG.syn, id, 0), data(id, Buffer.concat(text)));
  }

  close(): void {
    this.#socket.abort(new Error('the attacker is done'));
  }
}

/** @param length of the data that follows, or whatever else the type makes of it */
export function frame(type: number, flag: number, stream: number, length: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint8(1, type);
  view.setUint16(2, flag);
  view.setUint32(4, stream);
  view.setUint32(8, length);
  return header;
}

export function data(stream: number, bytes: Uint8Array, flag: number = FLAG.none): Uint8Array {
  return Buffer.concat([frame(FRAME.data, flag, stream, bytes.length), bytes]);
}

function line(text: string): Uint8Array {
  return withLength(new TextEncoder().encode(`${text}\n`));
}

async function choose(stream: MessageStream, protocol: string, signal: AbortSignal): Promise<void> {
  const bytes = byteStream(stream);
  await bytes.write(Buffer.concat([line(MULTISTREAM), line(protocol)]), { signal });
  for (const expected of [MULTISTREAM, protocol]) {
    const wanted = line(expected);
    const got = (await bytes.read({ bytes: wanted.length, signal })).subarray();
    if (Buffer.compare(got, wanted) !== 0) throw new Error(`${protocol} was refused`);
  }
  bytes.unwrap();
}
