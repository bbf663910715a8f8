/** Claims work it does not have, tips nobody knows, heights beyond all numbers. */
import { StatusType } from '../../node/wire.ts';
import { addIdentities, type CreateAttack, passive } from './attack.ts';
import { LyingNetwork } from './bent-network.ts';

export const lyingStatus: CreateAttack = (context) => {
  const { random, world } = context;
  return passive(
    addIdentities(
      context,
      (network) =>
        new LyingNetwork(network, (protocol, honest) => (protocol === 'status' ? () => [claim()] : honest)),
    ),
  );

  function claim(): Uint8Array {
    return StatusType.serialize({
      networkId: world.definition.idBytes,
      tip: random.bytes(32),
      height: random.pick([1n, 1_000_000n, 2n ** 60n]),
      work: random.pick([1n, 2n ** 40n, 2n ** 200n]),
      clock: BigInt(Math.floor(world.scheduler.nowMs)) + BigInt(random.integer(200_000)),
    });
  }
};
