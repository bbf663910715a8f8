import type { Attack } from '../attack.ts';
import { keepSockets } from '../hostile/sockets.ts';

const SOCKETS = 200;

export const sseReadersWhoDoNotRead: Attack = {
  what: 'readers of the live feed who never read, on every daemon, more than there are places for',
  tries: 'a feed that falls behind is cut off; feeds have places of their own',
  doesWrong: false,
  run: (attacker) =>
    keepSockets(attacker, SOCKETS, async (socket) => {
      socket.pause();
      socket.write('GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nLast-Event-ID: 0\r\n\r\n');
      attacker.did('requests');
      await attacker.rest();
    }),
};
