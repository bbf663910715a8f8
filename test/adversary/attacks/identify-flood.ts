import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';

const PROTOCOLS = 150;

export const identifyFlood: Attack = {
  what: 'identities that say they speak hundreds of protocols with names as long as they can be, control characters among them',
  tries: 'what a peer says of itself is bounded and never printed raw',
  doesWrong: false,
  async run(attacker) {
    await attacker.forever(async () => {
      const protocols = Array.from(
        { length: PROTOCOLS },
        () => `/${Buffer.from(randomBytes(8)).toString('hex')}\r\n\u001b[31m\u202e/${'x'.repeat(20)}`,
      );
      const peer = await attacker.peerOf(attacker.targets, {
        protocols,
        userAgent: `tallystick/0.1.0 (\u202e\u001b[2J${'y'.repeat(3_000)}\r\n)`,
      });
      attacker.did('identities');
      await attacker.pause(300);
      await peer.end();
    });
  },
};
