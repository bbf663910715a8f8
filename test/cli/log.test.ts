import pino from 'pino';
import { expect, test } from 'vitest';
import { describeEvent } from '../../src/cli/event-text.ts';
import type { LineClock } from '../../src/cli/log/line-clock.ts';
import { boundedEvents } from '../../src/cli/log/log.ts';
import { eventToJson } from '../../src/client/live-event.ts';
import { formatAddress } from '../../src/core/address.ts';
import type { BlockId, TransactionId } from '../../src/core/identifiers.ts';
import type { NodeEvent } from '../../src/node/events.ts';
import { testKey } from '../support/ledger.ts';
import { A_PEER, POOR, RICH } from '../support/served-ledger.ts';

const id = 'ab'.repeat(32);
const EVENTS: Record<NodeEvent['event'], [NodeEvent, string]> = {
  'block.mined': [
    { event: 'block.mined', height: 4, id: id as BlockId, transactions: 1 },
    '▣ #4 abababab… mined here, 1 tx',
  ],
  'block.accepted': [
    {
      ...{
        event: 'block.accepted',
        height: 4,
        id: id as BlockId,
        parent: id as BlockId,
        miner: RICH.address,
      },
      ...{ timestamp: 5, transactions: 0, source: 'gossip', from: A_PEER, latencyMs: 2.6, onChain: false },
    },
    '▣ #4 abababab… from …b4kzhC +3 ms, 0 tx, on a fork',
  ],
  'block.refused': [
    { event: 'block.refused', id: id as BlockId, code: 'wrong-bits', message: 'no', from: A_PEER },
    '✗ block abababab… from …b4kzhC refused: no',
  ],
  'block.early': [
    { event: 'block.early', id: id as BlockId, height: 4, aheadMs: 70_000 },
    '◷ #4 abababab… is 70000 ms ahead of this clock: set aside',
  ],
  'chain.reorganised': [
    {
      ...{ event: 'chain.reorganised', depth: 1, height: 5, oldTip: id as BlockId, newTip: id as BlockId },
      ...{ forkHeight: 3, returned: 2 },
    },
    '⑂ reorganised: 1 block above #3 left behind, the tip is #5 abababab…, 2 tx back in the pool',
  ],
  'transaction.accepted': [
    {
      ...{ event: 'transaction.accepted', id: id as TransactionId, sender: RICH.address },
      ...{ recipient: POOR.address, amount: 1_500_000n, fee: 1n },
    },
    `→ abababab… 1.5 tally to ${formatAddress(POOR.address).slice(0, 14)}…`,
  ],
  'transaction.refused': [
    { event: 'transaction.refused', id: id as TransactionId, code: 'fee-too-low', message: 'no' },
    '✗ transaction abababab… refused: no',
  ],
  'peer.connected': [
    {
      event: 'peer.connected',
      peer: A_PEER,
      address: `/ip4/1.2.3.4/tcp/5/p2p/${A_PEER}`,
      direction: 'inbound',
    },
    '⇄ …b4kzhC connected (inbound, /ip4/1.2.3.4/tcp/5)',
  ],
  'peer.named': [{ event: 'peer.named', peer: A_PEER, name: 'attic' }, '⇄ …b4kzhC is called attic'],
  'peer.disconnected': [
    { event: 'peer.disconnected', peer: A_PEER, reason: 'gone' },
    '⇠ …b4kzhC disconnected: gone',
  ],
  'peer.penalised': [
    { event: 'peer.penalised', peer: A_PEER, offence: 'garbage', score: 9 },
    '! …b4kzhC misbehaved (garbage), score 9',
  ],
  'peer.clock': [
    { event: 'peer.clock', peer: A_PEER, offsetMs: -61_000 },
    '! the clock of …b4kzhC is 61.0 s behind this one: one of the two is wrong',
  ],
  'mining.waiting': [
    { event: 'mining.waiting', height: 4, aheadMs: 7_200_000, untilMs: 1 },
    "! mining waits: #4 is 2 h ahead of this machine's clock, and no block can follow it yet",
  ],
  'mining.unpayable': [
    { event: 'mining.unpayable', miner: testKey(1).address },
    `! nothing is mined for ${formatAddress(testKey(1).address).slice(0, 14)}…: its balance has no room for the reward; name another with --miner`,
  ],
  'sync.progress': [
    { event: 'sync.progress', state: 'blocks', height: 4, targetHeight: 9 },
    '… catching up: blocks 4 of 9',
  ],
};

test.each(Object.values(EVENTS))('$event is one line of words', (event, words) => {
  expect(describeEvent(eventToJson(event))).toBe(words);
});

/** @returns the lines, once the windows of all quotas are over */
function logged(events: readonly NodeEvent[], level = 'info'): Record<string, unknown>[] {
  const lines: string[] = [];
  const logger = pino({ level }, { write: (line: string) => void lines.push(line) });
  const endWindows: (() => void)[] = [];
  const clock: LineClock = {
    now: () => 0,
    elapsed: () => 0,
    after: (_delayMs, call) => {
      endWindows.push(call);
      return () => {};
    },
  };
  const log = boundedEvents(logger, clock);
  for (const event of events) log(event);
  for (const endWindow of endWindows) endWindow();
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('what strangers cause in floods is counted, and told in full to an operator who wants to know it all', () => {
  const [connected] = EVENTS['peer.connected'];
  const [mined] = EVENTS['block.mined'];
  const flood = [...Array.from({ length: 1_000 }, () => connected), mined];
  const lines = logged(flood);
  expect(lines.map(({ event }) => event)).toEqual([
    ...Array.from({ length: 64 }, () => 'peer.connected'),
    'block.mined',
    'daemon.log',
  ]);
  expect(lines.at(-1)).toMatchObject({ of: 'peer.connected', count: 936, msg: '936 more: peer.connected' });
  expect(logged(flood, 'debug')).toHaveLength(1_001);
});

test('every event but those of transactions is logged by default, one line each, with its fields', () => {
  const lines = logged(Object.values(EVENTS).map(([event]) => event));
  expect(lines.map(({ event }) => event)).toEqual(
    Object.keys(EVENTS).filter((event) => !event.startsWith('transaction.')),
  );
  expect(lines.find(({ event }) => event === 'block.accepted')).toMatchObject({
    level: 30,
    height: 4,
    id,
    miner: formatAddress(RICH.address),
    timestamp: '1970-01-01T00:00:00.005Z',
    latencyMs: 2.6,
    msg: expect.stringContaining('#4'),
  });
  expect(lines.find(({ event }) => event === 'block.refused')?.level).toBe(40);
});

test('thousands of old blocks fetched while catching up are not told one by one; a fresh one is', () => {
  const [accepted] = EVENTS['block.accepted'];
  const fetched = { ...accepted, source: 'sync' } as NodeEvent;
  expect(logged([fetched])).toHaveLength(0);
  expect(logged([{ ...fetched, timestamp: Date.now() } as NodeEvent])).toHaveLength(1);
});
