import { blockId } from '../../../src/core/hashing.ts';
import { idToBytes } from '../../../src/core/identifiers.ts';
import { workOfBits } from '../../../src/core/target.ts';
import type { Block } from '../../../src/core/types.ts';
import type { Attack } from '../attack.ts';
import { headersFrom } from '../hostile/fake-chain.ts';
import { after, mineOn, type Place, placeOf, randomBytes } from '../hostile/forge.ts';
import { get } from '../hostile/http.ts';

export const withheldBranch: Attack = {
  what: 'headers heavier than the tip, given by sync, whose bodies are never given, again and again from new identities',
  tries: 'mining goes on unless blocks are really arriving; a body is asked for from others too',
  doesWrong: false,
  // With less it would take too much luck for half a minute.
  hashShare: 1.5,
  async run(attacker) {
    await attacker.forever(async () => {
      const { work } = JSON.parse((await get(`${attacker.target().api}/v1/status`)).body.toString()) as {
        work: string;
      };
      const from: Place = await placeOf(attacker, attacker.target(), 'tip');
      const chain: Block[] = [];
      let shown = 0n;
      let place = from;
      for (let block = 0; block < 3; block++) {
        const mined = await mineOn(attacker, place, { header: { transactionsRoot: randomBytes(32) } });
        chain.push(mined);
        shown += workOfBits(mined.sealed.header.bits);
        place = after(place, mined);
      }
      const tip = idToBytes(blockId((chain.at(-1) as Block).sealed));
      const peer = await attacker.peerOf(attacker.targets, {
        answers: { headers: headersFrom(chain, from.id), blocks: () => undefined },
      });
      const claim = { tip, height: place.header.height, work: BigInt(work) + shown };
      await Promise.allSettled(attacker.targets.map((target) => peer.tellStatus(target, claim)));
      attacker.did('branches');
      await attacker.pause(1_000);
    });
  },
};
