/** What a ban costs those who share the peer's address. */
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Connection } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { expect, it } from 'vitest';
import { AddressDebts } from '../../src/p2p/connections/address-debts.ts';
import { Farewells } from '../../src/p2p/connections/farewells.ts';
import { Gatekeeper } from '../../src/p2p/gatekeeper.ts';
import type { Host } from '../../src/p2p/libp2p-host.ts';
import { peerIdOf } from '../../src/p2p/peer-key.ts';

const address = '/ip4/203.0.113.7/tcp/1';

it.each([
  ['misdeeds', 1],
  ['slowness', 0],
] as const)('a ban for %s is %d points of debt to its address', async (cause, debt) => {
  const id = peerIdFromPrivateKey(await generateKeyPair('Ed25519'));
  const connection = {
    direction: 'inbound',
    remoteAddr: { toString: () => address },
  } as unknown as Connection;
  const host = { getConnections: () => [connection], hangUp: async () => {} } as unknown as Host;
  const gatekeeper = new Gatekeeper(() => 0);
  const debts = new AddressDebts(() => 0);
  const farewells = new Farewells({ host, gatekeeper, debts, log: () => {}, leaving: () => {} });
  await farewells.ban(peerIdOf(id), 1_000, cause);
  expect(gatekeeper.isDenied(peerIdOf(id))).toBe(true);
  expect(debts.of(address)).toBe(debt);
});
