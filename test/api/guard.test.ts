import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
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

  test.each([
    ['a picture', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a frame', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
  ])('%s of a page from elsewhere, which names no origin, is refused', async (_, headers) => {
    const api = await listenOn('127.0.0.1');
    const host = 'localhost:8141';
    const response = await api.inject({ url: '/v1/chain/validity', headers: { host, ...headers } });
    expect([response.statusCode, response.json().error.code]).toEqual([403, 'forbidden-origin']);
  });

  test.each([
    [
      'a link',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ],
    [
      'its own page',
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
    ],
    [
      'the address bar',
      { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ],
  ])('%s is let in', async (_, headers) => {
    const api = await listenOn('127.0.0.1');
    const host = 'localhost:8141';
    expect((await api.inject({ url: '/v1/status', headers: { host, ...headers } })).statusCode).toBe(200);
  });

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

describe('behind a reverse proxy on its machine', () => {
  /** What reaches the daemon, by what is in front of it. */
  const FORWARDED: [string, Record<string, string>][] = [
    ['nginx as the docs have it', { 'x-forwarded-host': 'ledger.example' }],
    ['a proxy that tells the address', { 'x-forwarded-for': '203.0.113.7' }],
    ['a proxy that tells the address by another name', { 'x-real-ip': '203.0.113.7' }],
    ['a proxy that follows the standard', { forwarded: 'for=203.0.113.7' }],
    ['a proxy that names itself', { via: '1.1 proxy.example' }],
  ];

  test.each(FORWARDED)('through %s no caller commands without the token', async (_, headers) => {
    const api = await listenOn('127.0.0.1');
    for (const [url, payload] of GUARDED) {
      const send = (more: Record<string, string> = {}) =>
        api.inject({
          ...{ method: 'POST', url, headers: { host: '127.0.0.1:8141', ...headers, ...more } },
          ...(payload === undefined ? {} : { payload }),
        });
      expect((await send()).json().error.code).toBe('unauthorized');
      expect((await send({ authorization: `Bearer ${TOKEN}` })).statusCode).toBe(200);
    }
    const look = await api.inject({ url: '/v1/status', headers: { host: '127.0.0.1:8141', ...headers } });
    expect(look.statusCode).toBe(200);
  });

  test('through nginx by its defaults, which speaks HTTP/1.0 and says no more, neither', async () => {
    const api = await createApi(ledger.daemon, { host: '127.0.0.1', port: 0, token: TOKEN, log: SILENT });
    try {
      const { host, hostname, port } = new URL(api.url);
      const answerTo = async (version: string) => {
        const socket = connect(Number(port), hostname);
        socket.write(
          `POST /v1/mining HTTP/${version}\r\nHost: ${host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"active":false}`,
        );
        return await text(socket);
      };
      expect(await answerTo('1.0')).toContain('401 Unauthorized');
      expect(await answerTo('1.1')).toContain('200 OK');
    } finally {
      await api.close();
    }
  });

  test('where there is no token to give, no caller does', async () => {
    app = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
    const response = await app.inject({
      ...{ method: 'POST', url: '/v1/mine', payload: { blocks: 1 } },
      headers: { host: '127.0.0.1:8141', 'x-forwarded-host': 'ledger.example' },
    });
    expect([response.statusCode, response.json().error.code]).toEqual([403, 'looking-only']);
    expect(ledger.chain.tip.height).toBe(0);
  });

  test('its pages are those of the name the proxy was called, and of no other', async () => {
    const api = await listenOn('127.0.0.1');
    const submitFrom = async (origin: string, forwardedHost?: string) =>
      (
        await api.inject({
          ...{ method: 'POST', url: '/v1/transactions', payload: {} },
          headers: {
            ...{ host: '127.0.0.1:8141', origin },
            ...(forwardedHost === undefined ? {} : { 'x-forwarded-host': forwardedHost }),
          },
        })
      ).json().error;
    expect((await submitFrom('https://ledger.example', 'ledger.example')).code).toBe('invalid-request');
    expect((await submitFrom('http://ledger.example:81', 'ledger.example:81, inner')).code).toBe(
      'invalid-request',
    );
    expect((await submitFrom('https://evil.example', 'ledger.example')).code).toBe('forbidden-origin');
    const plain = await submitFrom('https://ledger.example');
    expect(plain).toMatchObject({
      code: 'forbidden-origin',
      message: expect.stringContaining('set X-Forwarded-Host'),
    });
  });

  test('a page from elsewhere may not call itself the one the proxy was called', async () => {
    const api = await listenOn('127.0.0.1');
    const asked = await api.inject({
      ...{ method: 'OPTIONS', url: '/v1/transactions' },
      headers: {
        ...{ host: '127.0.0.1:8141', origin: 'https://evil.example' },
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-forwarded-host',
      },
    });
    expect(asked.statusCode).toBe(403);
    expect(asked.headers['access-control-allow-headers']).toBeUndefined();
  });

  test('a name that was rebound stays one, whatever the proxy is said to have been called', async () => {
    const api = await listenOn('127.0.0.1');
    const { error } = (
      await api.inject({
        url: '/v1/status',
        headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
      })
    ).json();
    expect(error).toMatchObject({
      code: 'forbidden-host',
      message: expect.stringContaining('X-Forwarded-Host'),
    });
  });

  test('one that passes the name on as Host is let in if that name was allowed, and may then look', async () => {
    app = await buildApi(ledger.daemon, {
      ...{ host: '127.0.0.1', port: 0, token: TOKEN, log: SILENT },
      allowedOrigins: ['https://ledger.example'],
    });
    const headers = { host: 'Ledger.example' };
    expect((await app.inject({ url: '/v1/status', headers })).statusCode).toBe(200);
    const mine = await app.inject({ method: 'POST', url: '/v1/mine', payload: { blocks: 1 }, headers });
    expect(mine.statusCode).toBe(401);
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
