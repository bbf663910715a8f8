import { messageWith } from '../../../src/simulation/attackers/forge.ts';
import type { Attack } from '../attack.ts';
import { mineOn, placeOf, randomBytes } from '../hostile/forge.ts';

export const orphanFlood: Attack = {
  what: "headers as easy as the network's limit, of parents that nobody knows, from several identities",
  tries: 'the bound on orphans, and on what an unknown parent buys',
  doesWrong: false,
  processes: 2,
  async run(attacker) {
    const place = await placeOf(attacker, attacker.target(), 'tip');
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets);
      await peer.heard(1, attacker.signal);
      for (let block = 0; block < 300 && !attacker.signal.aborted; block++) {
        const { limitBits } = attacker.definition.params;
        const orphan = await mineOn(attacker, place, {
          header: { bits: limitBits, parent: randomBytes(32) },
        });
        await peer.publish('block', messageWith(orphan, Date.now()));
        attacker.did('blocks');
        await attacker.pause(10);
      }
      await peer.end();
    });
  },
};
