/**
 * Sends transactions to daemons from a process of its own. All of them are signed, and every request is put
 * together, before the first is sent.
 */
import '../../src/native/hasher.ts';
import { readFile } from 'node:fs/promises';
import { transactionToJson } from '../../src/client/json.ts';
import { encodeSignedTransaction, encodeTransactions } from '../../src/core/encoding.ts';
import { parseNetworkFile } from '../../src/core/network-file.ts';
import { defineNetwork, type NetworkDefinition } from '../../src/core/network-params.ts';
import type { SignedTransaction } from '../../src/core/types.ts';
import { HttpConnection, httpPost } from './http-connection.ts';
import { benchKey, idOf, Payments } from './ledger.ts';
import type { LoadAnswer, LoadRequest, PrepareRequest, SendRequest } from './load.ts';

const PATH = '/v1/transactions';

interface Prepared {
  readonly transactions: number;
  readonly request: Buffer;
}

interface Lane {
  readonly requests: readonly Prepared[];
  next: number;
}

/** Each lane has senders of its own, so that nothing overtakes its predecessor. */
let lanes: Lane[] = [];
const payments: Payments[] = [];

async function prepare(request: PrepareRequest): Promise<void> {
  const network = defineNetwork(parseNetworkFile(JSON.parse(await readFile(request.networkFile, 'utf8'))));
  lanes = Array.from({ length: request.lanes }, (_, lane) => {
    payments[lane] ??= lanePayments(network, request, lane);
    const { next = 0, requests: before = [] } = lanes[lane] ?? {};
    const requests = before.slice(next);
    const missing = request.transactionsPerLane - request.batch * requests.length;
    const signed = (payments[lane] as Payments).take(missing);
    for (let at = 0; at < signed.length; at += request.batch) {
      const part = signed.slice(at, at + request.batch);
      requests.push({ transactions: part.length, request: asRequest(part, request) });
    }
    return { requests, next: 0 };
  });
}

function lanePayments(
  network: NetworkDefinition,
  { firstKey, keys, lanes: count }: PrepareRequest,
  lane: number,
) {
  const numbers = Array.from({ length: keys }, (_, key) => firstKey + key).filter(
    (key) => key % count === lane,
  );
  return new Payments(
    network,
    numbers.map((number) => benchKey(number)),
  );
}

function asRequest(signed: SignedTransaction[], { batch, encoding }: PrepareRequest): Buffer {
  if (encoding === 'ssz') {
    const [first] = signed;
    if (batch === 1 && first !== undefined)
      return httpPost(PATH, 'application/octet-stream', Buffer.from(encodeSignedTransaction(first)));
    return httpPost(PATH, 'application/vnd.tallystick.transactions', Buffer.from(encodeTransactions(signed)));
  }
  const json = signed.map((one) => transactionToJson(idOf(one), one));
  const body = batch === 1 ? json[0] : { transactions: json };
  return httpPost(PATH, 'application/json', Buffer.from(JSON.stringify(body)));
}

async function send({ lanesPerServer, rehearsal = false, urls }: SendRequest): Promise<LoadAnswer> {
  const connections = await Promise.all(
    lanes.map((_, lane) =>
      HttpConnection.open(new URL(urls[Math.floor(lane / lanesPerServer)] ?? 'http://nowhere')),
    ),
  );
  const latencies: number[] = [];
  let accepted = 0;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  await Promise.all(
    lanes.map(async (lane, number) => {
      const connection = connections[number] as HttpConnection;
      for (let at = lane.next; ; ) {
        await room();
        const prepared = stopped ? undefined : lane.requests[at++];
        if (prepared === undefined) return;
        if (!rehearsal) lane.next = at;
        const { request, transactions } = prepared;
        left -= transactions;
        const sentMs = performance.now();
        const { body, status } = await connection.send(request);
        latencies.push(performance.now() - sentMs);
        if (status !== 202) throw new Error(`refused with ${status}: ${body.toString().slice(0, 300)}`);
        accepted += transactions === 1 ? 1 : acceptedOf(body);
      }
    }),
  );
  const elapsedMs = performance.now() - startMs;
  const { system, user } = process.cpuUsage(cpuBefore);
  for (const connection of connections) connection.close();
  latencies.sort((a, b) => a - b);
  return {
    kind: 'sent',
    accepted,
    elapsedMs,
    cpuMs: (system + user) / 1_000,
    medianMs: latencies[Math.floor(latencies.length / 2)] ?? 0,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
  };
}

/** Counted in the text: to parse it costs more than to send the request. */
function acceptedOf(body: Buffer): number {
  return body.toString('latin1').split('"accepted":true').length - 1;
}

/** Transactions that may still be sent before some of those under way are confirmed. */
let left = Number.POSITIVE_INFINITY;
let stopped = false;
let waiting: (() => void)[] = [];

async function room(): Promise<void> {
  while (left <= 0 && !stopped) {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  }
}

function wake(): void {
  const all = waiting;
  waiting = [];
  for (const go of all) go();
}

process.on('message', (request: LoadRequest) => {
  const tell = (answer: LoadAnswer): void => void process.send?.(answer);
  const fail = (error: unknown): void => tell({ kind: 'failed', message: String(error) });
  switch (request.kind) {
    case 'prepare':
      prepare(request).then(() => tell({ kind: 'prepared' }), fail);
      break;
    case 'send':
      left = request.underWay ?? Number.POSITIVE_INFINITY;
      stopped = false;
      send(request).then(tell, fail);
      break;
    case 'confirmed':
      left += request.transactions;
      wake();
      break;
    case 'stop':
      stopped = true;
      wake();
      break;
  }
});
