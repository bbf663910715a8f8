/**
 * What daemons of one network say to each other by mDNS: records as libp2p's discovery has them, a pointer from the service
 * to an instance, and a text `dnsaddr=…` for each of the instance's addresses.
 *
 * Source: github.com/libp2p/specs/blob/master/discovery/mdns.md
 */
import { peerIdFromString } from '@libp2p/peer-id';
import { isPrivate } from '@libp2p/utils';
import { CODE_P2P, type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { Answer, Packet } from 'dns-packet';
import type { PeerId } from '../../node/ports.ts';
import { peerIdOf } from '../peer-key.ts';

/** Addresses of one peer told or passed on: its interfaces, with room for containers' bridges. */
export const MAX_ADDRESSES = 16;
/** Of a string in a text record: its length is one byte (RFC 1035, character-string). */
const LONGEST_STRING_BYTES = 255;
const ADDRESS_KEY = 'dnsaddr=';
/** Seconds others may keep an answer for. */
const TIME_TO_LIVE = 120;

export interface Found {
  readonly peer: PeerId;
  /** Each ends in `/p2p/` and the peer. */
  readonly addresses: readonly string[];
}

/** @param addresses each ends in `/p2p/` and our own id; those of the wide world are left out */
export function answerOf(
  serviceTag: string,
  instance: string,
  addresses: readonly Multiaddr[],
): readonly Answer[] {
  const name = `${instance}.${serviceTag}`;
  const common = { class: 'IN', ttl: TIME_TO_LIVE } as const;
  const texts = addresses
    .filter(isPrivate)
    .map((address) => `${ADDRESS_KEY}${address}`)
    .filter((text) => text.length <= LONGEST_STRING_BYTES)
    .slice(0, MAX_ADDRESSES);
  return [
    { name: serviceTag, type: 'PTR', data: name, ...common },
    ...texts.map((data) => ({ name, type: 'TXT', data, ...common }) as const),
  ];
}

export function isQuestionFor(serviceTag: string, { questions = [] }: Packet): boolean {
  return questions[0]?.name === serviceTag;
}

/** @returns undefined if it tells of another service, or of no address that can be read */
export function readAnswer(
  serviceTag: string,
  { answers = [], additionals = [] }: Packet,
): Found | undefined {
  if (!answers.some(({ type, name }) => type === 'PTR' && name === serviceTag)) return undefined;
  const texts = [...answers, ...additionals]
    .flatMap((record) => (record.type === 'TXT' ? record.data : []))
    .map(String)
    .filter((text) => text.startsWith(ADDRESS_KEY) && text.length <= LONGEST_STRING_BYTES)
    .slice(0, MAX_ADDRESSES);
  try {
    const addresses = texts.map((text) => multiaddr(text.slice(ADDRESS_KEY.length)));
    const named = addresses[0]?.getComponents().findLast(({ code }) => code === CODE_P2P)?.value;
    if (named === undefined) return undefined;
    const peer = peerIdOf(peerIdFromString(named));
    return {
      peer,
      addresses: addresses.map((address) => `${address.decapsulateCode(CODE_P2P)}/p2p/${peer}`),
    };
  } catch {
    // No addresses, or of no peer: another program's, or nonsense. It is not worth a line in the log.
    return undefined;
  }
}
