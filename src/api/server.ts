/** The HTTP server of a daemon: the routes of the contract behind one guard, with limits. */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { Logger } from 'pino';
import { OperationError } from '../node/ports.ts';
import type { App } from './app.ts';
import { describeInvalid } from './errors.ts';
import { readExplorer } from './explorer.ts';
import { isLoopback } from './guard.ts';
import { apiLog, createHttpApp, listen } from './http-app.ts';
import { describeApi } from './openapi.ts';
import { chainRoutes } from './routes/chain.ts';
import { explorerRoutes } from './routes/explorer.ts';
import { forkRoutes } from './routes/forks.ts';
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

/** Listens. @throws OperationError if the port or the host cannot be had, or a token is missing */
export async function createApi(daemon: ServedDaemon, options: ApiOptions): Promise<Api> {
  const app = await buildApi(daemon, options);
  const url = await listen(app, { ...options, portOption: '--api-port', hostOption: '--api-host' });
  return { url, close: () => app.close() };
}

/** All but listening: what tests call. */
export async function buildApi(daemon: ServedDaemon, options: ApiOptions): Promise<App> {
  const loopback = isLoopback(options.host);
  if (!loopback && options.token === undefined) {
    throw new OperationError(
      `listening on ${options.host} needs a token: it is made with a data folder (--data)`,
    );
  }
  const { allowedOrigins = [], log, token } = options;
  const app = createHttpApp(apiLog(log), { loopback, token, allowedOrigins });
  // Converts numbers in paths and queries, which are always text; bodies are taken as they are.
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setSchemaErrorFormatter((errors, part) => new Error(describeInvalid(errors, part)));
  app.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.slice(0, 200)}: see /openapi.json`;
    return reply.code(404).send({ error: { code: 'not-found', message } });
  });
  explorerRoutes(app, await readExplorer(options.explorerFolder));
  chainRoutes(app, daemon.node);
  forkRoutes(app, daemon.node);
  transactionRoutes(app, daemon.node);
  receiptRoutes(app, daemon.node);
  nodeRoutes(app, daemon);
  let description: Promise<object> | undefined;
  app.get('/openapi.json', () => (description ??= describeApi()));
  await app.ready();
  return app;
}
