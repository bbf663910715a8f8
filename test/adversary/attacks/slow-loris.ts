import type { Attack } from '../attack.ts';
import { keepSockets } from '../hostile/sockets.ts';

const SOCKETS = 400;
const EVERY_MS = 2_000;

export const slowLoris: Attack = {
  what: 'HTTP requests whose headers go on for ever, a few bytes every two seconds',
  tries: 'least progress of a request',
  doesWrong: true,
  run: (attacker) =>
    keepSockets(attacker, SOCKETS, async (socket) => {
      socket.write('GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n');
      while (!socket.destroyed && !attacker.signal.aborted) {
        socket.write('X-Patience: yes\r\n');
        await attacker.pause(EVERY_MS);
      }
    }),
};
