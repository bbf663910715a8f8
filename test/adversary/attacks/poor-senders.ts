import { generateKeyPair } from '../../../src/client/keys.ts';
import type { SignedTransaction } from '../../../src/core/types.ts';
import { TransactionsMessageType } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { payment, randomBytes } from '../hostile/forge.ts';

export const poorSenders: Attack = {
  what: 'payments of accounts that have nothing, each with a signature of its own',
  tries: 'the balance is looked at before the signature',
  doesWrong: false,
  processes: 3,
  async run(attacker) {
    const keys = Array.from({ length: 8 }, generateKeyPair);
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets);
      await peer.heard(1, attacker.signal);
      while (peer.connections > 0 && !attacker.signal.aborted) {
        // Signed once; then each looks new, for its signature and its id are: nothing but a check of either tells.
        const models = keys.map((key) => payment(attacker, key, 0n, { amount: 1_000_000n }));
        const transactions: SignedTransaction[] = Array.from({ length: 480 }, (_, index) => {
          const model = models[index % models.length] as SignedTransaction;
          return { ...model, transaction: { ...model.transaction, sender: randomBytes(32) } };
        });
        await peer.publish('transactions', TransactionsMessageType.serialize({ salt: 0, transactions }));
        attacker.did('messages');
        await attacker.pause(10);
      }
      await peer.end();
    });
  },
};
