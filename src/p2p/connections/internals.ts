/** What a connection of libp2p has beyond its published interface, and this room needs. */
import type { Connection, MessageStream, StreamMuxer } from '@libp2p/interface';
import { invariant } from '../../core/errors.ts';

interface ConnectionInternals {
  /** The socket. */
  readonly maConn: MessageStream;
  readonly muxer: StreamMuxer & { readonly maConn: MessageStream; ping(): Promise<number> };
}

export interface Internals {
  readonly raw: MessageStream;
  /** What the muxer writes to. */
  readonly encrypted: MessageStream;
  /** Yamux, here. */
  readonly muxer: ConnectionInternals['muxer'];
}

export function internalsOf(connection: Connection): Internals {
  invariant('muxer' in connection && 'maConn' in connection, 'this version of libp2p has these fields');
  const { maConn, muxer } = connection as Connection & ConnectionInternals;
  return { raw: maConn, encrypted: muxer.maConn, muxer };
}
