import { idToBytes } from '../../../src/core/identifiers.ts';
import type { ProtocolName } from '../../../src/node/ports.ts';
import {
  BlocksRequestType,
  BlockTransactionsRequestType,
  HeadersRequestType,
  PoolRequestType,
  TransactionsRequestType,
} from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';
import { statusBytes } from '../hostile/peer.ts';

const ALONGSIDE = 4;

export const requestFloods: Attack = {
  what: 'every protocol asked for as much as a request may, as fast as answers come, from several identities',
  tries: 'rates and places of requests, for each peer and in all',
  doesWrong: false,
  processes: 3,
  async run(attacker) {
    const { definition } = attacker;
    const ids = Array.from({ length: 128 }, () => randomBytes(32));
    const requests: [ProtocolName, Uint8Array][] = [
      ['status', statusBytes(definition, {})],
      ['headers', HeadersRequestType.serialize({ locator: [idToBytes(definition.genesisId)] })],
      ['headers', HeadersRequestType.serialize({ locator: ids.slice(0, 64) })],
      ['blocks', BlocksRequestType.serialize({ ids })],
      [
        'block-transactions',
        BlockTransactionsRequestType.serialize({ block: randomBytes(32), indexes: [0] }),
      ],
      ['pool', PoolRequestType.serialize({ page: 0 })],
      ['transactions', TransactionsRequestType.serialize({ ids })],
      ['addresses', new Uint8Array(0)],
    ];
    await attacker.forever(async () => {
      const peer = await attacker.peerOf(attacker.targets);
      await Promise.all(
        requests.flatMap(([protocol, request]) =>
          attacker.targets.flatMap((target) =>
            Array.from({ length: ALONGSIDE }, async () => {
              while (peer.connections > 0 && !attacker.signal.aborted) {
                await peer.request(target, protocol, request).then(
                  () => attacker.did(`${protocol} answered`),
                  () => attacker.did(`${protocol} refused`),
                );
              }
            }),
          ),
        ),
      );
      await peer.end();
    });
  },
};
