import { messageWith } from '../../../src/simulation/attackers/forge.ts';
import type { Attack } from '../attack.ts';
import { after, mineOn, placeOf } from '../hostile/forge.ts';

const EDGE_MS = 59_000;
/** Until the clock is where its blocks said it was, difficulty holds the time that has not passed against all miners. */
const SETTLING_MS = EDGE_MS + 15_000;

export const earlyEdgeBlocks: Attack = {
  what: 'empty blocks whose times are as far ahead as they may be, and a little further, so that the next is easy',
  tries: 'the rule of early blocks, and what difficulty makes of times that are lies',
  doesWrong: false,
  isLast: true,
  settlingMs: SETTLING_MS,
  async run(attacker) {
    const peer = await attacker.peerOf(attacker.targets);
    await peer.heard(1, attacker.signal);
    await attacker.forever(async () => {
      let place = await placeOf(attacker, attacker.target(), 'tip');
      for (let block = 0; block < 3; block++) {
        const timestampMs = Date.now() + (block === 2 ? 70_000 : EDGE_MS);
        const mined = await mineOn(attacker, place, { timestampMs });
        await peer.publish('block', messageWith(mined, Date.now()));
        attacker.did('blocks');
        place = after(place, mined);
      }
    });
  },
};
