/**
 * Many identities crowd around one victim: they connect to it, tell it only of each other, pass nothing on and claim
 * to know of no block.
 */
import { idFromBytes, idToBytes } from '../../core/identifiers.ts';
import { workOfBits } from '../../core/target.ts';
import type { PeerId, TopicName, Verdict } from '../../node/ports.ts';
import { AddressesType, StatusType } from '../../node/wire.ts';
import type { Machine } from '../machine.ts';
import { addressOf } from '../virtual-network.ts';
import { type CreateAttack, passive } from './attack.ts';
import { LyingNetwork } from './bent-network.ts';

/** Identities a machine stands for when the plan names one. */
const CROWD = 4;

class SilentNetwork extends LyingNetwork {
  override subscribe(
    topic: TopicName,
    validate: (message: Uint8Array, from: PeerId) => Promise<Verdict>,
  ): void {
    super.subscribe(topic, async (message, from) => {
      await validate(message, from);
      return 'ignore';
    });
  }

  override async publish(): Promise<void> {}
}

export const eclipse: CreateAttack = ({ plan, random, world }) => {
  const { genesis, genesisId, idBytes } = world.definition;
  const victim = random.pick(world.honest);
  const machines: Machine[] = [];
  for (let i = 0; i < CROWD * (plan.nodes ?? 1); i++) {
    machines.push(
      world.add({
        address: idFromBytes(random.bytes(32)),
        peers: [victim],
        bend: (network) =>
          new SilentNetwork(network, (protocol, honest) => {
            if (protocol === 'status') return () => [nothing()];
            return protocol === 'addresses' ? () => [crowd()] : honest;
          }),
      }),
    );
  }
  return passive(machines);

  function nothing(): Uint8Array {
    return StatusType.serialize({
      networkId: idBytes,
      tip: idToBytes(genesisId),
      height: 0n,
      work: workOfBits(genesis.sealed.header.bits),
      clock: BigInt(Math.floor(world.scheduler.nowMs)),
    });
  }

  function crowd(): Uint8Array {
    const encoder = new TextEncoder();
    return AddressesType.serialize(machines.map(({ name }) => encoder.encode(addressOf(name as PeerId))));
  }
};
