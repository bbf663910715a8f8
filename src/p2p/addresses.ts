/** Multiaddrs: what to listen on, what to tell others. */
import { isLoopback } from '@libp2p/utils';
import type { Multiaddr } from '@multiformats/multiaddr';

/** @param port 0 for any free one */
export function listenAddress(host: string, port: number): string {
  return `/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/${port}`;
}

/**
 * A loopback address means another machine to everybody who hears it. In containers that all use one port, the
 * hearer would dial itself. It is told only when there is no other, as when listening on loopback alone.
 */
export function worthTelling(addresses: Multiaddr[]): Multiaddr[] {
  const beyond = addresses.filter((address) => !isLoopback(address));
  return beyond.length > 0 ? beyond : addresses;
}
