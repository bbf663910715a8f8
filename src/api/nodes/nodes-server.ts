/**
 * The explorer for several daemons: the page, their APIs below its own origin, and one stream of what they all do.
 * It holds no ledger and no key. A page that a daemon serves can only talk to that daemon; this one can to all it names.
 */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { type Static, Type } from 'typebox';
import { MAX_BATCH_BYTES, MAX_BODY_BYTES, type Route, routes } from '../../client/routes.ts';
import { OperationError } from '../../node/ports.ts';
import type { App } from '../app.ts';
import { describeInvalid, HttpError } from '../errors.ts';
import { type ExplorerFile, readExplorer } from '../explorer.ts';
import { isLoopback } from '../guard.ts';
import { apiLog, createHttpApp, listen } from '../http-app.ts';
import { explorerRoutes } from '../routes/explorer.ts';
import type { Api } from '../server.ts';
import { forward } from './forward.ts';
import { MAX_NODES } from './limits.ts';
import type { WatchedDaemon } from './node-watch.ts';
import { NodesFeed } from './nodes-feed.ts';

/** Cuts the network between the daemons, and heals it. Only for daemons that were started for it. */
export interface NetworkCutter {
  /** The numbers on one side of the cut; empty: the network is whole. */
  readonly apart: readonly number[];
  /** From now on these and all others do not reach each other. */
  cut(apart: readonly number[]): Promise<void>;
  heal(): Promise<void>;
}

export interface NodesServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly portOption: string;
  readonly nodes: readonly { readonly name: string; readonly url: string }[];
  readonly cutter?: NetworkCutter;
  /** Of the built explorer; default: where `npm run build:web` puts it. */
  readonly explorerFolder?: URL;
  readonly log: Logger;
}

const CutSchema = Type.Object(
  {
    apart: Type.Array(Type.Integer({ minimum: 1, maximum: MAX_NODES }), { minItems: 1, maxItems: MAX_NODES }),
  },
  { additionalProperties: false },
);

/** Listens. @throws OperationError if the port or the host cannot be had */
export async function createNodesServer(options: NodesServerOptions): Promise<Api> {
  const app = await buildNodesServer(options);
  const url = await listen(app, { ...options, hostOption: '--host' });
  return { url, close: () => app.close() };
}

/** All but listening: what tests call. */
export async function buildNodesServer(options: NodesServerOptions): Promise<App> {
  const { cutter, host, log } = options;
  const daemons = options.nodes.map((node, index) => ({ ...node, number: index + 1 }));
  if (daemons.length > MAX_NODES) throw new OperationError(`at most ${MAX_NODES} daemons fit on one page`);
  // A daemon on loopback trusts its own machine, strangers must not become that: without a token they may only look.
  const app = createHttpApp(apiLog(log), {
    loopback: isLoopback(host),
    token: undefined,
    allowedOrigins: [],
  });
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setSchemaErrorFormatter((errors, part) => new Error(describeInvalid(errors, part)));
  app.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.slice(0, 200)}`;
    return reply.code(404).send({ error: { code: 'not-found', message } });
  });
  explorerRoutes(app, (await readExplorer(options.explorerFolder)).map(sayThereAreNodes));

  const feed = new NodesFeed(daemons, () => cutter?.apart);
  app.addHook('preClose', async () => feed.close());
  app.get('/nodes', async () => feed.view);
  app.get('/nodes/events', (request, reply) => {
    const lastEventId = request.headers['last-event-id'];
    feed.open(request.caller, reply.raw, typeof lastEventId === 'string' ? lastEventId : undefined);
    reply.hijack();
  });
  if (cutter !== undefined) cutRoutes(app, cutter, daemons.length, () => feed.changed());
  await app.register(async (scope) => forwardRoutes(scope as App, daemons));
  await app.ready();
  return app;
}

/** The page asks for the list of daemons only where there is one: it is told so in its head. */
function sayThereAreNodes(file: ExplorerFile): ExplorerFile {
  if (file.path !== '/') return file;
  const { brotli: _brotli, gzip: _gzip, ...rest } = file;
  const page = file.plain
    .toString()
    .replace('<head>', '<head>\n    <meta name="tally-nodes" content="nodes" />');
  return { ...rest, plain: Buffer.from(page), etag: file.etag.replace(/"$/, '-nodes"') };
}

function cutRoutes(app: App, cutter: NetworkCutter, count: number, changed: () => void): void {
  app.post<{ Body: Static<typeof CutSchema> }>(
    '/nodes/cut',
    { schema: { body: CutSchema }, config: { guarded: true } },
    async ({ body }) => {
      const apart = [...new Set(body.apart)].sort((a, b) => a - b);
      if (apart.some((number) => number > count) || apart.length === count) {
        throw new HttpError(422, 'no-cut', `some of nodes 1 to ${count} are to be apart from the others`);
      }
      await cutter.cut(apart);
      changed();
      return { apart: cutter.apart };
    },
  );
  app.post('/nodes/heal', { config: { guarded: true } }, async () => {
    await cutter.heal();
    changed();
    return { apart: cutter.apart };
  });
}

/** Every route of a daemon's API, and no other. */
function forwardRoutes(app: App, daemons: readonly WatchedDaemon[]): void {
  // Handed on as they are; the daemon looks into them.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const known: readonly Route[] = [...Object.values(routes), { method: 'GET', url: '/openapi.json' }];
  for (const { config, method, url } of known) {
    app.route<{ Params: { node: string } }>({
      method,
      url: `/nodes/:node${url}`,
      ...(config === undefined ? {} : { config }),
      bodyLimit: url === routes.submit.url ? MAX_BATCH_BYTES : MAX_BODY_BYTES,
      handler: async (request, reply) => {
        const daemon = daemons.find(({ number }) => String(number) === request.params.node);
        const path = /^\/nodes\/[0-9]+(\/.*)$/.exec(request.raw.url ?? '')?.[1];
        if (daemon === undefined || path === undefined) {
          throw new HttpError(404, 'not-found', `there is no node ${request.params.node} here`);
        }
        return await forward(daemon, path, request, reply as unknown as FastifyReply);
      },
    });
  }
}
