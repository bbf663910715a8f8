import { describe, expect, test } from 'vitest';
import { type EventLine, EventLines } from '../../src/cli/log/event-lines.ts';
import type { AcceptedBlock, HeardEvent } from '../../src/cli/log/heard-event.ts';
import type { LineClock } from '../../src/cli/log/line-clock.ts';
import { PeerNames } from '../../src/cli/log/peer-names.ts';
import type { PeerId } from '../../src/node/ports.ts';
import { agentVersion, isPeerName, nameOfAgent } from '../../src/p2p/peer-name.ts';

/** A clock that moves when it is told to. */
class Clock implements LineClock {
  nowMs = 0;
  readonly #waiting = new Set<{ readonly atMs: number; readonly call: () => void }>();

  /** How far the machine's clock was set forward. */
  correctionMs = 0;

  now(): number {
    return this.nowMs + this.correctionMs;
  }

  elapsed(): number {
    return this.nowMs;
  }

  after(delayMs: number, call: () => void): () => void {
    const entry = { atMs: this.nowMs + delayMs, call };
    this.#waiting.add(entry);
    return () => this.#waiting.delete(entry);
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.#waiting].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#waiting.delete(next);
      this.nowMs = next.atMs;
      next.call();
    }
    this.nowMs = endMs;
  }
}

/** A block called by a letter; its parent is called by another. */
function block(letter: string, height: number, more: Partial<AcceptedBlock> = {}): AcceptedBlock {
  return {
    ...{ event: 'block.accepted', height, id: idOf(letter), parent: idOf('0'), transactions: 0 },
    ...{ source: 'gossip', onChain: true, from: 'peer-of-1', latencyMs: 6 },
    ...more,
  };
}

function idOf(letter: string): string {
  return `0000${letter.repeat(60)}`;
}

class Told {
  readonly clock = new Clock();
  readonly lines: EventLine[] = [];
  readonly #lines = new EventLines({
    names: new PeerNames('node-3'),
    paintName: (_name, padded) => padded,
    print: (line) => void this.lines.push(line),
    clock: this.clock,
  });

  constructor() {
    for (const number of [1, 2]) this.hear(named(`peer-of-${number}`, `node-${number}`));
  }

  hear(...events: HeardEvent[]): this {
    for (const event of events) this.#lines.hear(this.clock.nowMs, event);
    return this;
  }

  /** Each a while after the other, so that none is one of many. */
  slowly(...events: HeardEvent[]): this {
    for (const event of events) {
      this.clock.advance(5_000);
      this.hear(event);
    }
    return this;
  }

  status(...args: Parameters<EventLines['status']>): void {
    this.#lines.status(...args);
  }

  say(text: string): void {
    this.#lines.say(0, text, true);
  }

  /** What was told since this was asked last. */
  texts(): string[] {
    return this.lines.splice(0).map(({ text }) => text);
  }
}

function named(peer: string, name: string): HeardEvent {
  return { event: 'peer.named', peer: peer as PeerId, name };
}

function connected(peer: string): HeardEvent {
  return {
    event: 'peer.connected',
    peer: peer as PeerId,
    address: '/ip4/10.0.0.1/tcp/1',
    direction: 'inbound',
  };
}

function reorganised(newTip: string, height: number, forkHeight: number, more: object = {}): HeardEvent {
  return {
    ...{ event: 'chain.reorganised', depth: 1, height, oldTip: idOf('a'), newTip: idOf(newTip) },
    ...{ forkHeight, returned: 0 },
    ...more,
  } as HeardEvent;
}

describe('a block', () => {
  test('is one line in columns: where, from whom by name, after how many milliseconds, with how much in it', () => {
    const told = new Told().slowly(
      block('a', 42, { source: 'mined', from: undefined, latencyMs: undefined, transactions: 2 } as never),
      block('b', 43),
      block('c', 44, { from: 'a-peer-that-says-no-name', latencyMs: 131.4 }),
    );
    expect(told.lines.map(({ emphasis }) => emphasis)).toEqual(['mined', 'plain', 'plain']);
    expect(told.texts()).toEqual([
      '▣ #42 aaaaaaaa…     mined here               2 tx',
      '▣ #43 bbbbbbbb…     from node-1     +6 ms    0 tx',
      '▣ #44 cccccccc…     from …o-name   +131 ms    0 tx',
    ]);
  });

  test('of our own is told once, though the node says twice that it is there', () => {
    const told = new Told().slowly(block('a', 42, { source: 'mined' }));
    told.hear({ event: 'block.mined', height: 42, id: idOf('a'), transactions: 0 } as HeardEvent);
    expect(told.texts()).toHaveLength(1);
  });
});

describe('a fork', () => {
  test('that is lost can be followed: beside what it stands, and which block ends it', () => {
    const told = new Told().slowly(
      block('a', 42),
      block('b', 42, { onChain: false, from: 'peer-of-2' }),
      block('c', 43, { parent: idOf('a') }),
      block('d', 44, { parent: idOf('c') }),
    );
    expect(told.texts()).toEqual([
      expect.stringMatching(/^▣ #42 a{8}… .* 0 tx$/),
      expect.stringMatching(/^▣ #42 b{8}… +from node-2 .* 0 tx {3}⑂ a fork, beside a{8}…$/),
      expect.stringMatching(/^▣ #43 c{8}… .* 0 tx {3}⑂ ends the fork: b{8}… is left behind$/),
      expect.stringMatching(/^▣ #44 d{8}… .* 0 tx$/),
    ]);
  });

  test('that wins is told behind its block: what it cost, and that it is over', () => {
    const told = new Told().slowly(block('a', 42), block('b', 42, { onChain: false, parent: idOf('9') }));
    told.texts();
    // The node tells of the reorganisation first.
    told.clock.advance(5_000);
    told.hear(reorganised('c', 43, 41, { returned: 2 }), block('c', 43, { parent: idOf('b') }));
    expect(told.texts()).toEqual([
      expect.stringMatching(/^▣ #43 c{8}… .* 0 tx$/),
      '⑂ #43 cccccccc…     ends the fork above #41: this node turns to it, aaaaaaaa… is left behind, 2 tx back in the pool',
    ]);
    told.slowly(block('d', 44, { parent: idOf('c') }));
    expect(told.texts()).toEqual([expect.stringMatching(/^▣ #44 d{8}… .* 0 tx$/)]);
  });

  test('of several blocks fetched at once is one line, and its end another', () => {
    const told = new Told().slowly(block('a', 42));
    told.texts();
    const fetched = { source: 'sync', onChain: true } as const;
    told.hear(
      reorganised('d', 44, 41, { depth: 1 }),
      block('b', 42, { ...fetched, parent: idOf('9') }),
      block('c', 43, { ...fetched, parent: idOf('b') }),
      block('d', 44, { ...fetched, parent: idOf('c') }),
    );
    expect(told.texts()).toEqual([
      '▣ #42 to #44   3 blocks: 3 fetched from node-1',
      expect.stringContaining('⑂ #44 dddddddd…     ends the fork above #41: this node turns to it'),
    ]);
  });

  test('whose blocks come by sync, from a peer that this node had lost, is told all the same', () => {
    const told = new Told().slowly(block('a', 42));
    told.texts();
    told.hear(block('b', 42, { source: 'sync', onChain: false }));
    told.hear({ event: 'sync.progress', state: 'idle', height: 42, targetHeight: 42 });
    told.slowly(block('c', 43, { source: 'sync', parent: idOf('a') }));
    told.clock.advance(2_000);
    expect(told.texts()).toEqual([
      expect.stringMatching(/^▣ #42 b{8}… .* 0 tx {3}⑂ a fork, beside a{8}…$/),
      expect.stringMatching(/^▣ #43 c{8}… .* 0 tx {3}⑂ ends the fork: b{8}… is left behind$/),
    ]);
  });
});

describe('what belongs together is one line', () => {
  test('blocks that a sync fetches, however many, and that it is in step again', () => {
    const told = new Told();
    told.hear({ event: 'sync.progress', state: 'blocks', height: 0, targetHeight: 2_000 });
    for (let height = 1; height <= 2_000; height++) {
      told.clock.advance(2);
      told.hear(block('a', height, { source: 'sync', from: height % 2 === 0 ? 'peer-of-1' : 'peer-of-2' }));
    }
    told.hear({ event: 'sync.progress', state: 'idle', height: 2_000, targetHeight: 2_000 });
    expect(told.texts()).toEqual([
      '… catching up: #0 of #2000',
      '▣ #1 to #2000   2,000 blocks in 4.0 s: 2,000 fetched from node-1 and node-2',
      '✓ in step at #2000',
    ]);
  });

  test('goes on in its pace though the clock is set back by an hour', () => {
    const told = new Told();
    const progress = (height: number): HeardEvent => ({
      ...{ event: 'sync.progress', state: 'blocks', height, targetHeight: 9 },
    });
    told.hear(progress(1), block('b', 1, { source: 'sync' }));
    told.clock.correctionMs = -3_600_000;
    told.clock.advance(5_000);
    told.hear(progress(2));
    expect(told.texts()).toEqual([
      '… catching up: #1 of #9',
      expect.stringContaining('#1 '),
      '… catching up: #2 of #9',
    ]);
  });

  test('a single block that was fetched is a block like any other', () => {
    const told = new Told().hear(block('a', 7, { source: 'sync' }));
    told.hear({ event: 'sync.progress', state: 'idle', height: 7, targetHeight: 7 });
    expect(told.texts()).toEqual([expect.stringMatching(/^▣ #7 a{8}… +from node-1 /)]);
  });

  test('blocks of a new network, which come faster than they can be read; a fork among them is told at once', () => {
    const told = new Told();
    for (let height = 1; height <= 12; height++) {
      told.clock.advance(400);
      told.hear(block(height.toString(16), height));
    }
    told.hear(block('e', 12, { onChain: false }));
    expect(told.texts()).toEqual([
      expect.stringContaining('▣ #1 '),
      expect.stringContaining('▣ #2 '),
      '▣ #3 to #11   9 blocks in 3.2 s: 9 from node-1, +6 ms at most',
      // The one it stands beside has a line of its own, or no reader knew which that is.
      expect.stringMatching(/^▣ #12 c{8}… .* 0 tx$/),
      expect.stringContaining('⑂ a fork, beside cccccccc…'),
    ]);
  });

  test('peers that connect at the same time, and those that a cut takes away', () => {
    const told = new Told().hear(connected('peer-of-1'), connected('peer-of-2'), connected('12D3KooWb4kzhC'));
    told.clock.advance(1_000);
    const reason = 'it fell silent';
    for (const peer of ['peer-of-1', 'peer-of-2']) {
      told.hear({ event: 'peer.disconnected', peer: peer as PeerId, reason });
    }
    told.clock.advance(1_000);
    expect(told.texts()).toEqual([
      '⇄ connected with node-1, node-2 and …b4kzhC',
      '⇠ lost node-1 and node-2: it fell silent',
    ]);
  });
});

describe('a payment', () => {
  const id = `${'7'.repeat(64)}`;
  const payment = {
    ...{ event: 'transaction.accepted', id, sender: 'tally1sender', recipient: 'tally1recipientxyz' },
    ...{ amount: '1500000', fee: '1' },
  } as HeardEvent;

  test('is told when it comes and when it is confirmed, and again if its block is left behind', () => {
    const told = new Told()
      .hear(payment)
      .slowly(block('a', 42, { transactions: 1, firstTransactions: [id] }));
    expect(told.texts()).toEqual([
      '→ 77777777…  1.5 tally to tally1recipien…  sent here',
      expect.stringContaining('▣ #42 '),
      '✓ 77777777…  1.5 tally to tally1recipien…  confirmed in #42',
    ]);
    told.slowly(block('b', 42, { onChain: false, parent: idOf('9'), firstTransactions: [id] }));
    told.hear(reorganised('c', 43, 41), block('c', 43, { parent: idOf('b') }));
    expect(told.texts().filter((text) => text.startsWith('✓'))).toEqual([
      '✓ 77777777…  1.5 tally to tally1recipien…  confirmed in #42',
    ]);
  });

  test('among hundreds is counted', () => {
    const told = new Told();
    for (let n = 0; n < 300; n++)
      told.hear({ ...payment, id: n.toString(16).padStart(64, '9') } as HeardEvent);
    told.clock.advance(5_000);
    expect(told.texts().slice(4)).toEqual(['→ and 296 more transactions in 5 s']);
  });
});

test('two peers of one name, and a peer that takes this daemon’s, are told apart by their ids', () => {
  const told = new Told().hear(named('an-impostor-abcdef', 'node-1'), named('another-ghijkl', 'node-3'));
  told.slowly(block('a', 1, { from: 'an-impostor-abcdef' }), block('b', 2, { from: 'another-ghijkl' }));
  expect(told.texts()).toEqual([
    expect.stringContaining('from node-1…abcdef'),
    expect.stringContaining('from node-3…ghijkl'),
  ]);
  told.slowly(block('c', 3, { from: 'peer-of-1' }));
  expect(told.texts()).toEqual([expect.stringContaining('from node-1…r-of-1')]);
  // Once the other is gone, the name is nobody else's.
  told.hear({ event: 'peer.disconnected', peer: 'an-impostor-abcdef' as PeerId, reason: 'it left' });
  told.slowly(block('d', 4, { from: 'peer-of-1' }));
  expect(told.texts().at(-1)).toContain('from node-1 ');
});

test('names that people take for the same are told apart, and what cannot be seen is no name', () => {
  const told = new Told().hear(named('an-impostor-abcdef', 'ＮＯＤＥ-1'));
  told.slowly(block('a', 1, { from: 'an-impostor-abcdef' }));
  expect(told.texts()).toEqual([expect.stringContaining('from ＮＯＤＥ-1…abcdef')]);
  for (const name of [
    'node-1\u3164',
    'node-1\ufe0f',
    'no\u034fde',
    'a\u202eb',
    'a\nb',
    ' a',
    '',
    'x'.repeat(33),
  ]) {
    expect(isPeerName(name), name).toBe(false);
  }
  for (const name of ['node-1', 'Büro', 'a', 'Ada’s'.replace('’', ' '), '節点 2']) {
    expect(isPeerName(name), name).toBe(true);
  }
  expect(nameOfAgent(agentVersion('node-1'))).toBe('node-1');
  for (const agent of [
    undefined,
    agentVersion(undefined),
    'js-libp2p/3.0.0 node/24',
    'tallystick/1 (a\u001bb)',
  ]) {
    expect(nameOfAgent(agent)).toBeUndefined();
  }
});

test('a peer that comes back at once is told as connected, and keeps its name', () => {
  const told = new Told().hear(connected('peer-of-1'));
  told.clock.advance(1_000);
  told.texts();
  told.hear({ event: 'peer.disconnected', peer: 'peer-of-1' as PeerId, reason: 'it broke' });
  told.hear(connected('peer-of-1'), named('peer-of-1', 'node-1'), named('an-impostor-abcdef', 'node-1'));
  told.clock.advance(1_000);
  expect(told.texts()).toEqual(['⇄ connected with node-1…r-of-1']);
});

describe('a flood', () => {
  test('of blocks beside the chain is counted, and its end names a few', () => {
    const told = new Told().hear(block('a', 1));
    for (let n = 0; n < 2_000; n++) {
      told.clock.advance(5);
      told.hear(block('b', 1, { onChain: false, id: n.toString(16).padStart(64, '7') }));
    }
    told.clock.advance(20_000);
    told.hear(block('c', 2, { parent: idOf('a') }));
    const texts = told.texts();
    expect(texts.length).toBeLessThan(40);
    expect(texts.filter((text) => text.startsWith('⑂ and ')).length).toBeGreaterThan(0);
    for (const text of texts) expect(text.length).toBeLessThan(160);
    expect(texts.at(-1)).toMatch(/ends the fork: \d+ others and \w+…, \w+…, \w+… are left behind$/);
  });

  test('of refused transactions and of warnings is counted', () => {
    const told = new Told();
    for (let n = 0; n < 500; n++) {
      told.hear({
        event: 'transaction.refused',
        id: 'ab'.repeat(32),
        code: 'fee-too-low',
        message: 'no',
      } as HeardEvent);
      told.hear({ event: 'block.refused', code: 'wrong-bits', message: 'no' } as HeardEvent);
    }
    told.clock.advance(5_000);
    expect(told.texts().slice(8)).toEqual([
      '✗ and 496 more transactions refused in 5 s',
      '! and 496 more warnings in 5 s',
    ]);
  });

  test('of names does not take that of a peer who is here', () => {
    const told = new Told();
    for (let n = 0; n < 1_500; n++) {
      told.hear(named(`comes-and-goes-${n}`, `guest-${n}`));
      told.hear({ event: 'peer.disconnected', peer: `comes-and-goes-${n}` as PeerId, reason: 'it left' });
    }
    told.clock.advance(1_000);
    told.texts();
    told.hear(named('an-impostor-abcdef', 'node-1'));
    told.slowly(block('a', 1, { from: 'an-impostor-abcdef' }), block('b', 2));
    expect(told.texts()).toEqual([
      expect.stringContaining('from node-1…abcdef'),
      expect.stringContaining('from node-1…r-of-1'),
    ]);
  });
});

test('what strangers send cannot begin a line of its own or turn the writing around', () => {
  const told = new Told();
  told.hear({
    event: 'block.refused',
    code: 'wrong-bits',
    message: 'a\r\n12:00 ▣ forged\u202E',
  } as HeardEvent);
  told.hear({ event: 'peer.disconnected', peer: 'p' as PeerId, reason: '\u001b[2Jgone' });
  told.clock.advance(1_000);
  told.say('b\nc');
  for (const text of told.texts()) expect(text).not.toMatch(/\p{C}/u);
});

test('how a daemon stands is one quiet line', () => {
  const told = new Told();
  told.status(0, { height: 42, tip: idOf('a'), peers: 3, waiting: 2, hashrate: 12_340_000 });
  told.status(0, { height: 42, tip: idOf('a'), peers: 1, waiting: 0 });
  expect(told.lines[0]?.emphasis).toBe('quiet');
  expect(told.texts()).toEqual([
    '● #42 aaaaaaaa…     3 peers   2 tx waiting   mines at 12.34 MH/s',
    '● #42 aaaaaaaa…     1 peer   0 tx waiting',
  ]);
});
