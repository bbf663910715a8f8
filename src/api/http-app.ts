/** An HTTP server with our limits and our words for a refusal, before it has any route. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyReply, LogController } from 'fastify';
import type { Logger } from 'pino';
import { MAX_BODY_BYTES } from '../client/routes.ts';
import { InvariantError } from '../core/errors.ts';
import { OperationError } from '../node/ports.ts';
import { inPieces } from './answers.ts';
import type { App } from './app.ts';
import { knowCallers } from './callers/caller.ts';
import { Connections } from './callers/connections.ts';
import { placesForTheDear } from './callers/dear.ts';
import { refuseBroken } from './callers/refuse-raw.ts';
import { type Refusal, refusalOf } from './errors.ts';
import { type GuardOptions, guard } from './guard.ts';
import { refuseHead } from './head.ts';
import { HEAD_TIMEOUT_MS, REQUEST_TIMEOUT_MS, SWEEP_MS } from './limits.ts';

/** What a caller may know of a failure of ours. */
const INTERNAL: Refusal = {
  status: 500,
  body: { error: { code: 'internal', message: "it failed: see the daemon's log" } },
};

const STOPPING: Refusal = {
  status: 503,
  body: { error: { code: 'stopping', message: 'the daemon is stopping' } },
};

/** A place is free when an answer is read, or given up because it is not. */
const RETRY_AFTER_S = 1;

const OF_THE_MACHINE: ReadonlySet<string> = new Set(['storage-full', 'storage-failed', 'too-many-files']);

/** Below warnings Fastify only says that it listens, which the entry point says better. */
export function apiLog(log: Logger): FastifyBaseLogger {
  return log.child({ room: 'api' }, { level: log.isLevelEnabled('warn') ? 'warn' : log.level });
}

export function createHttpApp(log: FastifyBaseLogger, callers: GuardOptions): App {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEAD_TIMEOUT_MS, connectionsCheckingInterval: SWEEP_MS },
    clientErrorHandler: refuseBroken,
    forceCloseConnections: true,
    // Or every GET has a twin that does all of the work for an answer that is not sent: a route asks for it.
    exposeHeadRoutes: false,
    // A refusal before routing: a path that cannot be decoded.
    frameworkErrors: (error, _request, reply) => {
      const refusal = refusalOf(error) ?? INTERNAL;
      void (reply as FastifyReply).code(refusal.status).send(refusal.body);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  refuseHead(app);
  const connections = new Connections(app.server);
  app.addHook('onClose', async () => connections.close());
  knowCallers(app, callers.token);
  guard(app, callers);
  placesForTheDear(app, connections);
  inPieces(app, connections);
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  // A form on a web page may send this without asking first.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal?.status === 429) void reply.header('retry-after', RETRY_AFTER_S);
    // The machine's fault is the operator's to hear of, not only the caller's.
    if (refusal !== undefined && OF_THE_MACHINE.has(refusal.body.error.code) && !isClosing)
      log.error({ err: error }, 'the machine could not do what was asked');
    if (refusal !== undefined) return reply.code(refusal.status).send(refusal.body);
    // What it reads may be closed under a request that is still being answered: no caller waits for it any more.
    if (isClosing) return reply.code(STOPPING.status).send(STOPPING.body);
    log.error({ err: error, method: request.method, url: request.url }, 'a request failed');
    // A halt beats a wrong ledger: the entry point sees it as an uncaught exception.
    if (error instanceof InvariantError) setImmediate(() => Promise.reject(error));
    return reply.code(INTERNAL.status).send(INTERNAL.body);
  });
  return app;
}

export interface ListenOptions {
  /** A name or an address. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** What to try if it cannot be had. */
  readonly portOption: string;
  readonly hostOption: string;
}

/** @returns the URL it can be called at from this machine @throws OperationError if the port or the host cannot be had */
export async function listen(app: App, options: ListenOptions): Promise<string> {
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (cause) {
    await app.close();
    throw listenError(cause, options);
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return `http://${callableHost(options.host)}:${port}`;
}

function listenError(cause: unknown, { host, hostOption, port, portOption }: ListenOptions): OperationError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') {
    return new OperationError(`port ${port} is taken: choose another with ${portOption}`, { cause });
  }
  if (code === 'EACCES') {
    return new OperationError(`port ${port} is not allowed to this user: choose another with ${portOption}`, {
      cause,
    });
  }
  return new OperationError(`cannot listen on ${host}: choose another with ${hostOption}`, { cause });
}

/** Listening on every address includes loopback. */
function callableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
