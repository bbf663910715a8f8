import { TransactionsMessageType } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { payment, randomBytes } from '../hostile/forge.ts';
import { nextSequence } from '../hostile/money.ts';

const BATCH = 50;

export const paidSpam: Attack = {
  what: 'valid payments with a kilobyte of data at the lowest fee, as fast as they are signed, from four accounts with money',
  tries: "a sender's share of the pool; what pays more comes first",
  doesWrong: false,
  processes: 4,
  async run(attacker) {
    const peer = await attacker.peerOf(attacker.targets);
    await peer.heard(1, attacker.signal);
    await attacker.forever(async () => {
      let sequence = await nextSequence(attacker);
      const transactions = Array.from({ length: BATCH }, () =>
        payment(attacker, attacker.key, sequence++, { data: randomBytes(1_000), fee: 1_200n }),
      );
      await peer.publish('transactions', TransactionsMessageType.serialize({ salt: 0, transactions }));
      attacker.did('payments', BATCH);
      await attacker.pause(20);
    });
  },
};
