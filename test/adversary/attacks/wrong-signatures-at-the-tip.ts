import { messageWith } from '../../../src/simulation/attackers/forge.ts';
import type { Attack } from '../attack.ts';
import { mineAtTip, wronglySigned } from '../hostile/forge.ts';

export const wrongSignaturesAtTheTip: Attack = {
  what: 'blocks mined on the tip at its full price, with a wrong signature',
  tries: 'an honest relayer never pays for a body it could not have checked',
  doesWrong: true,
  processes: 2,
  async run(attacker) {
    await attacker.forever(async () => {
      const peer = await attacker.peerOf([attacker.target()]);
      await peer.heard(1, attacker.signal);
      for (let block = 0; block < 4; block++) {
        const mined = await mineAtTip(attacker, attacker.target(), () => ({
          transactions: [wronglySigned(attacker.key, 0n)],
        }));
        await peer.publish('block', messageWith(mined.block, Date.now()));
        attacker.did('blocks');
      }
      await peer.end();
    });
  },
};
