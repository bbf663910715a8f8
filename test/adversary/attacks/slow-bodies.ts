import type { Attack } from '../attack.ts';
import { keepSockets } from '../hostile/sockets.ts';

const SOCKETS = 300;
const EVERY_MS = 2_000;

export const slowBodies: Attack = {
  what: 'posts of a transaction whose bodies come a byte every two seconds',
  tries: 'least progress of a request',
  doesWrong: true,
  run: (attacker) =>
    keepSockets(attacker, SOCKETS, async (socket) => {
      const head = ['POST /v1/transactions HTTP/1.1', 'Host: 127.0.0.1'];
      const fields = ['Content-Type: application/octet-stream', 'Content-Length: 1000'];
      socket.write([...head, ...fields, '', ''].join('\r\n'));
      while (!socket.destroyed && !attacker.signal.aborted) {
        socket.write('x');
        await attacker.pause(EVERY_MS);
      }
    }),
};
