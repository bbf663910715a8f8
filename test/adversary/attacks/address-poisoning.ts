import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { AddressesType } from '../../../src/node/wire.ts';
import type { Attack } from '../attack.ts';
import { randomBytes } from '../hostile/forge.ts';

export const addressPoisoning: Attack = {
  what: 'addresses of nobody, of the daemon itself, of the API, and bytes that are no address, told to a newcomer and to all',
  tries: 'addresses from outside are bounded, checked, and forgotten when nobody is there',
  doesWrong: false,
  newcomer: { knows: 'first', finds: 2 },
  async run(attacker) {
    const nobody = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const id = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString();
        return `/ip4/127.0.0.${1 + (index % 8)}/tcp/${20_000 + index}/p2p/${id}`;
      }),
    );
    const own = attacker.targets.map(({ address }) => address);
    const encoded = [...own, ...nobody].map((address) => new TextEncoder().encode(address));
    const newcomer = await attacker.newcomer;
    let round = 0;
    await attacker.forever(async () => {
      const garbage = Array.from({ length: 64 }, () => randomBytes(1 + (round % 255)));
      const told = round++ % 2 === 0 ? encoded.slice(0, 64) : garbage;
      const peer = await attacker.peerOf([...attacker.targets, newcomer], {
        answers: {
          addresses: () => {
            attacker.did('answers');
            return [AddressesType.serialize(told)];
          },
        },
      });
      await attacker.pause(1_500);
      await peer.end();
    });
  },
};
