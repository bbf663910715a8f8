import type { Attack } from '../attack.ts';
import { keepSockets } from '../hostile/sockets.ts';

const SOCKETS = 24;
const REQUESTS = 500;

export const httpPipelining: Attack = {
  what: 'hundreds of requests for a thousand blocks on each of many connections, whose answers are not read',
  tries: 'what is unsent on a connection has a bound and an owner',
  doesWrong: false,
  run: (attacker) =>
    keepSockets(attacker, SOCKETS, async (socket) => {
      socket.pause();
      const request = 'GET /v1/chain?from=0&limit=1000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
      socket.write(request.repeat(REQUESTS));
      attacker.did('requests', REQUESTS);
      await attacker.pause(10_000);
      socket.destroy();
    }),
};
