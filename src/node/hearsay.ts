/**
 * What a peer may tell about where others are. A node that is told an address dials it, so a stranger could have this node knock
 * on doors of its own LAN, look up names, or dial a machine that never was a node: a peer tells what it can know.
 */
import { type AddressClass, classOf } from './address-group.ts';
import type { PeerConnection, PeerId } from './ports.ts';

/** What a peer there can reach, and so can know. Not listed: addresses of no kind this network uses. */
const KNOWN_FROM: Readonly<Record<AddressClass, readonly AddressClass[]>> = {
  loopback: ['loopback', 'private', 'public', 'named'],
  private: ['private', 'public', 'named'],
  public: ['public'],
  named: ['public'],
  other: ['other'],
};

/** @param isTrusted the operator named the teller, or it was seen on the LAN */
export function mayTell(address: string, teller: PeerConnection, isTrusted: boolean): boolean {
  const there = classOf(teller.address);
  const told = classOf(address);
  if (KNOWN_FROM[there].includes(told)) return true;
  if (isTrusted && (told === 'private' || told === 'named')) return true;
  // A name is the owner's to tell: what it leads to is its own machine.
  return told === 'named' && there !== 'other' && peerOf(address) === teller.id;
}

/** The peer id a multiaddr ends in, if it names one. */
export function peerOf(address: string): PeerId | undefined {
  const match = /\/p2p\/([a-zA-Z0-9]+)$/.exec(address);
  return match?.[1] as PeerId | undefined;
}
