/** Stopping within two seconds, whatever is under way, leaving nothing that keeps the process alive for long. */
import { execFile } from 'node:child_process';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { multiaddr } from '@multiformats/multiaddr';
import { expect, it } from 'vitest';
import { MAX_GOSSIP_BYTES } from '../../src/node/wire.ts';
import { withLength } from '../../src/p2p/chunk-stream.ts';
import { isHarmlessStreamError } from '../../src/p2p/errors.ts';
import { protocolId, topicId } from '../../src/p2p/protocols.ts';
import { createNetwork, createPlainNode, freshNetworkId, pretend, until } from '../support/libp2p-peers.ts';
import { Witness } from '../support/network-compliance.ts';

it('stops within two seconds with streams open, answers stuck and requests waiting', async () => {
  const networkId = freshNetworkId();
  const network = await createNetwork(networkId);
  let stuck = 0;
  network.handle('blocks', 100, async function* () {
    yield new Uint8Array(1_024 * 1_024);
    stuck++;
    await new Promise(() => undefined);
  });
  network.subscribe('block', async () => 'accept');
  const witness = new Witness();
  await network.start(witness);
  const plain = await createPlainNode();
  await plain.handle(protocolId(networkId, 'status'), () => undefined);
  const connection = await plain.dial(multiaddr(network.addresses()[0] ?? ''));
  await until(() => witness.connections.length === 1, 'connected');
  for (let count = 0; count < 4; count++) {
    const stream = await connection.newStream(protocolId(networkId, 'blocks'));
    stream.send(withLength(Uint8Array.of(1)));
    await stream.close();
    if (count > 0) stream.addEventListener('message', () => undefined);
  }
  await until(() => stuck > 0, 'answers are stuck');
  const waiting = network
    .request(witness.connections[0]?.id ?? network.self, 'status', new Uint8Array(), {
      deadlineMs: 60_000,
      maxChunks: 1,
      maxChunkBytes: 1,
    })
    .catch((error: unknown) => error);
  const begun = performance.now();
  await network.stop();
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(await waiting).toMatchObject({ failure: 'disconnected' });
  // Stopping is no news to who stops.
  expect(witness.disconnections).toEqual([]);
  await plain.stop();
});

it('stops within two seconds, and lets go of the connection, when a peer reads nothing any more', async () => {
  const networkId = freshNetworkId();
  const network = await createNetwork(networkId);
  network.subscribe('block', async () => 'accept');
  network.handle('status', 100, () => []);
  const witness = new Witness();
  await network.start(witness);
  const plain = await createPlainNode();
  await pretend(plain, networkId);
  plain.services.gossip.subscribe(topicId(networkId, 'block'));
  // Between the two sits one who will stop reading, as a machine that hangs does.
  let ended = false;
  let reader: Socket | undefined;
  const between = createServer((inbound) => {
    const outbound = createConnection(Number(network.addresses()[0]?.split('/')[4]), '127.0.0.1');
    inbound.pipe(outbound).on('error', () => undefined);
    outbound.pipe(inbound).on('error', () => undefined);
    outbound.on('close', () => {
      ended = true;
    });
    reader = outbound;
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  const { port } = between.address() as AddressInfo;
  await plain.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`));
  await until(() => witness.connections.length === 1, 'connected');
  await until(
    () => plain.services.gossip.getSubscribers(topicId(networkId, 'block')).length === 1,
    'gossip flows',
  );
  reader?.unpipe().pause();
  for (let count = 0; count < 6; count++) {
    await network.publish('block', new Uint8Array(MAX_GOSSIP_BYTES).fill(count));
  }
  const begun = performance.now();
  await network.stop();
  expect(performance.now() - begun).toBeLessThan(2_000);
  reader?.resume();
  await until(() => ended, 'the connection was let go of');
  between.close();
  await plain.stop();
});

it('lets the process end by itself', async () => {
  const script = `
    const { createLibp2pNetwork } = await import(${JSON.stringify(new URL('../../src/p2p/network.ts', import.meta.url).href)});
    const options = { networkId: '${freshNetworkId()}', listen: { host: '127.0.0.1', port: 0 }, mdns: true };
    const quiet = { connected() {}, disconnected() {}, discovered() {} };
    const [a, b] = [await createLibp2pNetwork(options), await createLibp2pNetwork(options)];
    for (const network of [a, b]) {
      network.handle('status', 100, () => []);
      network.subscribe('block', async () => 'accept');
      await network.start(quiet);
    }
    await a.dial(b.addresses()[0]);
    await Promise.all([a.stop(), b.stop()]);
    console.log('stopped');
  `;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 15_000,
  });
  expect((await run).stdout).toBe('stopped\n');
});

it.each([
  ['StreamStateError', true],
  ['StreamResetError', true],
  ['TypeError', false],
  ['Error', false],
])('an uncaught %s is harmless: %s', (name, harmless) => {
  expect(isHarmlessStreamError(Object.assign(new Error('for a test'), { name }))).toBe(harmless);
  expect(isHarmlessStreamError(name)).toBe(false);
});
