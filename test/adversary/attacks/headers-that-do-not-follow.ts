import { assembleList, encodeSealedHeader } from '../../../src/core/encoding.ts';
import { blockId } from '../../../src/core/hashing.ts';
import { bytesToHex } from '../../../src/core/hex.ts';
import { HeadersRequestType, MAX_HEADERS } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { headersFrom } from '../hostile/fake-chain.ts';
import { genesisPlace, privateChain } from '../hostile/forge.ts';

/** More than a daemon holds before they prove anything, so that it asks for them twice. */
const HEADERS = 24_000;
/** Each half a minute after the last at first, which makes them as easy as the rules allow. */
const SPACING_MS = 1_000;

export const headersThatDoNotFollow: Attack = {
  what: 'a long private chain of easy headers; asked for again, they do not follow each other',
  tries: 'the second walk of header sync',
  doesWrong: true,
  newcomer: { knows: 'all', finds: 3 },
  async run(attacker) {
    const genesis = genesisPlace(attacker);
    const easing = await privateChain(attacker, genesis, 6, 16_000);
    const last = easing.at(-1);
    const before = easing.at(-2);
    if (last === undefined || before === undefined) return;
    const place = { id: blockId(last.sealed), header: last.sealed.header, parent: before.sealed.header };
    const rest = await privateChain(attacker, place, HEADERS, SPACING_MS);
    const chain = [...easing, ...rest];
    attacker.did('headers', chain.length);
    const honestly = headersFrom(chain, genesis.id);
    const known = new Map(chain.map(({ sealed }, index) => [blockId(sealed) as string, index + 1]));
    await attacker.forever(async () => {
      let asked = 0;
      const peer = await attacker.peerOf([...attacker.targets, await attacker.newcomer], {
        answers: {
          headers: async (request) => {
            asked++;
            attacker.did('answers');
            if (asked <= 12) return honestly(request);
            const { locator } = HeadersRequestType.deserialize(request);
            const start = known.get(bytesToHex(locator[0] ?? new Uint8Array(32))) ?? 0;
            const run = chain
              .slice(start, start + MAX_HEADERS)
              .map(({ sealed }) => encodeSealedHeader(sealed));
            return [assembleList([...run.slice(1), ...run.slice(0, 1)])];
          },
        },
      });
      const target = await attacker.newcomer;
      await peer.tellStatus(target, { work: 2n ** 100n, height: 30_000n });
      await attacker.pause(4_000);
    });
  },
};
