/** TCP with a door: who may begin a handshake is decided before a byte of it is read. */
import type { Transport, Upgrader } from '@libp2p/interface';
import { type TCPComponents, tcp } from '@libp2p/tcp';
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

function guard(upgrader: Upgrader, handshakes: Handshakes): Upgrader {
  return {
    upgradeInbound: async (connection, options) => {
      const leave = handshakes.begin(connection.remoteAddr.toString(), (reason) => connection.abort(reason));
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
