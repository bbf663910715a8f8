import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';

export const statusLies: Attack = {
  what: 'several liars who claim work that is not there, and have no headers for it',
  tries: 'a claim is followed once, and held against the peer',
  doesWrong: true,
  processes: 3,
  async run(attacker) {
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets, {
        answers: { headers: () => [new Uint8Array(0)] },
      });
      for (let lie = 0; lie < 20 && peer.connections > 0 && !attacker.signal.aborted; lie++) {
        const claim = { tip: randomBytes(32), height: 1_000_000n, work: 2n ** 120n + BigInt(lie) };
        await Promise.allSettled(attacker.targets.map((target) => peer.tellStatus(target, claim)));
        attacker.did('lies');
        await attacker.pause(500);
      }
      await peer.end();
    });
  },
};
