/**
 * Who asks: one of the daemon's own (a program of this machine, or one that holds the token), or a stranger. Strangers
 * share places by the address they come from, and their long answers are made more slowly.
 */
import { BlockList, isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { Turns } from '../../node/turns.ts';
import type { App } from '../app.ts';
import { holdsToken, isFromThisMachine } from '../guard.ts';
import { STRANGERS_TURN_MS } from '../limits.ts';

export interface Caller {
  readonly isOwn: boolean;
  /** An IPv4 address, or the network of an IPv6 address: a site has up to 2^80 of those. */
  readonly address: string;
  /** Between two pieces of work of some milliseconds; no other caller gets the same turn. */
  turn(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** @param address as a socket has it */
export function isLoopbackAddress(address: string): boolean {
  return LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** @param address as a socket has it @returns what counts as one place on the network */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [before = '', behind] = (address.split('%')[0] ?? '').split('::');
  const head = before.split(':').filter((group) => group !== '');
  const tail = (behind ?? '').split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return `${[...head, ...zeros, ...tail].slice(0, 3).join(':')}::/48`;
}

/** Every request knows its caller before anything else looks at it. */
export function knowCallers(app: App, token: string | undefined): void {
  const ownTurns = new Turns(setImmediate);
  const strangersTurns = new Turns((call) => setTimeout(call, STRANGERS_TURN_MS));
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request, reply) => {
    // Sent before its connection was closed: no caller reads an answer.
    if (request.raw.socket.destroyed) return reply.hijack();
    const isOwn = isOwnCaller(request, token);
    const turns = isOwn ? ownTurns : strangersTurns;
    request.caller = { isOwn, address: addressOf(request), turn: () => turns.next() };
  });
}

function isOwnCaller(request: FastifyRequest, token: string | undefined): boolean {
  const { remoteAddress } = request.raw.socket;
  if (remoteAddress !== undefined && isLoopbackAddress(remoteAddress) && isFromThisMachine(request))
    return true;
  return holdsToken(request.headers.authorization, token);
}

/** Where a reverse proxy on this machine speaks for a stranger, it says for whom: last, behind what the stranger made up. */
function addressOf({ headers, raw }: FastifyRequest): string {
  const remote = raw.socket.remoteAddress ?? '';
  if (!isLoopbackAddress(remote)) return networkOf(remote);
  const forwarded = [headers['x-forwarded-for']].flat().at(-1)?.split(',').at(-1)?.trim();
  return networkOf(forwarded === undefined || forwarded === '' ? remote : forwarded);
}
