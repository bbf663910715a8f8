import { messageWith } from '../../../src/simulation/attackers/forge.ts';
import type { Attack } from '../attack.ts';
import { mineOn, placeOf, randomBytes } from '../hostile/forge.ts';

/** Every second hash meets it: easier than any network allows. */
const EASIEST_BITS = 0x207f_ffff;

export const easyBitsOrphans: Attack = {
  what: "headers easier than the network's limit, of parents that nobody knows: each costs two hashes",
  tries: 'a target easier than the limit is refused before anything else',
  doesWrong: true,
  async run(attacker) {
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets);
      await peer.heard(1, attacker.signal);
      const place = await placeOf(attacker, attacker.target(), 'tip');
      for (let block = 0; block < 200 && !attacker.signal.aborted; block++) {
        const orphan = await mineOn(attacker, place, {
          header: { bits: EASIEST_BITS, parent: randomBytes(32) },
        });
        await peer.publish('block', messageWith(orphan, Date.now()));
        attacker.did('blocks');
        await attacker.pause(20);
      }
      await peer.end();
    });
  },
};
