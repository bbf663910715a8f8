import type { SignedTransaction } from '../../../src/core/types.ts';
import { messageWith } from '../../../src/simulation/attackers/forge.ts';
import type { Attack } from '../attack.ts';
import { bodiesOf } from '../hostile/fake-chain.ts';
import { mineAtTip, payment, randomBytes } from '../hostile/forge.ts';
import { nextSequence } from '../hostile/money.ts';

/** As many as fit into 1 MiB without data. */
const TRANSACTIONS = 5_900;
const SIGNED_A_TURN = 100;

export const worstCaseBlocks: Attack = {
  what: 'valid blocks at full price with as many payments as fit, none of which anybody has heard of, each to a new account',
  tries: 'a block that takes long to check holds up nothing else',
  doesWrong: false,
  async run(attacker) {
    const made: SignedTransaction[] = [];
    let sequence = await nextSequence(attacker);
    await attacker.forever(async () => {
      while (made.length < TRANSACTIONS && !attacker.signal.aborted) {
        made.push(payment(attacker, attacker.key, sequence++, { fee: 0n }));
        if (made.length % SIGNED_A_TURN === 0) await attacker.pause(1);
      }
      const peer = await attacker.peerOf(attacker.targets, {
        answers: { blocks: (request) => answer(request) },
      });
      let answer: (request: Uint8Array) => Uint8Array[] = () => [];
      await peer.heard(1, attacker.signal);
      const { block } = await mineAtTip(attacker, attacker.target(), () => ({
        transactions: made,
        header: { extra: randomBytes(8) },
      }));
      answer = (request) => bodiesOf([block])(request) as Uint8Array[];
      await peer.publish('block', messageWith(block, Date.now(), []));
      attacker.did('blocks');
      attacker.did('transactions', made.length);
      await attacker.pause(5_000);
      const confirmed = await nextSequence(attacker);
      if (confirmed === sequence) made.length = 0;
    });
  },
};
