/** What the machine cannot give is told by one code each, and `/health` says so until a write goes well. */
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { refusalOf } from '../../src/api/errors.ts';
import { buildApi } from '../../src/api/server.ts';
import { StoreError, type StoreFailure } from '../../src/store/errors.ts';
import { type ServedLedger, SILENT, servedLedger } from '../support/served-ledger.ts';

let ledger: ServedLedger;
let app: App;

beforeEach(async () => {
  ledger = servedLedger();
  app = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
});

afterEach(() => app.close());

const mine = () => app.inject({ method: 'POST', url: '/v1/mine', payload: { blocks: 1 } });
const health = () => app.inject({ url: '/health' });

test.each<[StoreFailure, number, string]>([
  ['full', 507, 'storage-full'],
  ['failed', 503, 'storage-failed'],
  ['unwritable', 503, 'storage-failed'],
])('a store that is %s', async (failure, status, code) => {
  ledger.beforeMining = async () => {
    throw new StoreError(failure, '/home/someone/ledger.sqlite: it fails');
  };
  const answer = await mine();
  expect([answer.statusCode, answer.json().error.code]).toEqual([status, code]);
  // A stranger may ask too.
  expect(answer.json().error.message).not.toContain('/home');
});

test.each([
  ['EMFILE', 503, 'too-many-files'],
  ['ENFILE', 503, 'too-many-files'],
  ['ENOSPC', 507, 'storage-full'],
  ['EDQUOT', 507, 'storage-full'],
])('%s', (word, status, code) => {
  const refusal = refusalOf(Object.assign(new Error(word), { code: word }));
  expect([refusal?.status, refusal?.body.error.code]).toEqual([status, code]);
});

test('a daemon whose last write failed is not well', async () => {
  const failure = vi.spyOn(ledger.chain, 'storeFailure', 'get');
  failure.mockReturnValue(new StoreError('full', 'ledger.sqlite: no room'));
  const unwell = await health();
  expect([unwell.statusCode, unwell.json().error.code]).toEqual([503, 'unhealthy']);
  expect(unwell.json().error.message).toContain('(full)');
  failure.mockReturnValue(undefined);
  expect((await health()).statusCode).toBe(200);
});

test('what the machine could not do is in the log, with the path a caller is not told', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  const loud = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, log });
  ledger.beforeMining = async () => {
    throw new StoreError('full', '/home/someone/ledger.sqlite: it fails');
  };
  await loud.inject({ method: 'POST', url: '/v1/mine', payload: { blocks: 1 } });
  expect(lines.join('')).toContain('/home/someone/ledger.sqlite');
  await loud.close();
});

test('what fails because the daemon stops is no failure: its store is closed under the last requests', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  const closing = await buildApi(ledger.daemon, { host: '127.0.0.1', port: 0, log });
  const { promise, reject } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  ledger.beforeMining = () => {
    begun.resolve();
    return promise;
  };
  const answer = closing.inject({ method: 'POST', url: '/v1/mine', payload: { blocks: 1 } });
  await begun.promise;
  const closed = closing.close();
  await new Promise<void>((resolve) => setImmediate(resolve));
  reject(new Error('database is not open'));
  expect([(await answer).statusCode, (await answer).json().error.code]).toEqual([503, 'stopping']);
  await closed;
  expect(lines).toEqual([]);
});
