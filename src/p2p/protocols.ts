/**
 * Names on the wire. Every one carries the first 8 hex digits of the network id, so networks never mix:
 *
 *     /tallystick/1a2b3c4d/status/1         a request/response protocol
 *     /tallystick/1a2b3c4d/transactions/1   a gossip topic
 *     _tally-1a2b3c4d._udp.local            the service asked for by mDNS
 */
import type { NetworkId } from '../core/identifiers.ts';
import type { ProtocolName, TopicName } from '../node/ports.ts';

const FAMILY = '/tallystick/';
/** 32 bits tell apart networks that meet by chance; `status` compares the whole id. */
const HINT_DIGITS = 8;

/** How a network is called where its whole id would be too long. */
export function networkHint(network: NetworkId): string {
  return network.slice(0, HINT_DIGITS);
}

export function protocolId(network: NetworkId, name: ProtocolName): string {
  return `${FAMILY}${networkHint(network)}/${name}/1`;
}

export function topicId(network: NetworkId, name: TopicName): string {
  return `${FAMILY}${networkHint(network)}/${name}/1`;
}

/** A DNS-SD service name: a label of at most 15 characters, then the transport mDNS files it under. */
export function serviceTag(network: NetworkId): string {
  return `_tally-${networkHint(network)}._udp.local`;
}

/** Anything else is no network of ours, and nothing to show people: a protocol's name may hold any character. */
const HINT = new RegExp(`^[0-9a-f]{1,${HINT_DIGITS}}$`);

/** The networks a peer speaks for, by hint, judging from its protocols. */
export function networksSpoken(protocols: readonly string[]): string[] {
  const hints = protocols
    .filter((protocol) => protocol.startsWith(FAMILY))
    .map((protocol) => protocol.slice(FAMILY.length).split('/', 1)[0] ?? '')
    .filter((hint) => HINT.test(hint));
  return [...new Set(hints)];
}
