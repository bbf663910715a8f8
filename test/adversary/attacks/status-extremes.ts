import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';
import type { StatusClaim } from '../hostile/peer.ts';

const EXTREMES: Partial<StatusClaim>[] = [
  { height: 2n ** 64n - 1n, work: 2n ** 255n },
  { height: 2n ** 53n, work: 2n ** 256n - 1n },
  { height: 2n ** 53n - 1n, work: 2n ** 256n - 1n },
  { clock: 2n ** 64n - 1n },
  { clock: 0n },
  { networkId: randomBytes(32) },
];

export const statusExtremes: Attack = {
  what: 'a status of height 2^64 − 1, of all the work there can be, of a clock at the end of time, of another network',
  tries: 'numbers from outside are checked before they are used',
  doesWrong: true,
  async run(attacker) {
    let round = 0;
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets, {
        answers: { headers: () => [new Uint8Array(0)] },
      });
      const claim = { tip: randomBytes(32), ...EXTREMES[round++ % EXTREMES.length] };
      await Promise.allSettled(attacker.targets.map((target) => peer.tellStatus(target, claim)));
      attacker.did('statuses');
      await attacker.pause(1_000);
      await peer.end();
    });
  },
};
