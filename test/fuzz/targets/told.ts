/** What is told to people and to clients: lines of the log with strangers' words in them, the stream of events. */
import { EventLines } from '../../../src/cli/log/event-lines.ts';
import { tellLine } from '../../../src/cli/log/log-line.ts';
import { painted, paintName } from '../../../src/cli/log/paint.ts';
import { PeerNames } from '../../../src/cli/log/peer-names.ts';
import { ApiError, ConnectionError } from '../../../src/client/errors.ts';
import { openStream } from '../../../src/client/event-stream.ts';
import { Transport } from '../../../src/client/transport.ts';
import { bytesOf, type FuzzTarget, must, refusedLaterBy, textOf } from '../engine/target.ts';

const ID = 'ab'.repeat(32);
const PARENT = 'cd'.repeat(32);
const RIVAL = 'ef'.repeat(32);
/** One of each kind; a stranger chooses some of the words. */
const EVENTS: readonly Record<string, unknown>[] = [
  {
    event: 'block.accepted',
    height: 1,
    id: ID,
    parent: PARENT,
    miner: 'tally1q',
    transactions: 1,
    source: 'gossip',
    from: 'peer-1',
    latencyMs: 3,
    onChain: true,
    firstTransactions: [ID],
  },
  {
    event: 'block.accepted',
    height: 1,
    id: RIVAL,
    parent: PARENT,
    transactions: 1,
    source: 'sync',
    from: 'peer-1',
    onChain: false,
  },
  { event: 'block.refused', id: ID, code: 'wrong-bits', message: 'words', from: 'peer-1' },
  { event: 'block.early', id: ID, height: 3, aheadMs: 70_000 },
  { event: 'chain.reorganised', depth: 1, height: 2, oldTip: RIVAL, newTip: ID, forkHeight: 0, returned: 1 },
  {
    event: 'transaction.accepted',
    id: ID,
    sender: 'tally1q',
    recipient: 'tally1q',
    amount: '5',
    fee: '1',
    from: 'peer-1',
  },
  { event: 'transaction.refused', id: ID, code: 'fee-too-low', message: 'words', from: 'peer-1' },
  { event: 'peer.connected', peer: 'peer-1', address: '/ip4/127.0.0.1/tcp/1', direction: 'inbound' },
  { event: 'peer.named', peer: 'peer-1', name: 'anna' },
  { event: 'peer.disconnected', peer: 'peer-1', reason: 'words' },
  { event: 'peer.penalised', peer: 'peer-1', offence: 'words', score: 3 },
  { event: 'peer.clock', peer: 'peer-1', offsetMs: -40_000 },
  { event: 'sync.progress', state: 'blocks', height: 1, targetHeight: 9 },
];
/** Fields whose text comes from elsewhere; a peer's name is checked when it is heard. */
const STRANGERS_WORDS = ['message', 'reason', 'offence', 'address', 'code', 'msg'];

/** `[kind, words, more words]`: the events one after the other, told in lines. */
function executeLog(input: Uint8Array): void {
  let told: unknown;
  try {
    told = JSON.parse(textOf(input));
  } catch {
    return;
  }
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const log = new EventLines({
    names: new PeerNames('own'),
    paintName,
    print: (line) => lines.push(painted(line)),
    clock: {
      now: () => 5,
      elapsed: () => 5,
      after: (_, call) => {
        waiting.push(call);
        return () => {};
      },
    },
  });
  for (const item of Array.isArray(told) ? told : [told]) {
    const [kind, words] = Array.isArray(item) ? item : [0, item];
    const text = typeof words === 'string' ? words : String(JSON.stringify(words));
    const event = { ...EVENTS[Math.abs(Number(kind) || 0) % (EVENTS.length + 1)], msg: text };
    for (const field of STRANGERS_WORDS) if (field in event) Object.assign(event, { [field]: text });
    tellLine(log, JSON.parse(JSON.stringify({ level: 40, time: 5, ...event })));
  }
  for (const call of waiting.splice(0)) call();
  log.flush(9);
  for (const line of lines) must(!/[\p{C}\p{Zl}\p{Zp}]/u.test(line), `a line with ${JSON.stringify(line)}`);
}

async function executeEvents(input: Uint8Array): Promise<void> {
  const transport = new Transport({
    url: 'http://127.0.0.1:1',
    retry: false,
    fetch: async () => new Response(input.slice()),
  });
  await refusedLaterBy([ConnectionError, ApiError], async () => {
    for await (const { id } of await openStream(transport, 'http://127.0.0.1:1/', {}, 4_096)) {
      must(typeof id === 'string', 'no id');
    }
  });
}

export const toldTargets: readonly FuzzTarget[] = [
  {
    name: 'log-lines',
    shape: 'json',
    maxBytes: 16 * 1_024,
    seeds: () =>
      EVENTS.map((_, index) =>
        bytesOf(
          JSON.stringify([
            [index, 'words'],
            [EVENTS.length, 'a\r\nb'],
          ]),
        ),
      ),
    words: ['\u202e', '\u2028', '\u001b[2J', '\r\n', '\u0085', '\u200b'],
    open: () => ({ execute: executeLog }),
  },
  {
    name: 'event-stream',
    shape: 'bytes',
    maxBytes: 8 * 1_024,
    seeds: () =>
      [
        'id: 1\nevent: block\ndata: {"a":1}\n\n: still here\n\n',
        'retry: 1000\r\n\r\ndata: 1\ndata: 2\r\n\r\n',
      ].map(bytesOf),
    words: ['data: ', 'id: ', 'event: ', 'retry: ', '\n\n', '\r\n'],
    open: () => ({ execute: executeEvents }),
    stillMs: 100,
    share: 0.2,
  },
];
