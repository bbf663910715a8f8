/**
 * Where an address is: its class, and the groups whose members are probably one party. Shares of places, queues and
 * trust are counted by these, since a peer id costs nothing to make and an address does.
 *
 * A multiaddr begins with the address: `/ip4/203.0.113.7/tcp/4141`, `/ip6/2001:db8::7/tcp/4141`, `/dns4/node-2/tcp/4141`.
 */

/**
 * - `loopback`: this machine: a devnet, or a proxy.
 * - `private`: a LAN, a container's bridge, a link: what a stranger far away cannot mean.
 * - `public`: anywhere.
 * - `named`: to be looked up first, so it may be anywhere too.
 * - `other`: no IP at all, as in the simulator.
 */
export type AddressClass = 'loopback' | 'private' | 'public' | 'named' | 'other';

type Ip = { readonly version: 4 | 6; readonly bytes: readonly number[] };

const MULTIADDR = /^\/(ip4|ip6|dns|dns4|dns6|dnsaddr)\/([^/]+)/;

export function classOf(address: string): AddressClass {
  const [, protocol, host] = MULTIADDR.exec(address) ?? [];
  if (protocol === undefined || host === undefined) return 'other';
  if (protocol.startsWith('dns')) return 'named';
  const ip = parseIp(host);
  if (ip === undefined) return 'other';
  return ip.version === 4 ? classOfIpv4(ip.bytes) : classOfIpv6(ip.bytes);
}

/** An owner of one of these has them all: an IPv4 address, the /48 of an IPv6 one, which a site is given at most (RFC 6177). */
export function hostOf(address: string): string {
  return prefixOf(address, 4, 6);
}

/** What a provider rents out as one: the /24 of an IPv4 address, the /32 of an IPv6 one. */
export function networkOf(address: string): string {
  return prefixOf(address, 3, 4);
}

function prefixOf(address: string, ipv4Bytes: number, ipv6Bytes: number): string {
  const [, , host] = MULTIADDR.exec(address) ?? [];
  const ip = host === undefined ? undefined : parseIp(host);
  if (ip === undefined) return host ?? address;
  if (ip.version === 4) return ip.bytes.slice(0, ipv4Bytes).join('.');
  return `${ip.bytes.slice(0, ipv6Bytes).join('.')}::`;
}

function classOfIpv4([a = 0, b = 0]: readonly number[]): AddressClass {
  if (a === 127 || a === 0) return 'loopback';
  const isPrivate =
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128);
  return isPrivate ? 'private' : 'public';
}

function classOfIpv6(bytes: readonly number[]): AddressClass {
  const [a = 0, b = 0] = bytes;
  if (bytes.slice(0, 15).every((byte) => byte === 0)) return 'loopback';
  const isUniqueLocal = (a & 0xfe) === 0xfc;
  const isLinkLocal = a === 0xfe && (b & 0xc0) === 0x80;
  return isUniqueLocal || isLinkLocal ? 'private' : 'public';
}

/** @returns undefined if it is none; an IPv4 address mapped into IPv6 is the IPv4 address */
function parseIp(text: string): Ip | undefined {
  if (!text.includes(':')) {
    const bytes = parseIpv4(text);
    return bytes && { version: 4, bytes };
  }
  const bytes = parseIpv6(text);
  if (bytes === undefined) return undefined;
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return isMapped ? { version: 4, bytes: bytes.slice(12) } : { version: 6, bytes };
}

function parseIpv4(text: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte < 256) ? bytes : undefined;
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.replace(/%.*$/, '').split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(parseGroups);
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  const gap = 16 - head.length - (tail?.length ?? Number.NaN);
  return gap >= 0 ? [...head, ...new Array<number>(gap).fill(0), ...(tail ?? [])] : undefined;
}

/** Groups of 16 bits in hexadecimal, the last of which may be an IPv4 address. */
function parseGroups(text: string): number[] | undefined {
  const bytes: number[] = [];
  for (const group of text === '' ? [] : text.split(':')) {
    const value = /^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : undefined;
    const pair = value === undefined ? parseIpv4(group) : [value >> 8, value & 0xff];
    if (pair === undefined) return undefined;
    bytes.push(...pair);
  }
  return bytes;
}
