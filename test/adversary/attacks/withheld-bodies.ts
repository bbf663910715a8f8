import { CompactBlockType } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { after, mineOn, type Place, placeOf, randomBytes } from '../hostile/forge.ts';

export const withheldBodies: Attack = {
  what: 'two privately mined headers on the tip whose bodies are never given, again and again from new identities',
  tries: 'mining goes on unless blocks are really arriving',
  doesWrong: false,
  isShort: true,
  // With less it would take too much luck for half a minute.
  hashShare: 1.5,
  async run(attacker) {
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets, {
        // Asked, and never answered.
        answers: { blocks: () => undefined, 'block-transactions': () => undefined },
      });
      await peer.heard(1, attacker.signal);
      let place: Place = await placeOf(attacker, attacker.target(), 'tip');
      for (let block = 0; block < 2; block++) {
        const header = { transactionsRoot: randomBytes(32) };
        const mined = await mineOn(attacker, place, { header });
        const message = CompactBlockType.serialize({
          publishedAt: BigInt(Date.now()),
          sealed: mined.sealed,
          shortIds: randomBytes(6 * 40),
          prefilled: [],
        });
        await peer.publish('block', message);
        attacker.did('headers');
        place = after(place, mined);
      }
    });
  },
};
