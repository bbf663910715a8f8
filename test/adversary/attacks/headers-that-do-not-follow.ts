import { assembleList, encodeSealedHeader } from '../../../src/core/encoding.ts';
import { blockId } from '../../../src/core/hashing.ts';
import { bytesToHex } from '../../../src/core/hex.ts';
import { HeadersRequestType, MAX_HEADERS } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { headersFrom } from '../hostile/fake-chain.ts';
import { genesisPlace, lastPlace, privateChain } from '../hostile/forge.ts';

const HEADERS = 4_000;

export const headersThatDoNotFollow: Attack = {
  what: 'a private chain of easy headers that are given in order, out of order, and with one missing, to all and to a newcomer',
  tries: 'an unknown parent in an answer is the fault of the peer, wherever in sync it turns up',
  doesWrong: true,
  newcomer: { knows: 'all', finds: 3 },
  async run(attacker) {
    const genesis = genesisPlace(attacker);
    const easing = await privateChain(attacker, genesis, 6, 16_000);
    const chain = [...easing, ...(await privateChain(attacker, lastPlace(easing), HEADERS, 1_000))];
    attacker.did('headers', chain.length);
    const honestly = headersFrom(chain, genesis.id);
    const places = new Map(chain.map(({ sealed }, index) => [blockId(sealed) as string, index + 1]));
    const victims = [...attacker.targets, await attacker.newcomer];
    let asked = 0;
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(victims, {
        answers: {
          headers: (request) => {
            attacker.did('answers');
            if (asked++ % 3 === 0) return honestly(request);
            const { locator } = HeadersRequestType.deserialize(request);
            const start = places.get(bytesToHex(locator[0] ?? new Uint8Array(32))) ?? 0;
            const run = chain
              .slice(start, start + MAX_HEADERS)
              .map(({ sealed }) => encodeSealedHeader(sealed));
            const [first, second, ...rest] = run as [Uint8Array, Uint8Array, ...Uint8Array[]];
            return [assembleList(asked % 2 === 0 ? [second, first, ...rest] : [first, ...rest])];
          },
        },
      });
      const claim = { work: 2n ** 100n, height: 30_000n };
      await Promise.allSettled(victims.map((target) => peer.tellStatus(target, claim)));
      await attacker.pause(2_000);
      await peer.end();
    });
  },
};
