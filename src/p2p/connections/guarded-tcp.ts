/** TCP with a door: who may begin a handshake is decided before a byte of it is read. */
import type { Socket } from 'node:net';
import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface';
import { type TCPComponents, tcp } from '@libp2p/tcp';
import { invariant } from '../../core/errors.ts';
import type { Handshakes } from './handshakes.ts';

export function guardedTcp(handshakes: Handshakes): (components: TCPComponents) => Transport {
  const create = tcp();
  return (components) => {
    const transport = create(components);
    const createListener = transport.createListener.bind(transport);
    transport.createListener = (options) =>
      createListener({ ...options, upgrader: guard(options.upgrader, handshakes) });
    return transport;
  };
}

/** What has come over the socket, whether it was looked at or not. */
function bytesFrom(connection: MultiaddrConnection): number {
  invariant('socket' in connection, 'this version of TCP has this field');
  return (connection.socket as Socket).bytesRead;
}

function guard(upgrader: Upgrader, handshakes: Handshakes): Upgrader {
  return {
    upgradeInbound: async (connection, options) => {
      const leave = handshakes.begin(connection.remoteAddr.toString(), {
        hasSpoken: () => bytesFrom(connection) > 0,
        end: (reason) => connection.abort(reason),
      });
      if (leave === undefined) throw new Error('there is no place for another handshake');
      try {
        await upgrader.upgradeInbound(connection, options);
      } finally {
        leave();
      }
    },
    upgradeOutbound: upgrader.upgradeOutbound.bind(upgrader),
    createInboundAbortSignal: upgrader.createInboundAbortSignal.bind(upgrader),
    getConnectionEncrypters: upgrader.getConnectionEncrypters.bind(upgrader),
    getStreamMuxers: upgrader.getStreamMuxers.bind(upgrader),
  };
}
