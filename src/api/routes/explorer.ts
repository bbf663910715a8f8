/** The explorer: one page and its assets, for a browser. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../app.ts';
import type { ExplorerFile } from '../explorer.ts';
import { isFromThisMachine } from '../guard.ts';

/** Nothing from elsewhere, nothing inline, in nobody's frame. Receipts will be checked by WebAssembly. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const FOREVER = 'public, max-age=31536000, immutable';

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Tallystick</title>
<h1>The explorer is not built</h1>
<p>This daemon is running, and its API is <a href="/openapi.json">described here</a>. To have the page too, run</p>
<pre>npm run build:web</pre>
<p>in the folder of the checkout, start the daemon again, and reload.</p>
</html>
`;

/** Module scripts carry an Origin, which behind a reverse proxy is not our Host. In memory as it is sent: HEAD costs nothing. */
const PUBLIC = { config: { isPublic: true }, exposeHeadRoute: true } as const;

export function explorerRoutes(app: App, files: readonly ExplorerFile[]): void {
  for (const file of files) {
    app.get(file.path, PUBLIC, async (request, reply) =>
      send(file, request, reply as unknown as FastifyReply),
    );
  }
  if (files.length > 0) return;
  app.get('/', PUBLIC, async (request, reply) =>
    secured(request, reply as unknown as FastifyReply)
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(NOT_BUILT),
  );
}

function send(file: ExplorerFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  secured(request, reply)
    .header('cache-control', file.immutable ? FOREVER : 'no-cache')
    .header('etag', file.etag)
    .header('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  const accepted = request.headers['accept-encoding'] ?? '';
  reply.type(file.type);
  if (file.brotli !== undefined && /\bbr\b/.test(accepted)) {
    return reply.header('content-encoding', 'br').send(file.brotli);
  }
  if (file.gzip !== undefined && /\bgzip\b/.test(accepted)) {
    return reply.header('content-encoding', 'gzip').send(file.gzip);
  }
  return reply.send(file.plain);
}

function secured(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Over plain HTTP from another machine browsers ignore this, and complain; they say by that header where they do not.
  if (isFromThisMachine(request) || request.headers['sec-fetch-site'] !== undefined) {
    reply.header('cross-origin-opener-policy', 'same-origin');
  }
  return reply
    .header('content-security-policy', CONTENT_SECURITY_POLICY)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer');
}
