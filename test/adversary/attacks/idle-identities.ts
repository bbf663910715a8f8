import type { Attack } from '../attack.ts';

const IDENTITIES = 150;

export const idleIdentities: Attack = {
  what: 'three hundred identities from one address take places at one daemon and do nothing; a newcomer knows no other',
  tries: 'shares for each address; eviction of inbound peers that bring nothing',
  doesWrong: false,
  processes: 2,
  newcomer: { knows: 'first', finds: 1 },
  async run(attacker) {
    const target = attacker.target(0);
    await attacker.forever(async () => {
      for (let identity = 0; identity < IDENTITIES && !attacker.signal.aborted; identity++) {
        const peer = await attacker.peer();
        await peer.connect(target).then(
          () => attacker.did('connections'),
          () => attacker.did('refused'),
        );
      }
      await attacker.rest();
    });
  },
};
