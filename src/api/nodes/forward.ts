/**
 * Hands one request on to a daemon, and its answer back as it comes. Nothing is kept and nothing is added: no token,
 * no cookie. What the daemon answers stays data: a browser must not take it for a page of ours.
 */
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from '../errors.ts';
import { MAX_CONNECTIONS } from '../limits.ts';
import { ANSWER_MS, SILENCE_MS } from './limits.ts';

const AGENT_OPTIONS = { keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: 16 };
const plainAgent = new PlainAgent(AGENT_OPTIONS);
const secureAgent = new SecureAgent(AGENT_OPTIONS);

/** All that a daemon's routes look at. The page's `Host` and `Origin` were checked here and mean nothing to it. */
const REQUEST_HEADERS = ['accept', 'authorization', 'content-type', 'last-event-id'];
const ANSWER_HEADERS = [
  ...['cache-control', 'content-disposition', 'content-length', 'retry-after', 'www-authenticate'],
  'x-accel-buffering',
];
/** What a daemon's routes answer; anything else is told as bytes. */
const MEDIA_TYPES = /^(application\/json|application\/octet-stream|text\/event-stream)(;|$)/;

/**
 * @param url of the daemon's API
 * @param path behind it, with its query
 * @throws HttpError 503 `node-down`
 */
export async function forward(
  { name, url }: { readonly name: string; readonly url: string },
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const target = new URL(url);
  const isSecure = target.protocol === 'https:';
  const body = Buffer.isBuffer(request.body) ? request.body : undefined;
  const outgoing = (isSecure ? secureRequest : plainRequest)(target, {
    agent: isSecure ? secureAgent : plainAgent,
    method: request.method,
    path: `${target.pathname.replace(/\/+$/, '')}${path}`,
    headers: {
      ...chosen(request.headers, REQUEST_HEADERS),
      // The daemon is called from its own machine: it is told who really asks.
      ...(request.caller.isOwn ? {} : { 'x-forwarded-for': request.caller.address }),
      ...(body === undefined ? {} : { 'content-length': body.length }),
    },
    timeout: ANSWER_MS,
  });
  outgoing.on('timeout', () => outgoing.destroy(new Error('it did not answer in time')));
  reply.raw.once('close', () => outgoing.destroy());
  const answer = await answered(outgoing, body).catch((cause: unknown) => {
    throw new HttpError(503, 'node-down', `${name} at ${url} does not answer (${reasonOf(cause)})`, {
      cause,
    });
  });
  outgoing.setTimeout(SILENCE_MS);
  const type = answer.headers['content-type'] ?? '';
  return reply
    .code(answer.statusCode ?? 502)
    .headers(chosen(answer.headers, ANSWER_HEADERS))
    .header('content-type', MEDIA_TYPES.test(type) ? type : 'application/octet-stream')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; frame-ancestors 'none'; sandbox")
    .header('referrer-policy', 'no-referrer')
    .send(answer);
}

function answered(
  outgoing: ReturnType<typeof plainRequest>,
  body: Buffer | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function chosen(headers: IncomingMessage['headers'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
