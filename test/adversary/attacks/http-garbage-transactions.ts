import { encodeSignedTransaction, encodeTransactions } from '../../../src/core/encoding.ts';
import type { Attack } from '../attack.ts';
import { randomBytes, wronglySigned, wrongSignature } from '../hostile/forge.ts';
import { call } from '../hostile/http.ts';

const BATCH = 500;

export const httpGarbageTransactions: Attack = {
  what: 'posts of transactions with wrong signatures, one by one and by the thousand, and of plain garbage',
  tries: "cheap checks first; the daemon's own callers come in turn",
  doesWrong: false,
  async run(attacker) {
    const model = wronglySigned(attacker.key, 0n, 500);
    const forged = () => ({
      transaction: { ...model.transaction, recipient: randomBytes(32) },
      signature: wrongSignature(),
    });
    const kinds: (() => [string, Uint8Array])[] = [
      () => ['application/octet-stream', encodeSignedTransaction(forged())],
      () => [
        'application/vnd.tallystick.transactions',
        encodeTransactions(Array.from({ length: BATCH }, forged)),
      ],
      () => ['application/octet-stream', randomBytes(1_000)],
      () => ['application/json', Buffer.from('['.repeat(60_000))],
    ];
    await Promise.all(
      Array.from({ length: 16 }, (_, caller) =>
        attacker.forever(async () => {
          const [type, body] = (kinds[caller % kinds.length] as (typeof kinds)[0])();
          const { status } = await call(`${attacker.target(caller).api}/v1/transactions`, {
            method: 'POST',
            headers: { 'content-type': type },
            body,
            keep: true,
          });
          attacker.did(`posts ${status}`);
        }),
      ),
    );
  },
};
