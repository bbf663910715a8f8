/** Requests that are refused, on a clock of the test's own. */
import type { Connection, Stream } from '@libp2p/interface';
import { streamPair } from '@libp2p/utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withLength } from '../../src/p2p/chunk-stream.ts';
import { MAX_READING_OF_HOST, REFUSAL_DEADLINE_MS } from '../../src/p2p/request-limits.ts';
import { RequestServer } from '../../src/p2p/request-server.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const connection = {
  remotePeer: { toString: () => 'peer' },
  remoteAddr: { toString: () => '/ip4/1.1.1.1/tcp/1' },
} as unknown as Connection;

/** A line that takes nothing more. */
function block(stream: Stream): void {
  const sender = stream as Stream & { sendData(data: Uint8Array): unknown };
  sender.sendData = () => ({ sentBytes: 0, canSendMore: false });
}

/** Serves one request that is too long, to a peer that takes no answer. */
async function refusing() {
  const [peer, stream] = await streamPair();
  block(stream);
  const server = new RequestServer(
    () => {},
    () => {},
  );
  const state = { isOver: false };
  const protocol = { name: 'blocks' as const, maxRequestBytes: 10, handler: () => [] };
  void server.serve(protocol, stream, connection).then(() => {
    state.isOver = true;
  });
  peer.send(withLength(new Uint8Array(11)));
  await vi.waitFor(() => expect(stream.writeBufferLength).toBeGreaterThan(0));
  return { peer, stream, state };
}

it('a peer that does not take its refusal is waited for shortly, and not as long as for an answer', async () => {
  const { state, stream } = await refusing();
  await vi.advanceTimersByTimeAsync(REFUSAL_DEADLINE_MS - 100);
  expect(state.isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(100);
  expect([state.isOver, stream.status]).toEqual([true, 'aborted']);
});

it('half a request from each of many identities of a host leaves others room', async () => {
  const server = new RequestServer(
    () => {},
    () => {},
  );
  const protocol = { name: 'status' as const, maxRequestBytes: 10, handler: () => [] };
  const begin = async (host: string, peer: string): Promise<Stream> => {
    const [, stream] = await streamPair();
    const remoteAddr = { toString: () => `/ip4/${host}/tcp/1` };
    const identity = { remotePeer: { toString: () => peer }, remoteAddr } as unknown as Connection;
    void server.serve(protocol, stream, identity);
    return stream;
  };
  const halves: Stream[] = [];
  for (let number = 0; number < 600; number++) halves.push(await begin('1.1.1.1', `liar-${number % 40}`));
  expect(halves.filter(({ status }) => status === 'open')).toHaveLength(MAX_READING_OF_HOST);
  expect((await begin('2.2.2.2', 'honest')).status).toBe('open');
});

it('nothing is taken in behind a request', async () => {
  const { peer, stream } = await refusing();
  expect([stream.readStatus, stream.listenerCount('message')]).toEqual(['closed', 0]);
  const taken = vi.spyOn(stream as Stream & { onData(data: unknown): void }, 'onData');
  peer.send(new Uint8Array(1_000));
  await vi.waitFor(() => expect(taken).toHaveBeenCalled());
  expect(stream.readBufferLength).toBe(0);
});
