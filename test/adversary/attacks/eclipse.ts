import { AddressesType } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import type { HostilePeer } from '../hostile/peer.ts';

const IDENTITIES = 40;

export const eclipse: Attack = {
  what: 'forty identities around a newcomer that tell it of each other only; it knows one honest daemon and has to find another',
  tries: 'outbound places, diverse sources of addresses, no trust in numbers',
  doesWrong: false,
  newcomer: { knows: 'first', finds: 2 },
  async run(attacker) {
    const peers: HostilePeer[] = [];
    const answer = () => [
      AddressesType.serialize(
        peers
          .flatMap(({ addresses }) => addresses.map((address) => new TextEncoder().encode(address)))
          .slice(0, 64),
      ),
    ];
    const newcomer = await attacker.newcomer;
    for (let identity = 0; identity < IDENTITIES && !attacker.signal.aborted; identity++) {
      const peer = await attacker.peer({
        answers: { addresses: answer, headers: () => [new Uint8Array(0)] },
      });
      peers.push(peer);
      await peer.connect(newcomer).then(
        () => attacker.did('connections'),
        () => attacker.did('refused'),
      );
    }
    await attacker.rest();
  },
};
