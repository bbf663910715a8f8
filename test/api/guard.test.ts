import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { isLoopback } from '../../src/api/guard.ts';
import { buildApi, createApi } from '../../src/api/server.ts';
import { apiTokenPath, ensureApiToken, readApiToken } from '../../src/api/token.ts';
import { OperationError } from '../../src/node/ports.ts';
import { type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

const TOKEN = 'ab'.repeat(32);
const GUARDED: [string, object | undefined][] = [
  ['/v1/mine', { blocks: 1 }],
  ['/v1/mining', { active: true }],
  ['/v1/peers', { addresses: ['/ip4/127.0.0.1/tcp/4141'] }],
  ['/v1/chain/resolve', undefined],
];

let ledger: ServedLedger;
let app: App | undefined;

beforeEach(() => {
  ledger = servedLedger();
});

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function listenOn(host: string): Promise<App> {
  app = await buildApi(ledger.daemon, { host, port: 0, token: TOKEN, log: SILENT });
  return app;
}

describe('on loopback', () => {
  test.each(['localhost', 'localhost:8141', '127.0.0.1:8141', '127.1.2.3', '[::1]:8141', 'LOCALHOST'])(
    'Host %s is let in',
    async (host) => {
      const api = await listenOn('127.0.0.1');
      expect((await api.inject({ url: '/v1/status', headers: { host } })).statusCode).toBe(200);
    },
  );

  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1:8141',
    'localhost@evil',
    'localhost:8141:1',
  ])('Host %s, which a rebound name would send, is refused on every route', async (host) => {
    const api = await listenOn('127.0.0.1');
    for (const request of [
      { url: '/v1/status' },
      { url: '/nothing' },
      { method: 'POST' as const, url: '/v1/mine', payload: { blocks: 1 } },
    ]) {
      const response = await api.inject({ ...request, headers: { host } });
      expect(response.statusCode).toBe(403);
      expect(response.json().error.code).toBe('forbidden-host');
    }
    expect(ledger.chain.tip.height).toBe(0);
  });

  test.each(['http://evil.example', 'http://localhost:3000', 'null', 'garbage'])(
    'a web page of %s is refused',
    async (origin) => {
      const api = await listenOn('127.0.0.1');
      const response = await api.inject({
        method: 'POST',
        url: '/v1/mine',
        payload: { blocks: 1 },
        headers: { host: 'localhost:8141', origin },
      });
      expect(response.statusCode).toBe(403);
      expect(response.json().error.code).toBe('forbidden-origin');
      expect(ledger.chain.tip.height).toBe(0);
    },
  );

  test('its own pages are let in, and no token is needed', async () => {
    const api = await listenOn('127.0.0.1');
    for (const [url, payload] of GUARDED) {
      const response = await api.inject({
        method: 'POST',
        url,
        ...(payload === undefined ? {} : { payload }),
        headers: { host: 'localhost:8141', origin: 'http://localhost:8141' },
      });
      expect(response.statusCode).toBe(200);
    }
  });
});

describe('beyond loopback', () => {
  test.each(GUARDED)('POST %s needs the token', async (url, payload) => {
    const api = await listenOn('0.0.0.0');
    const send = (authorization?: string) =>
      api.inject({
        method: 'POST',
        url,
        ...(payload === undefined ? {} : { payload }),
        headers: { host: 'node.lan:8141', ...(authorization === undefined ? {} : { authorization }) },
      });
    for (const wrong of [undefined, `Bearer ${'00'.repeat(32)}`, 'Bearer', `Basic ${TOKEN}`, TOKEN]) {
      const response = await send(wrong);
      expect(response.statusCode).toBe(401);
      expect(response.json().error.code).toBe('unauthorized');
      expect(response.headers['www-authenticate']).toBe('Bearer');
    }
    expect(ledger.chain.tip.height).toBe(0);
    expect((await send(`Bearer ${TOKEN}`)).statusCode).toBe(200);
  });

  test('reading and submitting need none, whatever the Host', async () => {
    const api = await listenOn('0.0.0.0');
    expect((await api.inject({ url: '/v1/status', headers: { host: 'node.lan' } })).statusCode).toBe(200);
    const submitted = await api.inject({
      method: 'POST',
      url: '/v1/transactions',
      payload: {},
      headers: { host: 'node.lan' },
    });
    expect(submitted.statusCode).toBe(400);
  });

  test('there is no listening without a token', async () => {
    await expect(buildApi(ledger.daemon, { host: '0.0.0.0', port: 0, log: SILENT })).rejects.toThrow(
      OperationError,
    );
  });
});

describe('listening', () => {
  test('a taken port names the flag to use', async () => {
    const first = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
    const port = Number(new URL(first.url).port);
    try {
      await expect(createApi(ledger.daemon, { host: '127.0.0.1', port, log: SILENT })).rejects.toThrow(
        `port ${port} is taken: choose another with --api-port`,
      );
    } finally {
      await first.close();
    }
  });

  test('an address of another machine names the flag to use', async () => {
    const token = TOKEN;
    await expect(
      createApi(ledger.daemon, { host: '192.0.2.1', port: 0, token, log: SILENT }),
    ).rejects.toThrow('--api-host');
  });

  test.each([
    ['localhost', true],
    ['127.0.0.1', true],
    ['::1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['192.168.1.7', false],
    ['example.com', false],
  ])('%s is loopback: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});

describe('the token file', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tally-token-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  test('is made once, for its owner only', async () => {
    const token = await ensureApiToken(folder);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect((await stat(apiTokenPath(folder))).mode & 0o777).toBe(0o600);
    expect(await ensureApiToken(folder)).toBe(token);
    expect(await readApiToken(folder)).toBe(token);
    expect((await readFile(apiTokenPath(folder), 'utf8')).trim()).toBe(token);
  });

  test('an empty one is not taken for a token', async () => {
    await writeFile(apiTokenPath(folder), '\n');
    await expect(ensureApiToken(folder)).rejects.toThrow('delete it');
  });

  test('in a folder that is none is an error that names --data', async () => {
    await expect(ensureApiToken('/dev/null/x')).rejects.toThrow('--data');
    expect(await readApiToken('/dev/null/x')).toBeUndefined();
  });
});
