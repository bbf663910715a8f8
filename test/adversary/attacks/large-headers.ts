import type { Attack } from '../attack.ts';
import { keepSockets } from '../hostile/sockets.ts';

const SOCKETS = 64;
const HEADER = `X-Large: ${'x'.repeat(15_000)}\r\n`;

export const largeHeaders: Attack = {
  what: 'HTTP requests with headers of megabytes, and others of thousands of small ones',
  tries: "limits of a request's head",
  doesWrong: true,
  run: (attacker) =>
    keepSockets(attacker, SOCKETS, async (socket) => {
      socket.write('GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n');
      for (let header = 0; header < 200 && !socket.destroyed; header++) {
        socket.write(header % 2 === 0 ? HEADER : 'a: b\r\n'.repeat(2_000));
        attacker.did('headers');
        await attacker.pause(10);
      }
      socket.destroy();
    }),
};
