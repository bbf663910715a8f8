import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { buildApi } from '../../src/api/server.ts';
import { contract } from '../../src/client/contract.ts';
import { type RouteName, routes } from '../../src/client/routes.ts';
import { SILENT, servedLedger } from '../support/served-ledger.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly requestBody?: { readonly content: Record<string, unknown> };
  readonly responses: Record<string, unknown>;
}

let app: App;
let paths: Record<string, Record<string, Operation>>;

beforeAll(async () => {
  app = await buildApi(servedLedger().daemon, { host: '127.0.0.1', port: 0, log: SILENT });
  paths = (await app.inject('/openapi.json')).json().paths;
});

afterAll(() => app.close());

test.each(Object.keys(routes) as RouteName[])('%s is described', (name) => {
  const { method, url } = routes[name];
  const operation = paths[url.replace(/:([a-z]+)/gi, '{$1}')]?.[method.toLowerCase()];
  expect(operation).toMatchObject({ operationId: name, summary: contract[name].summary });
  const success = Object.keys(contract[name].response)[0] ?? '';
  expect(Object.keys(operation?.responses ?? {})).toEqual([success, '4XX', '5XX']);
});

test('nothing else is', () => {
  const described = Object.values(paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  expect(described.filter((name) => !Object.hasOwn(routes, name ?? ''))).toEqual([]);
});

test('transactions may be sent in every form', () => {
  expect(Object.keys(paths['/v1/transactions']?.post?.requestBody?.content ?? {})).toEqual([
    'application/json',
    'application/octet-stream',
    'application/vnd.tallystick.transactions',
  ]);
});
