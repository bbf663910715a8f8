import type { Attack } from '../attack.ts';
import { headersFrom } from '../hostile/fake-chain.ts';
import { genesisPlace, lastPlace, privateChain } from '../hostile/forge.ts';

const HEADERS = 12_000;

export const endlessEasyHeaders: Attack = {
  what: 'valid, easy headers that go on and on, given slowly to a newcomer beside three honest daemons',
  tries: 'least progress of header sync; a second peer is asked beside a slow one',
  doesWrong: false,
  newcomer: { knows: 'all', finds: 3 },
  async run(attacker) {
    const genesis = genesisPlace(attacker);
    const easing = await privateChain(attacker, genesis, 6, 16_000);
    const chain = [...easing, ...(await privateChain(attacker, lastPlace(easing), HEADERS, 1_000))];
    attacker.did('headers', chain.length);
    const headers = headersFrom(chain, genesis.id);
    const newcomer = await attacker.newcomer;
    await attacker.forever(async () => {
      const peer = await attacker.peerOf([newcomer], {
        answers: {
          headers: async (request) => {
            attacker.did('answers');
            await attacker.pause(4_000);
            return headers(request);
          },
        },
      });
      await peer.tellStatus(newcomer, { work: 2n ** 100n, height: 1_000_000n });
      await attacker.pause(2_000);
    });
  },
};
