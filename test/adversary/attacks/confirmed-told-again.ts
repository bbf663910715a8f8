import { decodeBlock } from '../../../src/core/encoding.ts';
import type { SignedTransaction } from '../../../src/core/types.ts';
import { TransactionsMessageType } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { get } from '../hostile/http.ts';

const BLOCKS = 40;

export const confirmedToldAgain: Attack = {
  what: 'transactions that have long been confirmed, told again and again with new salts',
  tries: 'what is known is looked up before a signature is checked; refused again counts',
  doesWrong: false,
  processes: 3,
  async run(attacker) {
    const { api } = attacker.target();
    const { height } = JSON.parse((await get(`${api}/v1/status`)).body.toString()) as { height: number };
    const confirmed: SignedTransaction[] = [];
    for (let at = Math.max(1, height - BLOCKS - 5); at < height - 5; at++) {
      const { body } = await get(`${api}/v1/blocks/${at}`, { accept: 'application/octet-stream' });
      confirmed.push(...decodeBlock(body, attacker.definition.params).transactions);
    }
    const transactions = Array.from(
      { length: 500 },
      (_, index) => confirmed[index % confirmed.length] as SignedTransaction,
    );
    let salt = attacker.index;
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets);
      await peer.heard(1, attacker.signal);
      while (peer.connections > 0 && !attacker.signal.aborted) {
        salt += 7;
        await peer.publish('transactions', TransactionsMessageType.serialize({ salt, transactions }));
        attacker.did('messages');
        await attacker.pause(10);
      }
      await peer.end();
    });
  },
};
