/**
 * What a peer answers when this node asks: an input is the peer's answers, in the order they are asked for.
 *
 *     protocol (1 byte) · chunks (1 byte) · for each its length (2 bytes) and its bytes
 */
import { encodeBlock, encodeTransactions } from '../../../src/core/encoding.ts';
import { idToBytes } from '../../../src/core/identifiers.ts';
import { type ProtocolName, RequestError } from '../../../src/node/ports.ts';
import * as wire from '../../../src/node/wire.ts';
import { bytesOf, type FuzzTarget, type Session } from '../engine/target.ts';
import { exampleBlocks, examplePayments, NETWORK } from './examples.ts';
import { NodeSession } from './node-session.ts';

const PROTOCOLS: readonly ProtocolName[] = [
  'status',
  'headers',
  'blocks',
  'block-transactions',
  'pool',
  'transactions',
  'addresses',
];
/** From the connection to the end of what it leads to. */
const CONVERSATION_MS = 12_000;
const STEP_MS = 500;

interface Answer {
  readonly protocol: ProtocolName;
  readonly chunks: Uint8Array[];
}

function readAnswers(input: Uint8Array): Answer[] {
  const answers: Answer[] = [];
  let at = 0;
  const next = (): number => input[at++] ?? 0;
  while (at < input.length) {
    const protocol = PROTOCOLS[next() % PROTOCOLS.length] as ProtocolName;
    const chunks = Array.from({ length: next() % 8 }, () => {
      const length = next() | (next() << 8);
      at += length;
      return input.slice(at - length, at);
    });
    answers.push({ protocol, chunks });
  }
  return answers;
}

function writeAnswers(answers: readonly Answer[]): Uint8Array {
  return Uint8Array.from(
    answers.flatMap(({ chunks, protocol }) => [
      PROTOCOLS.indexOf(protocol),
      chunks.length,
      ...chunks.flatMap((chunk) => [chunk.length & 0xff, chunk.length >> 8, ...chunk]),
    ]),
  );
}

async function open(): Promise<Session> {
  const session = await NodeSession.open([]);
  const { network, world } = session;
  return {
    execute: async (input) => {
      const answers = readAnswers(input);
      network.answerWith = async (protocol, _peer, limits) => {
        const index = answers.findIndex((answer) => answer.protocol === protocol);
        const [answer] = index < 0 ? [] : answers.splice(index, 1);
        if (answer === undefined) throw new RequestError('timeout', 'it has nothing to say');
        if (
          answer.chunks.length > limits.maxChunks ||
          answer.chunks.some(({ length }) => length > limits.maxChunkBytes)
        )
          throw new RequestError('malformed', 'the answer is over the limits');
        return answer.chunks;
      };
      const peer = session.newPeer();
      for (let passedMs = 0; passedMs < CONVERSATION_MS && answers.length > 0; passedMs += STEP_MS) {
        await world.clock.advance(STEP_MS);
      }
      await session.work(4);
      network.hangUp(peer, 'it has said all');
      session.requireAlive();
    },
    close: async () => {
      await session.close();
      session.requireAlive();
    },
  };
}

function seeds(): Uint8Array[] {
  const blocks = exampleBlocks();
  const tip = blocks.at(-1);
  if (tip === undefined) return [];
  const payments = examplePayments(5);
  const status = wire.StatusType.serialize({
    networkId: NETWORK.idBytes,
    tip: idToBytes(tip.id),
    height: BigInt(blocks.length),
    work: 1_000n,
    clock: 1_767_229_200_000n,
  });
  const headers = wire.HeadersType.serialize(blocks.map(({ block }) => block.sealed));
  const answers: Answer[] = [
    { protocol: 'status', chunks: [status] },
    { protocol: 'addresses', chunks: [wire.AddressesType.serialize([bytesOf('/memory/a/p2p/a')])] },
    { protocol: 'headers', chunks: [headers] },
    { protocol: 'headers', chunks: [headers] },
    { protocol: 'blocks', chunks: blocks.map(({ block }) => encodeBlock(block)) },
    { protocol: 'pool', chunks: [wire.PoolIdsType.serialize(payments.map(({ id }) => idToBytes(id)))] },
    { protocol: 'transactions', chunks: [encodeTransactions(payments.slice(3).map(({ signed }) => signed))] },
    { protocol: 'headers', chunks: [wire.HeadersType.serialize([])] },
  ];
  return [writeAnswers(answers), writeAnswers(answers.slice(0, 4)), writeAnswers(answers.toSpliced(2, 3))];
}

export const answerTargets: readonly FuzzTarget[] = [
  {
    name: 'answers',
    shape: 'bytes',
    maxBytes: 16 * 1_024,
    seeds,
    open,
    renewEvery: 16,
    share: 0.2,
  },
];
