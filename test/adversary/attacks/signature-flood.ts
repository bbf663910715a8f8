import type { SignedTransaction } from '../../../src/core/types.ts';
import { MAX_GOSSIP_TRANSACTIONS, TransactionsMessageType } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { placeOf, randomBytes, wrongSignature } from '../hostile/forge.ts';
import { richPayment } from '../hostile/money.ts';

/** So many fit into a message. */
const TRANSACTIONS = Math.min(MAX_GOSSIP_TRANSACTIONS, 500);
const MESSAGES = 40;

export const signatureFlood: Attack = {
  what: 'batches of payments with wrong signatures from an account that has money, from four processes and many identities',
  tries:
    "cheap checks first; one batch of a peer at a time; the daemon's own submissions overtake strangers'",
  doesWrong: true,
  isShort: true,
  processes: 4,
  async run(attacker) {
    await placeOf(attacker, attacker.target(), 'tip');
    const model = await richPayment(attacker);
    const forged = (): SignedTransaction => ({
      transaction: { ...model.transaction, recipient: randomBytes(32) },
      signature: wrongSignature(),
    });
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets);
      await peer.heard(1, attacker.signal);
      for (let message = 0; message < MESSAGES && peer.connections > 0; message++) {
        await peer.publish(
          'transactions',
          TransactionsMessageType.serialize({
            salt: message,
            transactions: Array.from({ length: TRANSACTIONS }, forged),
          }),
        );
        attacker.did('messages');
        await attacker.pause(5);
      }
      await attacker.pause(500);
      await peer.end();
    });
  },
};
