/**
 * Who may call. A web page in the user's browser can reach loopback, directly or by a name that resolves to
 * it (DNS rebinding): the first sends a foreign `Origin`, the second a foreign `Host`. From beyond loopback, and through
 * a reverse proxy on this machine, routes that change what the daemon does take the token.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from './app.ts';
import { HttpError } from './errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route changes what the daemon does. */
    guarded?: true;
    /** The same for every caller, and nothing of the ledger: a file of the explorer. */
    isPublic?: true;
  }
}

const LOOPBACK_HOST = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?$/i;

/** @param host as one would listen on: a name or an address, IPv6 without brackets */
export function isLoopback(host: string): boolean {
  return LOOPBACK_HOST.test(host.includes(':') ? `[${host}]` : host);
}

/** @param host as a request names it: with a port, IPv6 in brackets */
function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK_HOST.test(host);
}

export interface GuardOptions {
  readonly loopback: boolean;
  /** For callers beyond this machine; without one they may only look. */
  readonly token: string | undefined;
  /** Web pages from elsewhere that may call, such as `https://explorer.example`. */
  readonly allowedOrigins: readonly string[];
}

/** What a page from elsewhere may ask of us; a browser remembers it for as long as it likes, up to this (s). */
const PREFLIGHT_MAX_AGE = '600';

/** What reverse proxies add by themselves, or are told to: a caller of this machine has no reason to. */
const PROXY_HEADER = /^(forwarded|via|x-real-ip|x-forwarded-.+)$/;

/** Refuses before a body is read: 403 `forbidden-host`, `forbidden-origin`, `looking-only`; 401 `unauthorized`. */
export function guard(app: App, { allowedOrigins, loopback, token }: GuardOptions): void {
  const allowedHosts = allowedOrigins.flatMap((origin) =>
    URL.canParse(origin) ? [new URL(origin).host] : [],
  );
  app.addHook('onRequest', async (request, reply) => {
    const { authorization, host, origin } = request.headers;
    const { guarded, isPublic } = request.routeOptions.config;
    if (isPublic === true) return;
    if (loopback) checkHost(host, allowedHosts);
    if (origin !== undefined && allowedOrigins.includes(origin)) {
      letPageRead(reply, origin);
      if (request.method === 'OPTIONS') return reply.code(204).send();
    } else if (origin === undefined) checkSite(request);
    else checkOrigin(origin, request);
    if (guarded !== true || (loopback && isFromThisMachine(request))) return;
    if (token === undefined) {
      const message = 'from beyond this machine, or through a proxy, one may only look';
      throw new HttpError(403, 'looking-only', message);
    }
    if (!holdsToken(authorization, token)) {
      reply.header('www-authenticate', 'Bearer');
      throw new HttpError(
        401,
        'unauthorized',
        'this route needs the token in DATA/api-token as a bearer token',
      );
    }
  });
}

/**
 * Whether a caller of a loopback address is a program here, and not a reverse proxy that speaks for a stranger. Older
 * nginx by its defaults leaves one trace only: it speaks HTTP/1.0. One that leaves none passes for a program of this
 * machine, so docs/explorer.md tells which line has to be there.
 */
export function isFromThisMachine({ headers, raw }: FastifyRequest): boolean {
  return (
    raw.httpVersion !== '1.0' &&
    isLoopbackHost(headers.host) &&
    !Object.keys(headers).some((name) => PROXY_HEADER.test(name))
  );
}

/** On the raw answer, so that a stream of events, which bypasses Fastify, has them too. */
function letPageRead({ raw }: FastifyReply, origin: string): void {
  raw.setHeader('access-control-allow-origin', origin);
  raw.setHeader('vary', 'origin');
  raw.setHeader('access-control-allow-methods', 'GET, POST');
  raw.setHeader('access-control-allow-headers', 'authorization, content-type, last-event-id');
  raw.setHeader('access-control-max-age', PREFLIGHT_MAX_AGE);
}

function checkHost(host: string | undefined, allowed: readonly string[]): void {
  if (isLoopbackHost(host) || allowed.includes((host ?? '').toLowerCase())) return;
  throw new HttpError(
    403,
    'forbidden-host',
    `the API listens on loopback only and is not called ${host ?? '(no Host)'}: a reverse proxy is to tell that name as X-Forwarded-Host, not as Host`,
  );
}

/**
 * Without an `Origin` come pictures, scripts and frames of a page, which it cannot read but which cost us the answer. A
 * browser says so in a header that no page can change; following a link is not among them.
 */
function checkSite({ headers }: FastifyRequest): void {
  const site = headers['sec-fetch-site'];
  if (site !== 'cross-site' && site !== 'same-site') return;
  if (headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document') return;
  throw new HttpError(
    403,
    'forbidden-origin',
    'web pages from elsewhere may not use this API: they need tally start --allow-origin',
  );
}

/**
 * A page of the name that was called, here or at the proxy in front, is ours. That a proxy says so can be believed: a
 * page from elsewhere cannot add that header without asking beforehand, and is then refused.
 */
function checkOrigin(origin: string, { headers }: FastifyRequest): void {
  const forwarded = String(headers['x-forwarded-host'] ?? '').split(',')[0];
  const ours = [headers.host, forwarded];
  if (URL.canParse(origin) && ours.includes(new URL(origin).host)) return;
  throw new HttpError(
    403,
    'forbidden-origin',
    `web pages of ${origin} may not use this API: a reverse proxy is to set X-Forwarded-Host, a page from elsewhere needs tally start --allow-origin`,
  );
}

export function holdsToken(authorization: string | undefined, token: string | undefined): boolean {
  const [scheme, given] = (authorization ?? '').split(' ');
  if (token === undefined || scheme?.toLowerCase() !== 'bearer' || given === undefined) return false;
  return timingSafeEqual(digest(given), digest(token));
}

/** Hashed, so that the comparison takes the same time whatever the length. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
