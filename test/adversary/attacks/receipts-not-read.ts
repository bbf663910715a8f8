import type { Attack } from '../attack.ts';
import { get } from '../hostile/http.ts';
import { keepSockets } from '../hostile/sockets.ts';

const SOCKETS = 220;
/** As long as a receipt may be; the chain has as many as it has. */
const CONFIRMATIONS = 10_000;

export const receiptsNotRead: Attack = {
  what: 'long receipts asked for on hundreds of connections and not read',
  tries: 'what is unsent on a connection has a bound and an owner',
  doesWrong: false,
  async run(attacker) {
    const { api } = attacker.target();
    const { body } = await get(`${api}/v1/chain?from=1&limit=200`);
    const { blocks } = JSON.parse(body.toString()) as { blocks: { transactions: { id: string }[] }[] };
    const id = blocks.flatMap(({ transactions }) => transactions)[0]?.id ?? '0'.repeat(64);
    const path = `/v1/transactions/${id}/receipt?confirmations=${CONFIRMATIONS}`;
    await keepSockets(attacker, SOCKETS, async (socket) => {
      socket.pause();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(4));
      attacker.did('requests', 4);
      await attacker.pause(12_000);
      socket.destroy();
    });
  },
};
