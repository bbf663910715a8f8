import type { Attack } from '../attack.ts';

const STRANGERS = 12;

export const idleStrangers: Attack = {
  what: 'idle inbound strangers at a newcomer that knows one honest daemon and has to find the other two',
  tries: 'inbound peers do not count as the outbound ones that are wanted',
  doesWrong: false,
  newcomer: { knows: 'first', finds: 2 },
  async run(attacker) {
    const newcomer = await attacker.newcomer;
    for (let stranger = 0; stranger < STRANGERS && !attacker.signal.aborted; stranger++) {
      await attacker.peerOf([newcomer]);
      attacker.did('connections');
    }
    await attacker.rest();
  },
};
