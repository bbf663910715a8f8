/** Who gets a place and who gives one up: handshakes, inbound peers, answers. Pure, on a clock of the test's own. */
import type { Connection } from '@libp2p/interface';
import { describe, expect, it } from 'vitest';
import type { PeerId } from '../../src/node/ports.ts';
import { type Answer, AnswerPlaces } from '../../src/p2p/answer-places.ts';
import { AddressDebts } from '../../src/p2p/connections/address-debts.ts';
import { chooseToEvict, type InboundPeer, SHORTEST_STAY_MS } from '../../src/p2p/connections/eviction.ts';
import {
  HANDSHAKE_RATE_OF_HOST,
  Handshakes,
  MAX_HANDSHAKES,
  MAX_HANDSHAKES_OF_HOST,
  PATIENCE_MS,
  SILENCE_MS,
} from '../../src/p2p/connections/handshakes.ts';
import { InboundPlaces } from '../../src/p2p/connections/inbound-places.ts';
import {
  type AnswerKind,
  LEAST_PROGRESS_BYTES,
  LEAST_PROGRESS_MS,
  MAX_ANSWERS,
  MAX_ANSWERS_PER_PEER,
  MAX_STALLS,
  PRESSED_AFTER_MS,
  PRESSED_BYTES_PER_SECOND,
} from '../../src/p2p/request-limits.ts';

const from = (host: string) => `/ip4/${host}/tcp/1`;

describe('places for handshakes', () => {
  function setUp() {
    const time = { now: 0 };
    const now = () => time.now;
    const debts = new AddressDebts(now);
    const handshakes = new Handshakes(now, debts);
    const ended: string[] = [];
    const begin = (host: string, hasSpoken = () => true) =>
      handshakes.begin(from(host), { hasSpoken, end: () => void ended.push(host) });
    const silent = (host: string) => begin(host, () => false);
    const fill = (host: string, count: number) => Array.from({ length: count }, () => begin(host));
    return { time, debts, handshakes, ended, begin, fill, silent };
  }

  it('are shared between addresses: whoever never speaks takes no more than its share', () => {
    const { begin, fill, handshakes } = setUp();
    expect(fill('1.1.1.1', MAX_HANDSHAKES_OF_HOST).every((leave) => leave !== undefined)).toBe(true);
    expect(begin('1.1.1.1')).toBeUndefined();
    expect(begin('2.2.2.2')).toBeDefined();
    expect(handshakes.count).toBe(MAX_HANDSHAKES_OF_HOST + 1);
  });

  it('are given back when a handshake ends', () => {
    const { begin, fill } = setUp();
    const [first] = fill('1.1.1.1', MAX_HANDSHAKES_OF_HOST);
    first?.();
    expect(begin('1.1.1.1')).toBeDefined();
    expect(begin('1.1.1.1')).toBeUndefined();
  });

  it('that hang are ended for others: of the same address, or of the one that has most', () => {
    const { begin, ended, fill, time } = setUp();
    fill('1.1.1.1', MAX_HANDSHAKES_OF_HOST);
    time.now = PATIENCE_MS;
    expect(begin('1.1.1.1')).toBeDefined();
    expect(ended).toEqual(['1.1.1.1']);
    fill('2.2.2.2', MAX_HANDSHAKES_OF_HOST);
    fill('3.3.3.3', MAX_HANDSHAKES - 2 * MAX_HANDSHAKES_OF_HOST);
    expect(begin('4.4.4.4')).toBeDefined();
    expect(ended).toEqual(['1.1.1.1', '1.1.1.1']);
  });

  it('are lost soon by who says nothing while others wait, and that costs its neighbours nothing', () => {
    const { begin, ended, fill, silent, time } = setUp();
    fill('1.1.1.1', MAX_HANDSHAKES_OF_HOST - 1);
    const leave = silent('1.1.1.1');
    time.now = SILENCE_MS - 1;
    expect(begin('1.1.1.1')).toBeUndefined();
    time.now = SILENCE_MS;
    expect(begin('1.1.1.1')).toBeDefined();
    expect(ended).toEqual(['1.1.1.1']);
    leave?.();
    // However many they are, they use nothing of the rate.
    for (let count = 0; count < 2 * HANDSHAKE_RATE_OF_HOST.burst; count++) silent('2.2.2.2')?.();
    expect(begin('2.2.2.2')).toBeDefined();
  });

  it('cost nothing of the rate where there is none', () => {
    const { begin, fill, time } = setUp();
    fill('1.1.1.1', MAX_HANDSHAKES_OF_HOST);
    for (let count = 0; count < 2 * HANDSHAKE_RATE_OF_HOST.burst; count++)
      expect(begin('1.1.1.1')).toBeUndefined();
    time.now = PATIENCE_MS;
    expect(begin('1.1.1.1')).toBeDefined();
  });

  it('are had at once by an address that has none, from the one that has most', () => {
    const { begin, ended, fill } = setUp();
    fill('1.1.1.1', MAX_HANDSHAKES_OF_HOST);
    fill('2.2.2.2', MAX_HANDSHAKES_OF_HOST);
    fill('3.3.3.3', MAX_HANDSHAKES - 2 * MAX_HANDSHAKES_OF_HOST);
    expect(begin('4.4.4.4')).toBeDefined();
    expect(ended).toEqual(['1.1.1.1']);
    expect(begin('4.4.4.4')).toBeUndefined();
  });

  it('are begun by one address so often and no oftener, and by others still', () => {
    const { begin, time } = setUp();
    const storm = (host: string) => {
      let begun = 0;
      for (let count = 0; count < 500; count++) {
        const leave = begin(host);
        if (leave !== undefined) begun++;
        leave?.();
      }
      return begun;
    };
    expect(storm('1.1.1.1')).toBe(HANDSHAKE_RATE_OF_HOST.burst);
    expect(begin('2.2.2.2')).toBeDefined();
    time.now = 1_000;
    expect(storm('1.1.1.1')).toBe(HANDSHAKE_RATE_OF_HOST.perSecond);
  });

  it('are rarer for an address whose peers had to be banned, but for this machine', () => {
    const { begin, debts, time } = setUp();
    for (let count = 0; count < 4; count++)
      for (const host of ['1.1.1.1', '127.0.0.1']) debts.add(from(host));
    const begun = (host: string) => {
      let count = 0;
      for (let leave = begin(host); leave !== undefined; leave = begin(host), count++) leave();
      return count;
    };
    expect(begun('1.1.1.1')).toBe(Math.floor(HANDSHAKE_RATE_OF_HOST.burst / 16));
    expect(begun('127.0.0.1')).toBe(HANDSHAKE_RATE_OF_HOST.burst);
    time.now = 2 * 3_600_000;
    expect(debts.of(from('1.1.1.1'))).toBeLessThan(0.01);
  });
});

describe('places of inbound peers', () => {
  function setUp(max: number) {
    const time = { now: 0 };
    const who = { silent: '', owing: '' };
    const evicted: string[] = [];
    const open: Connection[] = [];
    const none = { lastBlockAtMs: undefined, lastTransactionsAtMs: undefined };
    const places = new InboundPlaces(
      {
        ...{ now: () => time.now, connections: () => open, pingOf: () => undefined },
        meritsOf: (id) => ({ ...none, hasAsked: `${id}` !== who.silent }),
        debtOf: (address) => (address === who.owing ? 1 : 0),
        evict: (id) => void evicted.push(id),
      },
      max,
    );
    const enter = (number: number, direction: string): void => {
      const remoteAddr = { toString: () => from(`1.1.1.${number}`) };
      const remotePeer = { toString: () => `p${number}` };
      open.push({ direction, remotePeer, remoteAddr } as unknown as Connection);
      places.opened(open.at(-1) as Connection);
      time.now += 1_000;
    };
    return { time, who, evicted, places, enter };
  }

  it('are given up first by one that asked nothing, or whose address owes; never by one this node dialled, too', () => {
    const { enter, evicted, places, time, who } = setUp(20);
    for (let number = 0; number < 20; number++) enter(number, 'inbound');
    time.now += SHORTEST_STAY_MS;
    for (const next of [{ silent: 'p13' }, { silent: '', owing: from('1.1.1.14') }, { owing: '' }]) {
      if (next.owing === '') enter(19, 'outbound');
      Object.assign(who, next);
      places.makeRoom();
    }
    expect(evicted).toEqual(['p13', 'p14', 'p18']);
  });

  it('are no more than there are, though several came in before any of them was seen', () => {
    const { enter, evicted, time } = setUp(20);
    for (let number = 0; number < 20; number++) enter(number, 'inbound');
    time.now += SHORTEST_STAY_MS;
    expect(evicted).toEqual([]);
    enter(20, 'inbound');
    expect(evicted).toHaveLength(1);
  });
});

describe('the inbound peer that gives its place to a newcomer', () => {
  const NOW = 10_000_000;
  /** Connected long ago, of an address of its own, with nothing to its credit. */
  const peer = (name: string, more: Partial<InboundPeer> = {}): InboundPeer => ({
    id: name as PeerId,
    host: `host of ${name}`,
    network: `network of ${name}`,
    connectedAtMs: 1_000,
    pingMs: 100,
    lastBlockAtMs: undefined,
    lastTransactionsAtMs: undefined,
    isDoubtful: false,
    ...more,
  });
  const flood = (count: number, more: Partial<InboundPeer> = {}) =>
    Array.from({ length: count }, (_, i) =>
      peer(`idle${i}`, { host: 'flood', network: 'flood', connectedAtMs: 5_000_000 + i, ...more }),
    );
  const choose = (peers: readonly InboundPeer[]) => chooseToEvict(peers, NOW, (network) => network.length);

  /** Who is left after so many newcomers. */
  function leftAfter(newcomers: number, peers: readonly InboundPeer[]): readonly InboundPeer[] {
    let left = peers;
    for (let count = 0; count < newcomers; count++) {
      const evicted = choose(left);
      left = left.filter(({ id }) => id !== evicted);
    }
    return left;
  }

  it('is the youngest of the largest network', () => {
    expect(choose([...flood(200), ...Array.from({ length: 40 }, (_, i) => peer(`honest${i}`))])).toBe(
      'idle199',
    );
  });

  it('is one of the flood, a hundred times in a row, and none of those that came before it', () => {
    const honest = Array.from({ length: 40 }, (_, i) => peer(`honest${i}`));
    const left = leftAfter(100, [...flood(216), ...honest]);
    for (const one of honest) expect(left).toContain(one);
  });

  it('is never one that is near, useful, or of another network than the rest, even if it came last', () => {
    const young = { connectedAtMs: NOW - SHORTEST_STAY_MS };
    const merits: [string, Partial<InboundPeer>][] = [
      ['near', { pingMs: 1 }],
      ['brought a block', { lastBlockAtMs: NOW - 60_000 }],
      ['brought transactions', { lastTransactionsAtMs: NOW - 60_000 }],
    ];
    const worthy = merits.map(([name, merit]) =>
      peer(name, { host: 'flood', network: 'flood', ...young, ...merit }),
    );
    const left = leftAfter(90, [...flood(250), ...worthy]);
    for (const one of worthy) expect(left).toContain(one);
  });

  it('is one that has not spoken, or whose address misbehaved, before any other', () => {
    const doubtful = peer('doubtful', { connectedAtMs: 4_999_999, isDoubtful: true, network: 'x' });
    const others = Array.from({ length: 60 }, (_, i) => peer(`other${i}`, { connectedAtMs: 5_000_000 + i }));
    const old = Array.from({ length: 80 }, (_, i) => peer(`old${i}`, { pingMs: 1 }));
    expect(choose([...old, ...others, doubtful])).toBe('doubtful');
  });

  it('is nobody who has only just come: a storm of newcomers is turned away', () => {
    expect(choose(flood(256, { connectedAtMs: NOW - SHORTEST_STAY_MS + 1 }))).toBeUndefined();
  });

  it('is nobody while all have merits of their own', () => {
    expect(choose(Array.from({ length: 4 }, (_, i) => peer(`only${i}`)))).toBeUndefined();
  });
});

describe('places for answers', () => {
  function setUp() {
    const time = { now: 0 };
    const stalling: string[] = [];
    const ended: string[] = [];
    const places = new AnswerPlaces(
      () => time.now,
      (peer) => stalling.push(peer),
    );
    function enter(peer: string, kind: AnswerKind, host = peer) {
      const state = { taken: 0, isWaiting: true };
      const answer: Answer = {
        kind,
        peer: peer as PeerId,
        host,
        taken: () => state.taken,
        isWaiting: () => state.isWaiting,
        end: () => {
          ended.push(peer);
          leave?.();
        },
      };
      const leave = places.enter(answer);
      return leave && { state, leave };
    }
    const fill = (peer: string, count: number, kind: AnswerKind, host = peer) =>
      Array.from({ length: count }, () => enter(peer, kind, host));
    /** Ten peers of one address ask for all they may and read nothing. */
    const siege = (kind: AnswerKind) => {
      for (let count = 0; count < 10; count++) fill(`deaf${count}`, MAX_ANSWERS_PER_PEER, kind, 'deaf');
    };
    const pass = (ms: number) => {
      for (let passed = 0; passed < ms; passed += 1_000) {
        time.now += 1_000;
        places.watch();
      }
    };
    return { time, places, stalling, ended, enter, fill, siege, pass };
  }

  it.each([
    ['reads fast', { taken: PRESSED_BYTES_PER_SECOND, isWaiting: true }],
    ['waits for what we have not made yet', { taken: 0, isWaiting: false }],
  ])('are kept by who %s, though others want them', (_, state) => {
    const { ended, enter, fill, time } = setUp();
    for (let peer = 0; peer < MAX_ANSWERS.bulk / MAX_ANSWERS_PER_PEER; peer++)
      for (const answer of fill(`busy${peer}`, MAX_ANSWERS_PER_PEER, 'bulk'))
        if (answer !== undefined) Object.assign(answer.state, state);
    time.now = PRESSED_AFTER_MS;
    expect(enter('newcomer', 'bulk')).toBeUndefined();
    expect(ended).toEqual([]);
  });

  it('of small answers are not taken by large ones', () => {
    const { enter, siege } = setUp();
    siege('bulk');
    expect(enter('honest', 'bulk')).toBeUndefined();
    expect(enter('honest', 'brief')).toBeDefined();
    expect(enter('honest', 'relay')).toBeDefined();
  });

  it('are given up by slow readers that have most, a moment later', () => {
    const { ended, enter, siege, time } = setUp();
    siege('bulk');
    time.now = PRESSED_AFTER_MS;
    expect(enter('honest', 'bulk')).toBeDefined();
    expect(ended).toHaveLength(1);
    expect(enter('deaf0', 'bulk', 'deaf')).toBeUndefined();
  });

  it('are given up among neighbours by the peer that has most, and kept by whoever has one', () => {
    const { ended, enter, fill, time } = setUp();
    fill('deaf', MAX_ANSWERS_PER_PEER, 'bulk', 'shared');
    for (let count = 0; count < MAX_ANSWERS.bulk - MAX_ANSWERS_PER_PEER; count++)
      enter(`neighbour${count}`, 'bulk', 'shared');
    time.now = PRESSED_AFTER_MS;
    expect(enter('newcomer', 'bulk', 'shared')).toBeDefined();
    expect(ended).toEqual(['deaf']);
  });

  it('are free again when an answer makes no progress, however often it is asked for', () => {
    const { ended, pass, siege } = setUp();
    siege('bulk');
    pass(LEAST_PROGRESS_MS + 1_000);
    expect(ended).toHaveLength(MAX_ANSWERS.bulk);
  });

  it('are no longer given to who does not read what it asks for, again and again', () => {
    const { fill, pass, stalling } = setUp();
    for (let count = 0; count < MAX_STALLS; count++) {
      fill('deaf', 3, 'bulk');
      pass(LEAST_PROGRESS_MS + 1_000);
    }
    expect(stalling).toEqual(['deaf']);
  });

  it('are kept by who reads slowly, of whichever answer', () => {
    const { ended, fill, pass, stalling } = setUp();
    const [first] = fill('slow', MAX_ANSWERS_PER_PEER, 'bulk');
    for (let count = 0; count < 5; count++) {
      pass(LEAST_PROGRESS_MS - 1_000);
      if (first !== undefined) first.state.taken += LEAST_PROGRESS_BYTES;
    }
    expect([...ended, ...stalling]).toEqual([]);
  });

  it('are kept while it is our turn: nobody pays for what we have not produced', () => {
    const { ended, enter, pass } = setUp();
    const answer = enter('patient', 'relay');
    if (answer !== undefined) answer.state.isWaiting = false;
    pass(20_000);
    expect(ended).toEqual([]);
  });

  it('forgive a stall now and then', () => {
    const { fill, pass, stalling } = setUp();
    for (let count = 0; count < 2 * MAX_STALLS; count++) {
      fill('laptop', 1, 'bulk');
      pass(120_000);
    }
    expect(stalling).toEqual([]);
  });
});
