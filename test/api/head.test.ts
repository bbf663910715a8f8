/** HEAD is answered where an answer is at hand, and costs nothing anywhere else. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { buildNodesServer } from '../../src/api/nodes/nodes-server.ts';
import { buildApi } from '../../src/api/server.ts';
import { routes } from '../../src/client/routes.ts';
import { type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

/** All that are answered; a new route is refused until it is named here. */
const AT_HAND = ['/', '/health'];
const PARAMETERS: Readonly<Record<string, string>> = { block: 'tip', id: '0'.repeat(64), address: 'x' };

let ledger: ServedLedger;
let folder: string;
let app: App;

beforeAll(async () => {
  ledger = servedLedger();
  ledger.mine(20);
  folder = await mkdtemp(join(tmpdir(), 'tally-head-'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><head></head>');
  const explorerFolder = pathToFileURL(`${folder}/`);
  app = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, explorerFolder, log: SILENT });
});

afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

const head = (url: string, of = app) => of.inject({ method: 'HEAD', url, headers: { host: '127.0.0.1' } });
const get = (url: string) => app.inject({ url, headers: { host: '127.0.0.1' } });

/** The methods each path of a daemon has. */
function paths(): Map<string, string[]> {
  const known = new Map<string, string[]>(
    ['/', '/openapi.json', '/metrics'].map((path) => [path, ['GET']] as const),
  );
  for (const { method, url } of Object.values(routes)) {
    const path = url.replace(/:(\w+)/g, (_, name: string) => PARAMETERS[name] ?? '');
    known.set(path, [...(known.get(path) ?? []), method]);
  }
  return known;
}

describe('of a daemon', () => {
  test('sixty of the dearest route write no block', async () => {
    const reading = vi.spyOn(ledger.chain, 'blockBytes');
    const all = await Promise.all(Array.from({ length: 60 }, () => head('/v1/chain/export')));
    expect(new Set(all.map(({ statusCode }) => statusCode))).toEqual(new Set([405]));
    expect(reading).not.toHaveBeenCalled();
    expect((await get('/v1/chain/export')).statusCode).toBe(200);
    expect(reading).toHaveBeenCalled();
    reading.mockRestore();
  });

  test.each([...paths()])(
    '%s is answered if it is at hand, or says that it has %j',
    async (path, methods) => {
      const answer = await head(path);
      expect(answer.payload).toBe('');
      if (!AT_HAND.includes(path)) {
        expect([answer.statusCode, answer.headers.allow]).toEqual([405, methods.join(', ')]);
        return;
      }
      const full = await get(path);
      expect(answer.statusCode).toBe(200);
      for (const name of ['content-type', 'content-length', 'etag', 'content-security-policy']) {
        expect(answer.headers[name], name).toBe(full.headers[name]);
      }
    },
  );

  test('a path that is none is not found', async () => {
    expect((await head('/v1/none')).statusCode).toBe(404);
  });

  test('a name that is not this machine is refused first', async () => {
    const answer = await app.inject({ method: 'HEAD', url: '/health', headers: { host: 'evil.example' } });
    expect(answer.statusCode).toBe(403);
  });
});

test('the page of several daemons hands none on', async () => {
  // Nothing listens there: one that were handed on would be answered 503.
  const nodes = [{ name: 'node-1', url: 'http://127.0.0.1:1' }];
  const server = await buildNodesServer({
    host: '127.0.0.1',
    port: 0,
    portOption: '--port',
    nodes,
    log: SILENT,
  });
  try {
    for (const path of [
      '/nodes',
      '/nodes/events',
      ...[...paths().keys()].slice(3).map((path) => `/nodes/1${path}`),
    ]) {
      expect([path, (await head(path, server)).statusCode]).toEqual([path, 405]);
    }
    expect((await head('/', server)).statusCode).toBe(200);
  } finally {
    await server.close();
  }
});
