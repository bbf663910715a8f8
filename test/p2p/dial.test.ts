/** Dialling where nothing answers. */
import { createServer, type Server } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { createNetwork, freshNetworkId } from '../support/libp2p-peers.ts';
import { Witness } from '../support/network-compliance.ts';

/** Deadlines come so many times sooner, each as much as the others. */
const HASTE = 20;
const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** It accepts connections and never says a word. */
async function silentServer(): Promise<number> {
  const server: Server = createServer((socket) => stops.push(() => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.unshift(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it('says how long it waited for an answer, and has waited so long', async () => {
  const network = await createNetwork(freshNetworkId());
  await network.start(new Witness());
  stops.push(() => network.stop());
  const port = await silentServer();
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const hurried = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms / HASTE));
  stops.push(() => hurried.mockRestore());
  const begunMs = performance.now();
  await expect(network.dial(`/ip4/127.0.0.1/tcp/${port}`)).rejects.toThrow('no answer within 10 s');
  expect(performance.now() - begunMs).toBeGreaterThanOrEqual(10_000 / HASTE - 50);
});
