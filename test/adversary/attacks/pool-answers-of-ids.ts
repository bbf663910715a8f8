import { MAX_POOL_IDS, PoolIdsType } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';

export const poolAnswersOfIds: Attack = {
  what: 'identities that, asked for their pool, name thirty-two thousand ids a page, and give no transaction',
  tries: 'long answers are looked through in turns; a promise of transactions is held against the peer',
  doesWrong: false,
  processes: 2,
  async run(attacker) {
    const ids = Array.from({ length: MAX_POOL_IDS }, () => randomBytes(32));
    const page = PoolIdsType.serialize(ids);
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets, {
        answers: {
          pool: () => {
            attacker.did('pages');
            return [page];
          },
          transactions: () => [new Uint8Array(0)],
        },
      });
      await attacker.pause(2_000);
      await peer.end();
    });
  },
};
