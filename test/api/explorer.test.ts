import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { buildApi } from '../../src/api/server.ts';
import { SILENT, servedLedger } from '../support/served-ledger.ts';

const HOST = { host: '127.0.0.1:8141' };
let folder: string;
let app: App;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-explorer-'));
});

afterEach(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

async function serve(): Promise<App> {
  app = await buildApi(servedLedger().daemon, {
    host: '127.0.0.1',
    port: 0,
    log: SILENT,
    explorerFolder: pathToFileURL(`${folder}/`),
  });
  return app;
}

describe('built', () => {
  beforeEach(async () => {
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), '<!doctype html>page');
    await writeFile(join(folder, 'index.html.br'), 'brotli');
    await writeFile(join(folder, 'index.html.gz'), 'gzip');
    await writeFile(join(folder, 'assets/a-1.js'), 'script');
    await writeFile(join(folder, 'secret.txt'), 'secret');
    await serve();
  });

  test('the page is asked for anew each time, under a strict policy', async () => {
    const { headers, body } = await app.inject({ url: '/', headers: HOST });
    expect(body).toContain('page');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['cache-control']).toBe('no-cache');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  test('it is sent as the browser takes it best', async () => {
    const as = async (encoding: string) =>
      (await app.inject({ url: '/', headers: { ...HOST, 'accept-encoding': encoding } })).body;
    expect([await as('gzip, br'), await as('gzip'), await as('identity')]).toEqual([
      'brotli',
      'gzip',
      '<!doctype html>page',
    ]);
  });

  test.each([
    ['an Origin that is not the Host: behind a reverse proxy', { ...HOST, origin: 'https://ledger.example' }],
    ['a Host that is none of ours', { host: 'ledger.example' }],
  ])('it is sent to everybody, also with %s', async (_, headers) => {
    for (const url of ['/', '/assets/a-1.js']) {
      expect((await app.inject({ url, headers })).statusCode).toBe(200);
    }
    expect((await app.inject({ url: '/v1/status', headers })).statusCode).toBe(403);
  });

  test('keeps other windows out where browsers heed that, and does not ask them where they complain', async () => {
    const policyFor = async (headers: Record<string, string>) =>
      (await app.inject({ url: '/', headers })).headers['cross-origin-opener-policy'];
    expect(await policyFor(HOST)).toBe('same-origin');
    expect(await policyFor({ host: 'ledger.example', 'sec-fetch-site': 'none' })).toBe('same-origin');
    expect(await policyFor({ host: 'ledger.example' })).toBeUndefined();
    expect(await policyFor({ ...HOST, 'x-forwarded-host': 'ledger.example' })).toBeUndefined();
  });

  test('nothing is sent twice', async () => {
    const { headers } = await app.inject({ url: '/', headers: HOST });
    const again = await app.inject({ url: '/', headers: { ...HOST, 'if-none-match': String(headers.etag) } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });

  test('assets are kept for good', async () => {
    const { headers, body } = await app.inject({ url: '/assets/a-1.js', headers: HOST });
    expect(body).toBe('script');
    expect(headers['content-type']).toContain('text/javascript');
    expect(headers['cache-control']).toContain('immutable');
  });

  test.each(['/secret.txt', '/assets/../secret.txt', '/assets/%2e%2e/secret.txt', '/assets/none.js'])(
    '%s is not there',
    async (url) => expect((await app.inject({ url, headers: HOST })).statusCode).toBe(404),
  );
});

test('not built, the page says how', async () => {
  await serve();
  const { statusCode, body } = await app.inject({ url: '/', headers: HOST });
  expect(statusCode).toBe(200);
  expect(body).toContain('npm run build:web');
});
