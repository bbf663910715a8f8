/** Mines, tells everybody of its headers, and never gives a body. */
import type { TopicName } from '../../node/ports.ts';
import { addIdentities, type CreateAttack, passive } from './attack.ts';
import { LyingNetwork } from './bent-network.ts';

class WithholdingNetwork extends LyingNetwork {
  override async publish(topic: TopicName, message: Uint8Array): Promise<void> {
    if (topic !== 'block') await super.publish(topic, message);
  }
}

export const withheldBodies: CreateAttack = (context) =>
  passive(
    addIdentities(
      context,
      (network) =>
        new WithholdingNetwork(network, (protocol, honest) => (protocol === 'blocks' ? () => [] : honest)),
      true,
    ),
  );
