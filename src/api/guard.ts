/**
 * Who may call. A web page in the user's browser can reach loopback, directly or by a name that resolves to
 * it (DNS rebinding): the first sends a foreign `Origin`, the second a foreign `Host`. Beyond loopback,
 * routes that change what the daemon does take the token.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { App } from './app.ts';
import { HttpError } from './errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route changes what the daemon does. */
    guarded?: true;
  }
}

const LOOPBACK_HOST = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?$/i;

/** @param host as one would listen on: a name or an address, IPv6 without brackets */
export function isLoopback(host: string): boolean {
  return LOOPBACK_HOST.test(host.includes(':') ? `[${host}]` : host);
}

export interface GuardOptions {
  readonly loopback: boolean;
  /** Required beyond loopback. */
  readonly token: string | undefined;
  /** Web pages from elsewhere that may call, such as `https://explorer.example`. */
  readonly allowedOrigins: readonly string[];
}

/** What a page from elsewhere may ask of us; a browser remembers it for as long as it likes, up to this (s). */
const PREFLIGHT_MAX_AGE = '600';

/** Refuses before a body is read: 403 `forbidden-host`, `forbidden-origin`; 401 `unauthorized`. */
export function guard(app: App, { allowedOrigins, loopback, token }: GuardOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    const { host, origin } = request.headers;
    if (loopback) checkHost(host);
    if (origin !== undefined && allowedOrigins.includes(origin)) {
      letPageRead(reply, origin);
      if (request.method === 'OPTIONS') return reply.code(204).send();
    } else checkOrigin(origin, host);
    if (
      !loopback &&
      request.routeOptions.config.guarded === true &&
      !holdsToken(request.headers.authorization, token)
    ) {
      reply.header('www-authenticate', 'Bearer');
      throw new HttpError(
        401,
        'unauthorized',
        'this route needs the token in DATA/api-token as a bearer token',
      );
    }
  });
}

/** On the raw answer, so that a stream of events, which bypasses Fastify, has them too. */
function letPageRead({ raw }: FastifyReply, origin: string): void {
  raw.setHeader('access-control-allow-origin', origin);
  raw.setHeader('vary', 'origin');
  raw.setHeader('access-control-allow-methods', 'GET, POST');
  raw.setHeader('access-control-allow-headers', 'authorization, content-type, last-event-id');
  raw.setHeader('access-control-max-age', PREFLIGHT_MAX_AGE);
}

function checkHost(host: string | undefined): void {
  if (host !== undefined && LOOPBACK_HOST.test(host)) return;
  throw new HttpError(
    403,
    'forbidden-host',
    `the API listens on loopback only and is not called ${host ?? '(no Host)'}`,
  );
}

function checkOrigin(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined) return;
  const sameOrigin = URL.canParse(origin) && new URL(origin).host === host;
  if (!sameOrigin)
    throw new HttpError(403, 'forbidden-origin', `web pages of ${origin} may not use this API`);
}

function holdsToken(authorization: string | undefined, token: string | undefined): boolean {
  const [scheme, given] = (authorization ?? '').split(' ');
  if (token === undefined || scheme?.toLowerCase() !== 'bearer' || given === undefined) return false;
  return timingSafeEqual(digest(given), digest(token));
}

/** Hashed, so that the comparison takes the same time whatever the length. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
