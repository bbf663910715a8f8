import { messageWith } from '../../../src/simulation/attackers/forge.ts';
import type { Attack } from '../attack.ts';
import { genesisPlace, mineOn, wronglySigned } from '../hostile/forge.ts';

export const wrongSignaturesOnOldParents: Attack = {
  what: 'cheap blocks on the genesis with a wrong signature, for honest daemons to pass on to each other',
  tries: 'relayers are not charged for bodies they could not have checked; work is weighed',
  doesWrong: true,
  isShort: true,
  async run(attacker) {
    await attacker.forever(async () => {
      const peer = await attacker.peerOf([attacker.target(Math.floor(Math.random() * 3))]);
      await peer.heard(1, attacker.signal);
      for (let block = 0; block < 8; block++) {
        const forged = await mineOn(attacker, genesisPlace(attacker), {
          transactions: [wronglySigned(attacker.key, 0n)],
        });
        await peer.publish('block', messageWith(forged, Date.now()));
        attacker.did('blocks');
      }
      await attacker.pause(1_000);
      await peer.end();
    });
  },
};
