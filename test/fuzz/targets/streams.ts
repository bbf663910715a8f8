/** The server of every protocol behind its framing: a stranger opens a stream, sends bytes, and ends it or not. */
import type { Connection, Logger } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { AbstractStream } from '@libp2p/utils';
import { idToBytes } from '../../../src/core/identifiers.ts';
import type { ProtocolName } from '../../../src/node/ports.ts';
import * as wire from '../../../src/node/wire.ts';
import { withLength } from '../../../src/p2p/chunk-stream.ts';
import type { Log } from '../../../src/p2p/log.ts';
import { RequestServer } from '../../../src/p2p/request-server.ts';
import { type FuzzTarget, must, type Session } from '../engine/target.ts';
import { exampleBlocks, examplePayments, NETWORK } from './examples.ts';
import { NodeSession } from './node-session.ts';

const CALLER = {
  remotePeer: peerIdFromString('12D3KooWPvLEfJEhP9EERFRe87myDJPSsSsEsf1rXu7ooxb4kzhC'),
} as Connection;
const SILENT_LOG = Object.assign(() => {}, {
  enabled: false,
  error: () => {},
  trace: () => {},
}) as unknown as Logger;
/** First byte of an input: the stream ends in good order, is reset, or just stays. */
const ENDINGS = 4;

/** Our side of a stream whose other side is the fuzzer. */
class FedStream extends AbstractStream {
  readonly sent: Uint8Array[] = [];

  constructor() {
    super({ id: '1', log: SILENT_LOG, direction: 'inbound' });
  }

  override sendData(data: { subarray(): Uint8Array; readonly byteLength: number }) {
    this.sent.push(data.subarray().slice());
    return { sentBytes: data.byteLength, canSendMore: true };
  }
  override sendReset(): void {}
  override sendPause(): void {}
  override sendResume(): void {}
  override async sendCloseWrite(): Promise<void> {}
  override async sendCloseRead(): Promise<void> {}
}

async function open(protocol: ProtocolName): Promise<Session> {
  const session = await NodeSession.open();
  const served = session.network.served.get(protocol);
  if (served === undefined) throw new Error(`${protocol} is not served`);
  return {
    execute: async (input) => {
      const failures: string[] = [];
      const log: Log = (level, message, fields) => {
        if (level !== 'debug') failures.push(`${message} ${JSON.stringify(fields)}`);
      };
      const server = new RequestServer(log, () => {});
      const stream = new FedStream();
      const serving = server.serve(served, stream, CALLER);
      await feed(stream, input);
      await session.settled(serving);
      must(failures.length === 0, failures[0] ?? '');
      const answer = Buffer.concat(stream.sent);
      must(
        answer.length === 0 || (answer[0] === 1 && (answer[1] ?? 9) <= 2),
        'the answer is none, or a failure of ours',
      );
      session.requireAlive();
    },
    close: () => session.close(),
  };
}

/** In one piece or two, with time for the server in between. */
async function feed(stream: FedStream, input: Uint8Array): Promise<void> {
  const [how = 0] = input;
  const bytes = input.subarray(1);
  const cut = how < 128 ? bytes.length : Math.floor((bytes.length * (how - 128)) / 128);
  for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
    if (piece.length > 0) stream.onData(piece.slice());
    await undefined;
  }
  // A stream that just stays is ended by a deadline of ten seconds, for which there is no time here.
  if (how % ENDINGS === 1) stream.onRemoteReset();
  else stream.onRemoteCloseWrite();
}

const ids = () => exampleBlocks().map(({ id }) => idToBytes(id));
const REQUESTS: Readonly<Record<ProtocolName, () => Uint8Array[]>> = {
  status: () => [
    wire.StatusType.serialize({
      networkId: NETWORK.idBytes,
      tip: ids()[0] as Uint8Array,
      height: 1n,
      work: 3n,
      clock: 1_767_225_600_000n,
    }),
  ],
  headers: () => [[], ids()].map((locator) => wire.HeadersRequestType.serialize({ locator })),
  blocks: () => [wire.BlocksRequestType.serialize({ ids: ids() })],
  'block-transactions': () => [
    wire.BlockTransactionsRequestType.serialize({ block: ids()[2] as Uint8Array, indexes: [0, 1] }),
    wire.BlockTransactionsRequestType.serialize({ block: new Uint8Array(32), indexes: [0] }),
  ],
  pool: () => [0, 1].map((page) => wire.PoolRequestType.serialize({ page })),
  transactions: () => [
    wire.TransactionsRequestType.serialize({ ids: examplePayments(6).map(({ id }) => idToBytes(id)) }),
  ],
  addresses: () => [new Uint8Array(0)],
};

export const streamTargets: readonly FuzzTarget[] = Object.entries(REQUESTS).map(([name, requests]) => ({
  name: `stream-${name}`,
  shape: 'bytes',
  maxBytes: 32 * 1_024,
  seeds: () =>
    [0, 1, 180].flatMap((how) => requests().map((request) => Uint8Array.of(how, ...withLength(request)))),
  open: () => open(name as ProtocolName),
  renewEvery: 4_096,
  share: 0.4,
}));
