/** The whole HTTP API over a node in memory: an input is a request, `GET /v1/status`, headers, an empty line, a body. */
import pino from 'pino';
import { buildApi } from '../../../src/api/server.ts';
import { transactionToJson } from '../../../src/client/json.ts';
import {
  BATCH_MEDIA_TYPE,
  MAX_BATCH_BYTES,
  routes,
  TRANSACTION_MEDIA_TYPE,
} from '../../../src/client/routes.ts';
import { formatAddress } from '../../../src/core/address.ts';
import { encodeSignedTransaction, encodeTransactions } from '../../../src/core/encoding.ts';
import { A_PEER } from '../../support/served-ledger.ts';
import { split } from '../engine/mutate-http.ts';
import { bytesOf, type FuzzTarget, must, type Session } from '../engine/target.ts';
import { exampleBlocks, examplePayments, POOR, RICH } from './examples.ts';
import { NodeSession } from './node-session.ts';

/** More blocks than that take a miner its time, which is not what is looked for. */
const MAX_MINED = 2;
/** An answer that has no end of its own is given up after so many bytes. */
const MAX_READ_BYTES = 1_024 * 1_024;

async function open(): Promise<Session> {
  const session = await NodeSession.open();
  const { node } = session.virtual;
  const errors: { err?: { stack?: string } }[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void errors.push(JSON.parse(line)) });
  const app = await buildApi(
    {
      peerId: A_PEER,
      startedAtMs: session.world.clock.now(),
      runningMs: () => 0,
      addresses: () => [],
      node: {
        definition: node.definition,
        chain: node.chain,
        pool: node.pool,
        submit: (signed) => node.submit(signed),
        peers: () => node.peers(),
        addPeer: (address) => node.addPeer(address),
        resolve: () => node.resolve(),
        syncProgress: () => node.syncProgress(),
        subscribe: (listener) => node.subscribe(listener),
        mining: {
          active: false,
          waitsUntilMs: undefined,
          threads: 1,
          hashrate: () => 0,
          start: () => {},
          stop: async () => {},
          mine: async (blocks, signal, miner) => {
            const ids = await node.mining.mine(Math.min(blocks, MAX_MINED), signal, miner);
            return Array.from({ length: blocks }, (_, index) => ids[index % ids.length] ?? node.chain.tip.id);
          },
        },
      },
    },
    { host: '127.0.0.1', port: 0, log },
  );
  return {
    execute: async (input) => {
      const { status, text } = await session.settled(ask(app, input));
      if (status >= 500 && status !== 503) {
        const error = new Error(`${status} ${text.slice(0, 200)}`);
        error.stack = errors.at(-1)?.err?.stack ?? error.stack ?? '';
        throw error;
      }
      if (status >= 400 && text !== '')
        must(/"code":"[a-z-]+"/.test(text), `${status} without a code: ${text.slice(0, 80)}`);
      errors.length = 0;
      session.requireAlive();
    },
    close: async () => {
      await session.settled(app.close());
      await session.close();
    },
  };
}

type App = Awaited<ReturnType<typeof buildApi>>;

async function ask(app: App, input: Uint8Array): Promise<{ status: number; text: string }> {
  const { body, headers, line } = split(input);
  const [method = 'GET', url = '/'] = Buffer.from(line).toString('latin1').split(' ');
  const response = await app.inject({
    // As far as a socket would let it pass: Node has refused any other before us.
    method: /^(GET|POST|HEAD|OPTIONS|PUT|DELETE|PATCH)$/.test(method) ? (method as 'GET') : 'GET',
    url: `/${url.replace(/^\/+/, '').replaceAll(/[^\x21-\x7e]|\\/g, (odd) => encodeURIComponent(odd))}`,
    headers: readHeaders(headers),
    ...(body.length === 0 ? {} : { payload: Buffer.from(body) }),
    payloadAsStream: true,
  });
  const parts: Buffer[] = [];
  let bytes = 0;
  const isEndless = String(response.headers['content-type']).startsWith('text/event-stream');
  const stream = response.stream();
  for await (const part of stream) {
    parts.push(part as Buffer);
    bytes += (part as Buffer).length;
    if (isEndless || bytes > MAX_READ_BYTES) break;
  }
  stream.destroy();
  response.raw.res.destroy();
  return { status: response.statusCode, text: Buffer.concat(parts).toString('latin1') };
}

function readHeaders(bytes: Uint8Array): Record<string, string> {
  const headers: Record<string, string> = { host: 'localhost' };
  for (const line of Buffer.from(bytes).toString('latin1').split('\n')) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    // Node reads the body by it, and has refused one that does not fit.
    if (!/^(content-length|transfer-encoding|expect|connection|upgrade)$/i.test(name))
      headers[name.toLowerCase()] = value;
  }
  return headers;
}

function seeds(): Uint8Array[] {
  const [block] = exampleBlocks();
  const [confirmed, , , pending] = examplePayments(5);
  if (block === undefined || confirmed === undefined || pending === undefined) return [];
  const params: Record<string, string> = {
    block: block.id,
    id: confirmed.id,
    address: formatAddress(RICH.address),
  };
  const reads = Object.values(routes).map(({ method, url }) =>
    bytesOf(`${method} ${url.replaceAll(/:(\w+)/g, (_, name) => params[name] ?? '')}\naccept: */*\n\n`),
  );
  const json = (line: string, body: unknown): Uint8Array =>
    bytesOf(`${line}\ncontent-type: application/json\n\n${JSON.stringify(body)}`);
  const binary = (type: string, body: Uint8Array): Uint8Array =>
    new Uint8Array(Buffer.concat([bytesOf(`POST /v1/transactions\ncontent-type: ${type}\n\n`), body]));
  const next = examplePayments(8).slice(6);
  return [
    ...reads,
    ...[
      'GET /v1/chain?from=1&limit=5',
      'GET /v1/chain/tree?from=0&limit=9',
      'GET /v1/chain/forks?limit=5&before=2',
      'GET /v1/chain/export?from=2',
      'GET /v1/blocks/2',
      'GET /v1/blocks/tip',
      `GET /v1/accounts/${params.address}/transactions?limit=2&before=3.1`,
      `GET /v1/transactions/${confirmed.id}/receipt?confirmations=2`,
      `GET /v1/transactions/${pending.id}`,
      'GET /v1/pool?limit=2',
      'GET /metrics',
      'GET /openapi.json',
      'GET /',
      'HEAD /health',
    ].map((line) => bytesOf(`${line}\n\n`)),
    bytesOf('GET /v1/events\nlast-event-id: 5\n\n'),
    bytesOf(`GET /v1/blocks/1\naccept: application/octet-stream\norigin: http://localhost\n\n`),
    bytesOf(`GET /v1/transactions/${confirmed.id}/receipt\naccept: application/octet-stream\n\n`),
    json('POST /v1/mine', { blocks: 1, miner: formatAddress(POOR.address) }),
    json('POST /v1/mining', { active: true }),
    json('POST /v1/peers', { addresses: ['/ip4/127.0.0.1/tcp/1'] }),
    ...next.map(({ id, signed }) => json('POST /v1/transactions', submitted(id, signed))),
    json('POST /v1/transactions', { transactions: next.map(({ id, signed }) => submitted(id, signed)) }),
    ...next.map(({ signed }) => binary(TRANSACTION_MEDIA_TYPE, encodeSignedTransaction(signed))),
    binary(BATCH_MEDIA_TYPE, encodeTransactions(next.map(({ signed }) => signed))),
  ];
}

function submitted(...[id, signed]: Parameters<typeof transactionToJson>): object {
  const { id: _, ...fields } = transactionToJson(id, signed);
  return fields;
}

export const httpTargets: readonly FuzzTarget[] = [
  {
    name: 'http',
    shape: 'http',
    maxBytes: MAX_BATCH_BYTES + 1_024,
    seeds,
    words: [
      'application/json',
      'octet-stream',
      'content-type',
      'accept',
      'origin',
      'x-forwarded-host',
      'authorization',
      '%00',
      '%ff',
      '..',
      '?',
      '&',
      'tip',
    ],
    open,
    renewEvery: 4_096,
    share: 0.5,
  },
];
