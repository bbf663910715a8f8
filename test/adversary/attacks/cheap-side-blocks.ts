import type { Block, SignedTransaction } from '../../../src/core/types.ts';
import { messageWith } from '../../../src/simulation/attackers/forge.ts';
import type { Attack } from '../attack.ts';
import { bodiesOf } from '../hostile/fake-chain.ts';
import { genesisPlace, mineOn, payment, placeOf, randomBytes } from '../hostile/forge.ts';

/** Half a block, so that signing them does not take half of the attack. */
const TRANSACTIONS = 400;

export const cheapSideBlocks: Attack = {
  what: 'full blocks on the genesis and on other old parents, at the difficulty of that place, one signed body for all',
  tries: 'work is weighed before a block is fetched, kept or passed on',
  doesWrong: false,
  async run(attacker) {
    const body: SignedTransaction[] = [];
    for (let sequence = 0; sequence < TRANSACTIONS && !attacker.signal.aborted; sequence++) {
      body.push(payment(attacker, attacker.key, BigInt(sequence), { data: randomBytes(1_000) }));
      if (sequence % 20 === 0) await attacker.pause(1);
    }
    const made: Block[] = [];
    const peer = await attacker.peerOf(attacker.targets, {
      answers: {
        blocks: (request) => bodiesOf(made)(request),
      },
    });
    await peer.heard(1, attacker.signal);
    let height = 0;
    await attacker.forever(async () => {
      const place =
        height % 2 === 0
          ? genesisPlace(attacker)
          : await placeOf(attacker, attacker.target(), String(height % 40));
      height++;
      const block = await mineOn(attacker, place, {
        transactions: body,
        timestampMs: Number(place.header.timestamp) + 1_000 + height,
      });
      made.push(block);
      if (made.length > 16) made.shift();
      await peer.publish('block', messageWith(block, Date.now(), []));
      attacker.did('blocks');
      await attacker.pause(300);
    });
  },
};
