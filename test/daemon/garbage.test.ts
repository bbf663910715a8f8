/** A running daemon and whatever strangers can send it: it goes on serving, mining and keeping a valid chain. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { NetworkId } from '../../src/core/identifiers.ts';
import type { ProtocolName, TopicName } from '../../src/node/ports.ts';
import { RESULT } from '../../src/node/wire.ts';
import { protocolId, topicId } from '../../src/p2p/protocols.ts';
import { createPlainNode, type PlainNode, pretend, until } from '../support/libp2p-peers.ts';
import {
  type LogLine,
  type StartedLine,
  type TallyProcess,
  TallyProcesses,
} from '../support/tally-process.ts';

const LEVEL_ERROR = 50;
const PROTOCOLS: readonly ProtocolName[] = [
  'status',
  'headers',
  'blocks',
  'block-transactions',
  'pool',
  'transactions',
  'addresses',
];
const TOPICS: readonly TopicName[] = ['transactions', 'block'];
/** What comes instead of a message: nothing that means anything, lengths that lie. */
const GARBAGE: readonly Uint8Array[] = [
  randomBytes(1),
  randomBytes(1_000),
  // Nearly as long as a gossip message may be.
  randomBytes(200_000),
  Uint8Array.of(0x80),
  new Uint8Array(20).fill(0xff),
  Uint8Array.of(5, 1, 2),
  Uint8Array.of(0),
];
/** A message as it should be, but for what is in it. */
const NO_SSZ = Uint8Array.of(3, 0xff, 0xff, 0xff);

let processes: TallyProcesses;
let daemon: TallyProcess;
let started: StartedLine;
let networkId: NetworkId;
const plains: PlainNode[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  processes = await TallyProcesses.create();
  // In less detail, the log counts peers that come in floods and does not tell them.
  daemon = await processes.start({ more: ['--log-level', 'debug'] });
  started = await daemon.started;
  networkId = (await daemon.client.call('status')).networkId as NetworkId;
});

/** After everything it was sent: nothing but refusals in its log, and it does all it did before. */
afterEach(async () => {
  const { height } = await daemon.client.call('status');
  const { ids } = await daemon.client.call('mine', { body: { blocks: 1 } });
  expect(await daemon.client.call('status')).toMatchObject({ height: height + 1, tip: ids[0] });
  expect(await daemon.client.call('chainValidity')).toMatchObject({ valid: true });
  expect(daemon.lines.filter(({ level }) => level >= LEVEL_ERROR)).toEqual([]);
  expect(daemon.alive).toBe(true);
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(plains.map((plain) => plain.stop()));
  const exit = await daemon.kill('SIGTERM');
  await processes.close();
  // With half-open connections and all.
  expect(exit.status).toBe(0);
});

function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  // It may well be reset.
  socket.on('error', () => {});
  return once(socket, 'connect').then(() => socket);
}

/** All that comes back, until the other side ends it. */
async function received(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

const p2pPort = () => Number(/tcp\/(\d+)/.exec(started.addresses[0] ?? '')?.[1]);
const apiPort = () => Number(new URL(started.api).port);

test('random bytes and silence on the p2p port', async () => {
  const silent = await open(p2pPort());
  for (const garbage of GARBAGE) {
    const socket = await open(p2pPort());
    socket.end(garbage);
    await received(socket);
  }
  // As a libp2p node begins, then nothing sensible.
  const greeting = Buffer.concat([Uint8Array.of(19), Buffer.from('/multistream/1.0.0\n')]);
  const begun = await open(p2pPort());
  begun.write(greeting);
  await once(begun, 'data');
  begun.end(randomBytes(1_000));
  await received(begun);
  expect(silent.destroyed).toBe(false);
});

/** A libp2p node that passes for one of this network, connected to the daemon. */
async function startPlain(): Promise<PlainNode> {
  const plain = await createPlainNode();
  plains.push(plain);
  await pretend(plain, networkId);
  const connected = daemon.waitFor(isConnected(plain), 'the daemon takes it for a peer');
  await plain.dial(multiaddr(started.addresses[0] ?? ''));
  await connected;
  return plain;
}

const isConnected = (plain: PlainNode) => (line: LogLine) =>
  line.event === 'peer.connected' && line.peer === plain.peerId.toString();

/** @returns all the daemon answers, until it ends the stream */
async function answerTo(stream: Stream, sent: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  stream.addEventListener('message', ({ data }) => parts.push(data.subarray()));
  const closed = new Promise((resolve) => stream.addEventListener('close', resolve, { once: true }));
  try {
    stream.send(sent);
    await stream.close();
  } catch {
    // The daemon may end it before all is sent.
  }
  await closed;
  return new Uint8Array(Buffer.concat(parts));
}

test.each(PROTOCOLS)('garbage on the protocol %s', async (name) => {
  const protocol = protocolId(networkId, name);
  const address = multiaddr(started.addresses[0] ?? '');
  for (const garbage of GARBAGE) {
    const plain = await startPlain();
    await answerTo(await plain.dialProtocol(address, protocol), garbage);
  }
  const plain = await startPlain();
  // One that nothing comes of, to the end.
  await plain.dialProtocol(address, protocol);
  const answer = await answerTo(await plain.dialProtocol(address, protocol), NO_SSZ);
  expect(answer).toEqual(Uint8Array.of(1, RESULT.invalid));
});

test.each(TOPICS)('garbage on the topic %s', async (name) => {
  const topic = topicId(networkId, name);
  for (const garbage of [...GARBAGE, NO_SSZ]) {
    const plain = await startPlain();
    plain.services.gossip.subscribe(topic);
    await until(() => plain.services.gossip.getSubscribers(topic).length === 1, 'it knows the topic');
    // What is published before its own stream is open goes nowhere.
    const { streamsOutbound } = plain.services.gossip as unknown as { streamsOutbound: Map<string, unknown> };
    await until(() => streamsOutbound.size === 1, 'it can be heard');
    const penalised = daemon.waitFor(
      (line) => line.event === 'peer.penalised' && line.peer === plain.peerId.toString(),
      'the daemon takes it amiss',
    );
    await plain.services.gossip.publish(topic, garbage);
    await penalised;
  }
});

test.each<[string, string | Buffer]>([
  ['bytes', randomBytes(500)],
  ['another protocol', 'EHLO example.org\r\n\r\n'],
  ['a request line without end', `GET /${'a'.repeat(100_000)}`],
  ['headers without end', `GET /v1/status HTTP/1.1\r\nHost: localhost\r\nA: ${'b'.repeat(100_000)}`],
  ['a length that is none', 'POST /v1/mine HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n'],
  [
    'two lengths',
    'POST /v1/mine HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
  ],
  [
    'a chunk that is none',
    'POST /v1/mine HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ],
])('malformed HTTP: %s', async (_, sent) => {
  const socket = await open(apiPort());
  const answer = received(socket);
  socket.write(sent);
  expect(await answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
});

test('requests that are HTTP and nothing else', async () => {
  // Half a request, for as long as it takes.
  (await open(apiPort())).write(
    'POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{',
  );
  const json = { 'content-type': 'application/json' };
  const bytes = { 'content-type': 'application/octet-stream' };
  const requests: [string, RequestInit][] = [
    ['/v1/mine', { method: 'POST', headers: json, body: '{' }],
    ['/v1/mine', { method: 'POST', headers: json, body: '{"blocks": 1e999}' }],
    ['/v1/mine', { method: 'POST', headers: json, body: '['.repeat(50_000) }],
    ['/v1/transactions', { method: 'POST', headers: json, body: '{"__proto__": {"id": 1}}' }],
    ['/v1/transactions', { method: 'POST', headers: json, body: 'x'.repeat(5_000_000) }],
    ['/v1/transactions', { method: 'POST', headers: bytes, body: new Uint8Array(randomBytes(300)) }],
    ['/v1/transactions', { method: 'POST', headers: bytes, body: new Uint8Array(0) }],
    ['/v1/peers', { method: 'POST', headers: json, body: '{"addresses": ["/ip4/127.0.0.1/tcp/1"]}' }],
    ['/v1/peers', { method: 'POST', headers: json, body: '{"addresses": ["garbage"]}' }],
    ['/v1/blocks/%ff', {}],
    ['/v1/blocks/99999999999999999999', {}],
    ['/v1/chain?from=-1&limit=1e9', {}],
    ['/v1/accounts/tally1', {}],
    ['/../../etc/passwd', {}],
    ['/v1/status', { method: 'DELETE' }],
  ];
  for (const [path, init] of requests) {
    const answer = await fetch(`${started.api}${path}`, init).catch(() => undefined);
    // It may hang up on a body too long before that is all sent.
    if (answer === undefined) continue;
    expect(answer.ok, `${path} ${answer.status}`).toBe(false);
    expect(await answer.json()).toMatchObject({ error: { code: expect.any(String) } });
    expect(answer.status, path).not.toBe(500);
  }
});
