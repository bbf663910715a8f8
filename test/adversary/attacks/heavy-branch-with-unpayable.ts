import { generateKeyPair } from '../../../src/client/keys.ts';
import { messageWith } from '../../../src/simulation/attackers/forge.ts';
import type { Attack } from '../attack.ts';
import { after, mineOn, payment, placeOf } from '../hostile/forge.ts';

export const heavyBranchWithUnpayable: Attack = {
  what: 'a side branch with a payment that cannot be paid, made the heaviest by empty blocks once it has been passed on',
  tries: 'only what a peer says itself counts as its tip',
  doesWrong: true,
  // With less it would take too much luck for half a minute.
  hashShare: 1.5,
  async run(attacker) {
    const peer = await attacker.peerOf(attacker.targets);
    await peer.heard(1, attacker.signal);
    const poor = generateKeyPair();
    await attacker.forever(async () => {
      if (peer.connections === 0) await Promise.all(attacker.targets.map((target) => peer.connect(target)));
      const tip = await placeOf(attacker, attacker.target(), 'tip');
      // Beside the tip: on a side branch nobody applies the payment.
      const from = await placeOf(attacker, attacker.target(), String(Number(tip.header.height) - 1));
      const unpayable = await mineOn(attacker, from, {
        transactions: [payment(attacker, poor, 0n, { amount: 10n ** 9n })],
      });
      await peer.publish('block', messageWith(unpayable, Date.now()));
      attacker.did('branches');
      let place = after(from, unpayable);
      for (let block = 0; block < 3; block++) {
        const empty = await mineOn(attacker, place);
        await peer.publish('block', messageWith(empty, Date.now()));
        place = after(place, empty);
      }
    });
  },
};
