/** The page for several daemons hands requests on, and nothing but what it should. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../src/api/app.ts';
import { MAX_EVENT_STREAMS } from '../../src/api/limits.ts';
import { buildNodesServer, createNodesServer, type NetworkCutter } from '../../src/api/nodes/nodes-server.ts';
import type { Api } from '../../src/api/server.ts';
import { MAX_BODY_BYTES } from '../../src/client/routes.ts';
import { SILENT } from '../support/served-ledger.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const HOST = { host: '127.0.0.1:8140' };
let upstream: Server;
let upstreamUrl: string;
let handlers: Record<string, Handler>;
let asked: IncomingMessage[];
let app: App | undefined;
let server: Api | undefined;

beforeEach(async () => {
  handlers = {};
  asked = [];
  upstream = createServer((request, response) => {
    const handler = handlers[new URL(request.url ?? '', 'http://x').pathname];
    if (handler === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"error":{"code":"not-found","message":"none"}}');
      return;
    }
    asked.push(request);
    handler(request, response);
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await app?.close();
  await server?.close();
  app = undefined;
  server = undefined;
  upstream.closeAllConnections();
  upstream.close();
});

const nodes = () => [{ name: 'node-1', url: upstreamUrl }];

async function build(options: { host?: string; cutter?: NetworkCutter } = {}): Promise<App> {
  app = await buildNodesServer({
    ...{ host: '127.0.0.1', port: 0, portOption: '--port', nodes: nodes(), log: SILENT },
    ...options,
  });
  return app;
}

async function serve(): Promise<string> {
  server = await createNodesServer({
    ...{ host: '127.0.0.1', port: 0, portOption: '--port', nodes: nodes(), log: SILENT },
  });
  return server.url;
}

const json: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b', server: 'x' });
  response.end('{"height":7}');
};

describe('a request', () => {
  test('goes to the daemon with its query, and the answer comes back', async () => {
    handlers['/v1/chain/tree'] = json;
    const api = await build();
    const answer = await api.inject({ url: '/nodes/1/v1/chain/tree?limit=2', headers: HOST });
    expect([answer.statusCode, answer.json()]).toEqual([200, { height: 7 }]);
    expect(asked[0]?.url).toBe('/v1/chain/tree?limit=2');
  });

  test('takes with it what the daemon looks at, and neither origin nor cookie nor a token nobody gave', async () => {
    handlers['/v1/status'] = json;
    const api = await build();
    const headers = { ...HOST, origin: 'http://127.0.0.1:8140', cookie: 'a=b', accept: 'application/json' };
    await api.inject({ url: '/nodes/1/v1/status', headers });
    await api.inject({ url: '/nodes/1/v1/status', headers: { ...headers, authorization: 'Bearer t' } });
    const [without, withToken] = asked.map((request) => request.headers);
    expect(without).toMatchObject({ accept: 'application/json', host: new URL(upstreamUrl).host });
    expect(Object.keys(without ?? {})).not.toEqual(expect.arrayContaining(['cookie']));
    expect(without?.origin).toBeUndefined();
    expect([without?.authorization, withToken?.authorization]).toEqual([undefined, 'Bearer t']);
  });

  test('has its body with it', async () => {
    let body = '';
    handlers['/v1/mine'] = async (request, response) => {
      for await (const part of request) body += part;
      json(request, response);
    };
    const api = await build();
    await api.inject({ method: 'POST', url: '/nodes/1/v1/mine', headers: HOST, payload: { blocks: 2 } });
    expect([body, asked[0]?.headers['content-type']]).toEqual(['{"blocks":2}', 'application/json']);
  });

  test.each([
    ['/nodes/1/v1/nothing', 'GET'],
    ['/nodes/1/metrics', 'GET'],
    ['/nodes/1/v1/status', 'POST'],
    ['/nodes/1/v1/../secret', 'GET'],
    ['/nodes/1//evil.example/v1/status', 'GET'],
    ['/nodes/2/v1/status', 'GET'],
    ['/nodes/01/v1/status', 'GET'],
    ['/nodes/0/v1/status', 'GET'],
    ['/v1/status', 'GET'],
  ] as const)('%s (%s) goes nowhere', async (url, method) => {
    handlers['/v1/status'] = json;
    const api = await build();
    const answer = await api.inject({ method, url, headers: HOST });
    expect([answer.statusCode, asked.length]).toEqual([404, 0]);
    expect(answer.json()).toMatchObject({ error: { code: 'not-found' } });
  });

  test('of a foreign name or page is refused', async () => {
    handlers['/v1/status'] = json;
    const api = await build();
    const as = async (headers: Record<string, string>) =>
      (await api.inject({ url: '/nodes/1/v1/status', headers })).json<{ error: { code: string } }>().error
        .code;
    expect(await as({ host: 'evil.example' })).toBe('forbidden-host');
    expect(await as({ ...HOST, origin: 'https://evil.example' })).toBe('forbidden-origin');
    expect(asked).toEqual([]);
  });

  test('that is too long is refused', async () => {
    handlers['/v1/mine'] = json;
    const api = await build();
    const payload = 'x'.repeat(MAX_BODY_BYTES + 1);
    const answer = await api.inject({ method: 'POST', url: '/nodes/1/v1/mine', headers: HOST, payload });
    expect([answer.statusCode, asked.length]).toEqual([413, 0]);
  });

  test('that is given up before it is answered is given up at the daemon too', async () => {
    const arrived = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    handlers['/v1/chain/validity'] = (_request, response) => {
      response.once('close', left.resolve);
      arrived.resolve();
    };
    const leaving = new AbortController();
    const asking = fetch(`${await serve()}/nodes/1/v1/chain/validity`, { signal: leaving.signal });
    await arrived.promise;
    leaving.abort();
    await expect(asking).rejects.toThrow();
    await left.promise;
  });

  test('to a daemon that is down is answered with 503', async () => {
    upstream.close();
    const api = await build();
    const answer = await api.inject({ url: '/nodes/1/v1/status', headers: HOST });
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      error: { code: 'node-down', message: expect.stringContaining('node-1') },
    });
  });

  test('from beyond this machine changes nothing', async () => {
    handlers['/v1/mine'] = json;
    handlers['/v1/status'] = json;
    const api = await build({ host: '0.0.0.0' });
    const headers = { host: '192.0.2.1:8140' };
    const refused = await api.inject({
      method: 'POST',
      url: '/nodes/1/v1/mine',
      headers,
      payload: { blocks: 1 },
    });
    expect([refused.statusCode, refused.json()]).toMatchObject([403, { error: { code: 'looking-only' } }]);
    expect((await api.inject({ url: '/nodes/1/v1/status', headers })).statusCode).toBe(200);
  });
});

describe('through a reverse proxy', () => {
  const forwarded = { ...HOST, 'x-forwarded-host': 'ledger.example' };

  test('nothing of a daemon is changed, for it would take the stranger for one of its machine', async () => {
    handlers['/v1/mine'] = json;
    handlers['/v1/status'] = json;
    const api = await build();
    const mine = (headers: Record<string, string>) =>
      api.inject({ method: 'POST', url: '/nodes/1/v1/mine', headers, payload: { blocks: 1 } });
    const refused = await mine({ ...forwarded, authorization: 'Bearer t' });
    expect([refused.statusCode, refused.json()]).toMatchObject([403, { error: { code: 'looking-only' } }]);
    expect(asked).toEqual([]);
    expect((await mine(HOST)).statusCode).toBe(200);
    expect((await api.inject({ url: '/nodes/1/v1/status', headers: forwarded })).statusCode).toBe(200);
  });

  test('the daemon is told for whom it is asked, or strangers would have the shares of its own machine', async () => {
    handlers['/v1/status'] = json;
    const api = await build();
    const ask = (headers: Record<string, string>) => api.inject({ url: '/nodes/1/v1/status', headers });
    await ask({ ...forwarded, 'x-forwarded-for': '10.0.0.1, 203.0.113.7' });
    await ask(HOST);
    expect(asked.map(({ headers }) => headers['x-forwarded-for'])).toEqual(['203.0.113.7', undefined]);
  });

  test('the network is not cut', async () => {
    let cuts = 0;
    const cutter: NetworkCutter = {
      apart: [],
      cut: async () => void cuts++,
      heal: async () => void cuts++,
    };
    app = await buildNodesServer({
      ...{ host: '127.0.0.1', port: 0, portOption: '--port', log: SILENT, cutter },
      nodes: [...nodes(), { name: 'node-2', url: upstreamUrl }],
    });
    const order = async (url: string, headers: Record<string, string>) =>
      (await app?.inject({ method: 'POST', url, headers, payload: { apart: [1] } }))?.statusCode;
    expect([await order('/nodes/cut', forwarded), await order('/nodes/heal', forwarded)]).toEqual([403, 403]);
    expect(cuts).toBe(0);
    expect([await order('/nodes/cut', HOST), await order('/nodes/heal', HOST)]).toEqual([200, 200]);
  });
});

describe('an answer', () => {
  test('is never a page of ours, whatever the daemon says', async () => {
    handlers['/v1/status'] = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'a=b' });
      response.end('<script>steal()</script>');
    };
    const api = await build();
    const { headers } = await api.inject({ url: '/nodes/1/v1/status', headers: HOST });
    expect(headers['content-type']).toBe('application/octet-stream');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toContain('sandbox');
    expect(headers['set-cookie']).toBeUndefined();
  });

  test('comes as it is written, not when it is whole', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    handlers['/v1/chain/export'] = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: first\n\n');
      response.once('close', resolve);
    };
    const response = await fetch(`${await serve()}/nodes/1/v1/chain/export`);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toBe('data: first\n\n');
    // Whoever leaves takes the request to the daemon along.
    await reader?.cancel();
    await left;
  });

  test('waits for a slow reader', async () => {
    const offered = 64 * 1_024 * 1_024;
    const chunk = Buffer.alloc(64 * 1_024);
    let written = 0;
    handlers['/v1/chain/export'] = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      const closed = new Promise((close) => response.once('close', close));
      while (written < offered && !response.destroyed) {
        written += chunk.length;
        if (response.write(chunk)) continue;
        await Promise.race([new Promise((drain) => response.once('drain', drain)), closed]);
      }
      response.end();
    };
    const url = await serve();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /nodes/1/v1/chain/export HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    let read = 0;
    let mostAhead = 0;
    for await (const data of socket) {
      read += (data as Buffer).length;
      mostAhead = Math.max(mostAhead, written - read);
      if (read > offered / 8) break;
      // Slow: everybody else gets to do all they want between two pieces.
      await (await fetch(`${url}/nodes`)).arrayBuffer();
    }
    expect(mostAhead).toBeGreaterThan(0);
    expect(mostAhead).toBeLessThan(offered / 2);
  });
});

describe('the stream of all daemons', () => {
  test('begins with how they stand', async () => {
    const response = await fetch(`${await serve()}/nodes/events`);
    const reader = response.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(first).toContain('event: nodes\n');
    expect(first).toContain(`"name":"node-1","url":"${upstreamUrl}"`);
    await reader?.cancel();
  });

  test('goes on behind the last event seen, and says if that is not kept', async () => {
    const block = { event: 'block.accepted', id: 'ab', parent: 'cd', height: 1, miner: 'm', onChain: true };
    handlers['/v1/events'] = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(
        `event: block\nid: 1\ndata: ${JSON.stringify({ ...block, at: '2026-01-01T00:00:00Z' })}\n\n`,
      );
    };
    handlers['/v1/chain/tree'] = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"blocks":[],"length":1}');
    };
    const url = `${await serve()}/nodes/events`;
    /** Reads until it has this. */
    const readTo = async (wanted: string, lastEventId?: string) => {
      const headers: Record<string, string> =
        lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      const leaving = new AbortController();
      const response = await fetch(url, { headers, signal: leaving.signal });
      if (response.body === null || !response.ok) return String(response.status);
      let text = '';
      for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (text.includes(wanted)) break;
      }
      leaving.abort();
      return text;
    };
    const all = await readTo('event: block');
    const id = /id: (\d+)\nevent: block/.exec(all)?.[1] ?? '';
    expect(Number(id)).toBeGreaterThan(0);
    const resumed = await readTo('event: nodes', id);
    expect(resumed).not.toContain('event: block');
    const early = await readTo('event: nodes', '1');
    expect(early.indexOf('event: missed')).toBeGreaterThanOrEqual(0);
    expect(early.indexOf('event: block')).toBeGreaterThan(early.indexOf('event: missed'));
    // How all stand comes last, for it counts where events have said less.
    expect(early.indexOf('event: nodes')).toBeGreaterThan(early.indexOf('event: block'));
    expect(await readTo('', String(Number(id) + 1_000_000))).toBe('400');
  });

  test(`is open ${MAX_EVENT_STREAMS} times at most`, async () => {
    const url = `${await serve()}/nodes/events`;
    const open = await Promise.all(Array.from({ length: MAX_EVENT_STREAMS }, () => fetch(url)));
    expect(open.every(({ status }) => status === 200)).toBe(true);
    expect((await fetch(url)).status).toBe(429);
    await Promise.all(open.map(({ body }) => body?.cancel()));
  });
});

describe('a cut', () => {
  class Cutter implements NetworkCutter {
    apart: readonly number[] = [];
    async cut(apart: readonly number[]): Promise<void> {
      this.apart = apart;
    }
    async heal(): Promise<void> {
      this.apart = [];
    }
  }
  const cut = (api: App, apart: unknown, headers: object = {}) =>
    api.inject({ method: 'POST', url: '/nodes/cut', headers: { ...HOST, ...headers }, payload: { apart } });

  test('is made and healed', async () => {
    const cutter = new Cutter();
    app = await buildNodesServer({
      ...{ host: '127.0.0.1', port: 0, portOption: '--port', log: SILENT, cutter },
      nodes: [...nodes(), { name: 'node-2', url: upstreamUrl }, { name: 'node-3', url: upstreamUrl }],
    });
    expect((await cut(app, [3, 1, 3])).json()).toEqual({ apart: [1, 3] });
    expect((await app.inject({ url: '/nodes', headers: HOST })).json()).toMatchObject({ apart: [1, 3] });
    for (const apart of [[], [4], [0], ['1'], 'all']) {
      expect((await cut(app, apart)).statusCode, `${apart}`).toBeGreaterThanOrEqual(400);
    }
    expect((await cut(app, [1, 2, 3])).json()).toMatchObject({ error: { code: 'no-cut' } });
    expect((await cut(app, [1], { origin: 'https://evil.example' })).statusCode).toBe(403);
    expect(cutter.apart).toEqual([1, 3]);
    await app.inject({ method: 'POST', url: '/nodes/heal', headers: HOST });
    expect(cutter.apart).toEqual([]);
  });

  test('is nothing that daemons of somebody else can be told', async () => {
    const api = await build();
    expect((await cut(api, [1])).statusCode).toBe(404);
    expect((await api.inject({ url: '/nodes', headers: HOST })).json()).not.toHaveProperty('apart');
  });
});

test('the page is told that there are several', async () => {
  const api = await build();
  const { body, headers } = await api.inject({ url: '/', headers: { ...HOST, 'accept-encoding': 'br' } });
  expect(body).toContain('<meta name="tally-nodes"');
  expect(headers['content-security-policy']).toContain("default-src 'none'");
});
