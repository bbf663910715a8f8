import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';

export const garbageGossip: Attack = {
  what: 'several liars who publish random bytes of every length on both topics',
  tries: 'decoding fails early and has a price',
  doesWrong: true,
  processes: 3,
  async run(attacker) {
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets);
      await peer.heard(1, attacker.signal);
      for (let message = 0; message < 300 && peer.connections > 0; message++) {
        const bytes = randomBytes(1 + Math.floor(100_000 * Math.random() ** 4));
        await peer.publish(message % 2 === 0 ? 'block' : 'transactions', bytes);
        attacker.did('messages');
        await attacker.pause(3);
      }
      await peer.end();
    });
  },
};
