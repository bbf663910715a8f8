import type { Attack } from '../attack.ts';

export const reconnectStorm: Attack = {
  what: 'identities that connect, say hello and leave, as fast as they can',
  tries: 'what a connection costs, and what is kept of one that is gone',
  doesWrong: false,
  processes: 3,
  async run(attacker) {
    await Promise.all(
      Array.from({ length: 4 }, () =>
        attacker.forever(async () => {
          const peer = await attacker.peerOf(attacker.targets);
          attacker.did('connections', attacker.targets.length);
          await peer.end();
        }),
      ),
    );
  },
};
