import { idToBytes } from '../../../src/core/identifiers.ts';
import { HeadersRequestType } from '../../../src/node/wire.ts';
import { withLength } from '../../../src/p2p/chunk-stream.ts';
import type { Attack } from '../attack.ts';

/** More than a daemon answers at once. */
const PEERS = 10;
const STREAMS_EACH = 16;

export const readersWhoDoNotRead: Attack = {
  what: 'ten peers that ask for headers on many streams and do not read the answers, while a newcomer has to catch up',
  tries: 'least progress of an answer; places for answers by kind and peer',
  doesWrong: false,
  newcomer: { knows: 'first', finds: 1 },
  async run(attacker) {
    const request = HeadersRequestType.serialize({ locator: [idToBytes(attacker.definition.genesisId)] });
    await Promise.all(
      Array.from({ length: PEERS }, () =>
        attacker.forever(async () => {
          const peer = await attacker.peerOf([attacker.target(0)]);
          for (let stream = 0; stream < STREAMS_EACH; stream++) {
            const asking = await peer.stream(attacker.target(0), 'headers');
            asking.pause();
            asking.send(withLength(request));
            attacker.did('requests');
          }
          await attacker.pause(5_000);
          await peer.end();
        }),
      ),
    );
  },
};
