/** A raw connection that counts as a peer: it has spoken a protocol of the network. */
import { protocolId } from '../../../src/p2p/protocols.ts';
import type { Attacker } from './attacker.ts';
import { statusBytes } from './peer.ts';
import type { RawConnection } from './raw-connection.ts';

/** Introduces it. @returns to be called when it is closed */
export function holdRaw(attacker: Attacker, raw: RawConnection): () => void {
  const { definition } = attacker;
  raw.ask(101, protocolId(definition.id, 'status'), statusBytes(definition, {}));
  attacker.did('connections');
  return attacker.holds();
}
