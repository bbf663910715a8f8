import type { Attack } from '../attack.ts';
import { keepSockets } from '../hostile/sockets.ts';

const SOCKETS = 40;

export const exportsNotRead: Attack = {
  what: 'chain files asked for and not read, and validations of the whole chain beside them',
  tries: 'bounds on exports; validation yields the event loop',
  doesWrong: false,
  run: (attacker) =>
    keepSockets(attacker, SOCKETS, async (socket) => {
      socket.pause();
      const path = Math.random() < 0.5 ? '/v1/chain/export' : '/v1/chain/validity';
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      attacker.did(path);
      await attacker.pause(5_000);
      socket.destroy();
    }),
};
