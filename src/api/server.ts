/** The HTTP server of a daemon: the routes of the contract behind one guard, with limits. */
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyReply, LogController } from 'fastify';
import type { Logger } from 'pino';
import { MAX_BODY_BYTES } from '../client/routes.ts';
import { InvariantError } from '../core/errors.ts';
import { OperationError } from '../node/ports.ts';
import type { App } from './app.ts';
import { describeInvalid, type Refusal, refusalOf } from './errors.ts';
import { readExplorer } from './explorer.ts';
import { guard, isLoopback } from './guard.ts';
import { MAX_CONNECTIONS, REQUEST_TIMEOUT_MS } from './limits.ts';
import { describeApi } from './openapi.ts';
import { chainRoutes } from './routes/chain.ts';
import { explorerRoutes } from './routes/explorer.ts';
import { nodeRoutes } from './routes/node.ts';
import { receiptRoutes } from './routes/receipts.ts';
import { transactionRoutes } from './routes/transactions.ts';
import type { ServedDaemon } from './served.ts';

export interface ApiOptions {
  /** A name or address to listen on. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Required beyond loopback. */
  readonly token?: string;
  /** Web pages from elsewhere that may call: origins such as `https://explorer.example`. */
  readonly allowedOrigins?: readonly string[];
  /** Of the built explorer; default: where `npm run build:web` puts it. */
  readonly explorerFolder?: URL;
  readonly log: Logger;
}

export interface Api {
  /** Where it can be called from this machine. */
  readonly url: string;
  /** Ends every stream and connection. */
  close(): Promise<void>;
}

/** What a caller may know of a failure of ours. */
const INTERNAL: Refusal = {
  status: 500,
  body: { error: { code: 'internal', message: "it failed: see the daemon's log" } },
};

/** Listens. @throws OperationError if the port or the host cannot be had, or a token is missing */
export async function createApi(daemon: ServedDaemon, options: ApiOptions): Promise<Api> {
  const app = await buildApi(daemon, options);
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (cause) {
    await app.close();
    throw listenError(cause, options);
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { url: `http://${callableHost(options.host)}:${port}`, close: () => app.close() };
}

/** All but listening: what tests call. */
export async function buildApi(daemon: ServedDaemon, options: ApiOptions): Promise<App> {
  const loopback = isLoopback(options.host);
  if (!loopback && options.token === undefined) {
    throw new OperationError(
      `listening on ${options.host} needs a token: it is made with a data folder (--data)`,
    );
  }
  // Below this Fastify only says that it listens, which the entry point says better.
  const level = options.log.isLevelEnabled('warn') ? 'warn' : options.log.level;
  const log: FastifyBaseLogger = options.log.child({ room: 'api' }, { level });
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    // A refusal before routing: a path that cannot be decoded.
    frameworkErrors: (error, _request, reply) => {
      const refusal = refusalOf(error) ?? INTERNAL;
      void (reply as FastifyReply).code(refusal.status).send(refusal.body);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.maxConnections = MAX_CONNECTIONS;
  // Converts numbers in paths and queries, which are always text; bodies are taken as they are.
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setSchemaErrorFormatter((errors, part) => new Error(describeInvalid(errors, part)));
  // A form on a web page may send this without asking first.
  app.removeContentTypeParser('text/plain');
  app.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.slice(0, 200)}: see /openapi.json`;
    return reply.code(404).send({ error: { code: 'not-found', message } });
  });
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal !== undefined) return reply.code(refusal.status).send(refusal.body);
    log.error({ err: error, method: request.method, url: request.url }, 'a request failed');
    // A halt beats a wrong ledger: the entry point sees it as an uncaught exception.
    if (error instanceof InvariantError) setImmediate(() => Promise.reject(error));
    return reply.code(INTERNAL.status).send(INTERNAL.body);
  });
  guard(app, { loopback, token: options.token, allowedOrigins: options.allowedOrigins ?? [] });
  explorerRoutes(app, await readExplorer(options.explorerFolder));
  chainRoutes(app, daemon.node);
  transactionRoutes(app, daemon.node);
  receiptRoutes(app, daemon.node);
  nodeRoutes(app, daemon);
  let description: Promise<object> | undefined;
  app.get('/openapi.json', () => (description ??= describeApi()));
  await app.ready();
  return app;
}

function listenError(cause: unknown, { host, port }: ApiOptions): OperationError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') {
    return new OperationError(`port ${port} is taken: choose another with --api-port`, { cause });
  }
  if (code === 'EACCES') {
    return new OperationError(`port ${port} is not allowed to this user: choose another with --api-port`, {
      cause,
    });
  }
  return new OperationError(`cannot listen on ${host}: choose another with --api-host`, { cause });
}

/** Listening on every address includes loopback. */
function callableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
