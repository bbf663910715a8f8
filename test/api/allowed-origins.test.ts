import { afterEach, beforeEach, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { buildApi } from '../../src/api/server.ts';
import { SILENT, servedLedger } from '../support/served-ledger.ts';

const HOST = { host: '127.0.0.1:8141' };
const ALLOWED = 'https://explorer.example';
let app: App;

beforeEach(async () => {
  app = await buildApi(servedLedger().daemon, {
    host: '127.0.0.1',
    port: 0,
    log: SILENT,
    allowedOrigins: [ALLOWED],
  });
});

afterEach(() => app.close());

test('a page that was named may read answers', async () => {
  const { headers, statusCode } = await app.inject({
    url: '/v1/status',
    headers: { ...HOST, origin: ALLOWED },
  });
  expect(statusCode).toBe(200);
  expect(headers['access-control-allow-origin']).toBe(ALLOWED);
});

test('its browser may ask beforehand', async () => {
  const { headers, statusCode } = await app.inject({
    method: 'OPTIONS',
    url: '/v1/transactions',
    headers: { ...HOST, origin: ALLOWED, 'access-control-request-method': 'POST' },
  });
  expect(statusCode).toBe(204);
  expect(headers['access-control-allow-headers']).toContain('content-type');
});

test.each(['https://evil.example', 'https://explorer.example.evil', 'http://explorer.example', 'null'])(
  '%s may not',
  async (origin) => {
    const { headers, statusCode } = await app.inject({ url: '/v1/status', headers: { ...HOST, origin } });
    expect(statusCode).toBe(403);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  },
);

test('the name it is called by still counts', async () => {
  const { statusCode } = await app.inject({
    url: '/v1/status',
    headers: { host: 'rebound.example', origin: ALLOWED },
  });
  expect(statusCode).toBe(403);
});
