import { blockId } from '../../../src/core/hashing.ts';
import { idToBytes } from '../../../src/core/identifiers.ts';
import type { Block } from '../../../src/core/types.ts';
import type { Attack } from '../attack.ts';
import { bodiesOf, headersFrom } from '../hostile/fake-chain.ts';
import { after, mineOn, type Place, placeOf } from '../hostile/forge.ts';

export const longPrivateBranch: Attack = {
  what: 'a valid branch mined in private from the tip, at its full price, told all at once to one daemon only',
  tries: 'an attack that a minority of the work may try: it costs at most a short reorganisation',
  doesWrong: false,
  async run(attacker) {
    await attacker.forever(async () => {
      const from: Place = await placeOf(attacker, attacker.target(), 'tip');
      const chain: Block[] = [];
      let place = from;
      for (let block = 0; block < 4; block++) {
        const mined = await mineOn(attacker, place);
        chain.push(mined);
        place = after(place, mined);
      }
      const tip = idToBytes(blockId((chain.at(-1) as Block).sealed));
      const peer = await attacker.peerOf([attacker.target(1)], {
        answers: { headers: headersFrom(chain, from.id), blocks: bodiesOf(chain) },
      });
      // Less than it has: what is claimed must be shown.
      await peer.tellStatus(attacker.target(1), { tip, height: place.header.height, work: 2n ** 20n });
      attacker.did('branches');
      await attacker.pause(2_000);
      await peer.end();
    });
  },
};
