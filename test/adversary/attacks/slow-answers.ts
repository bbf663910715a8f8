import type { Stream } from '@libp2p/interface';
import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';

export const slowAnswers: Attack = {
  what: 'several liars who claim the most work and answer a byte a second, while a newcomer has to catch up',
  tries: 'least progress of an answer; a second peer is asked beside a slow one',
  doesWrong: true,
  processes: 2,
  newcomer: { knows: 'all', finds: 3 },
  async run(attacker) {
    const newcomer = await attacker.newcomer;
    await attacker.forever(async () => {
      const drip = async (stream: Stream): Promise<void> => {
        attacker.did('answers');
        stream.send(Uint8Array.of(1, 0, 0xff, 0xff, 0x0f));
        while (stream.status === 'open' && !attacker.signal.aborted) {
          stream.send(Uint8Array.of(4));
          await attacker.pause(1_000);
        }
      };
      const peer = await attacker.peerOf([...attacker.targets, newcomer], {
        rawAnswers: { headers: drip, blocks: drip, pool: drip, transactions: drip },
      });
      const claim = { tip: randomBytes(32), height: 9_999n, work: 2n ** 90n };
      const victims = [newcomer, ...attacker.targets];
      await Promise.allSettled(victims.map((target) => peer.tellStatus(target, claim)));
      while (peer.connections > 0 && !attacker.signal.aborted) await attacker.pause(500);
      await peer.end();
    });
  },
};
