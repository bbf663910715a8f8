/** What is dear to answer, and how many of it there may be at once. */
import { MAX_BODY_BYTES, type RouteName } from '../../client/routes.ts';
import type { App } from '../app.ts';
import * as limits from '../limits.ts';
import type { Connections } from './connections.ts';
import { Places, type Shares } from './places.ts';

/** `answer`: long, or long in the making; `export`: a chain file; `submission`: to be checked and written. */
export type Dear = 'answer' | 'export' | 'submission';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Takes a place of this kind, and gives it back with its answer. */
    dear?: Dear;
  }
}

export const DEAR_ROUTES: Readonly<Partial<Record<RouteName, Dear>>> = {
  chain: 'answer',
  chainTree: 'answer',
  chainForks: 'answer',
  chainFork: 'answer',
  chainValidity: 'answer',
  chainExport: 'export',
  block: 'answer',
  submit: 'submission',
  receipt: 'answer',
  accountTransactions: 'answer',
  pool: 'answer',
};

/** Before a body is read. */
export function placesForTheDear(app: App, connections: Connections): void {
  const places = (what: string, code: 'too-many-requests' | 'too-many-streams', shares: Shares) =>
    new Places({ what, code, shares, stalledMs: (response) => connections.stalledMs(response) });
  const answers = places('long answers', 'too-many-requests', {
    inAll: limits.MAX_ANSWERS,
    ofStrangers: limits.MAX_ANSWERS_OF_STRANGERS,
    ofAddress: limits.MAX_ANSWERS_OF_ADDRESS,
  });
  const exports = places('chain files', 'too-many-streams', {
    inAll: limits.MAX_EXPORT_STREAMS,
    ofStrangers: limits.MAX_EXPORT_STREAMS_OF_STRANGERS,
    ofAddress: limits.MAX_EXPORT_STREAMS_OF_ADDRESS,
  });
  const submissions = places('submissions', 'too-many-requests', {
    inAll: limits.MAX_SUBMISSIONS,
    ofStrangers: limits.MAX_SUBMISSIONS_OF_STRANGERS,
    ofAddress: limits.MAX_SUBMISSIONS_OF_ADDRESS,
  });
  const batches = places('long submissions', 'too-many-requests', {
    inAll: limits.MAX_BATCHES,
    ofStrangers: limits.MAX_BATCHES_OF_STRANGERS,
    ofAddress: limits.MAX_BATCHES_OF_ADDRESS,
  });
  app.addHook('onRequest', async ({ caller, headers, raw, routeOptions }, reply) => {
    const { dear } = routeOptions.config;
    // Closed since it was asked: a caller that sends request after request, and waits for no answer.
    if (raw.socket.destroyed) return reply.hijack();
    if (dear === 'answer') answers.take(caller, reply.raw);
    else if (dear === 'export') exports.take(caller, reply.raw);
    else if (dear === 'submission')
      (isLong(headers['content-length']) ? batches : submissions).take(caller, reply.raw);
  });
}

/** One that does not say how long it is may be long. */
function isLong(length: string | undefined): boolean {
  return length === undefined || Number(length) > MAX_BODY_BYTES;
}
