import { describe, expect, it } from 'vitest';
import { Conduct, OFFENCES } from '../../src/node/conduct.ts';
import type { NodeEvent } from '../../src/node/events.ts';
import type { PeerId } from '../../src/node/ports.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { VirtualHub, type VirtualNetwork } from '../support/virtual-network.ts';

const PEER = 'peer' as PeerId;

function setUp(): { conduct: Conduct; clock: VirtualClock; events: NodeEvent[]; network: VirtualNetwork } {
  const clock = new VirtualClock();
  const network = new VirtualHub(clock).join('us');
  const events: NodeEvent[] = [];
  return { conduct: new Conduct(network, clock, (event) => events.push(event)), clock, events, network };
}

describe('conduct', () => {
  it('starts a peer without a score and adds what each offence costs', () => {
    const { conduct, events } = setUp();
    expect(conduct.score(PEER)).toBe(0);
    conduct.penalise(PEER, 'too-slow', 'headers');
    expect(conduct.score(PEER)).toBe(OFFENCES['too-slow']);
    expect(events).toEqual([
      { event: 'peer.penalised', peer: PEER, offence: 'too-slow: headers', score: 25 },
    ]);
  });

  it('forgives half in ten minutes', async () => {
    const { conduct, clock } = setUp();
    conduct.penalise(PEER, 'malformed-message', '');
    await clock.advance(10 * 60_000);
    expect(conduct.score(PEER)).toBeCloseTo(25);
  });

  it.each([-3_600_000, 3_600_000])(
    'fades and ends bans as ever while the clock is set by %d ms',
    async (ms) => {
      const { conduct, clock, network } = setUp();
      conduct.penalise(PEER, 'malformed-message', '');
      clock.correct(clock.now() + ms);
      expect(conduct.score(PEER)).toBe(50);
      conduct.penalise(PEER, 'malformed-message', '');
      expect(network.isBanned(PEER)).toBe(true);
      clock.correct(clock.now() - 2 * ms);
      await clock.advance(10 * 60_000 - 1);
      expect(network.isBanned(PEER)).toBe(true);
      await clock.advance(2);
      expect(network.isBanned(PEER)).toBe(false);
    },
  );

  it.each([
    ['slowness', ['too-slow', 'too-slow', 'too-slow', 'too-slow']],
    ['slowness', ['broken-promise', 'too-slow', 'too-slow', 'too-slow']],
    ['misdeeds', ['malformed-message', 'too-slow', 'too-slow']],
    ['misdeeds', ['invalid-block']],
  ] as const)('bans for %s who did %j', async (cause, offences) => {
    const { conduct, clock, network } = setUp();
    for (const offence of offences) {
      // What times out together counts once; what it costs fades a little meanwhile.
      await clock.advance(9_000);
      conduct.penalise(PEER, offence, '');
    }
    if (!network.isBanned(PEER)) conduct.penalise(PEER, offences[0], '');
    await clock.advance(9_000);
    if (!network.isBanned(PEER)) conduct.penalise(PEER, 'too-slow', '');
    expect(network.banCauses.get(PEER)).toBe(cause);
  });

  it('refuses a peer at the limit, and only for a while', async () => {
    const { conduct, clock, network } = setUp();
    for (let i = 0; i < 2; i++) conduct.penalise(PEER, 'broken-promise', '');
    expect(network.isBanned(PEER)).toBe(false);
    conduct.penalise(PEER, 'broken-promise', '');
    expect(network.isBanned(PEER)).toBe(true);
    await clock.advance(10 * 60_000 + 1);
    expect(network.isBanned(PEER)).toBe(false);
    expect(conduct.score(PEER)).toBe(0);
  });

  it('counts what times out together once, and refuses a peer that goes on stalling', async () => {
    const { conduct, clock, network } = setUp();
    for (let i = 0; i < 8; i++) conduct.penalise(PEER, 'too-slow', '');
    expect(conduct.score(PEER)).toBe(OFFENCES['too-slow']);
    for (let i = 0; i < 4; i++) {
      await clock.advance(10_000);
      conduct.penalise(PEER, 'too-slow', '');
    }
    expect(network.isBanned(PEER)).toBe(true);
  });

  it.each([
    ['a merely slow peer for a minute', [], 60_000, 61_000],
    ['one whose misdeeds are half of it for some five', ['malformed-message'], 250_000, 380_000],
    ['one that did nothing but wrong for ten', ['invalid-block'], 599_000, 601_000],
  ] as const)('refuses %s', async (_, misdeeds, leastMs, mostMs) => {
    const { conduct, clock, network } = setUp();
    for (const offence of misdeeds) conduct.penalise(PEER, offence, '');
    for (let i = 0; i < 5 && !network.isBanned(PEER); i++) {
      await clock.advance(9_000);
      conduct.penalise(PEER, 'too-slow', '');
    }
    await clock.advance(leastMs - 1_000);
    expect(network.isBanned(PEER)).toBe(true);
    await clock.advance(mostMs - leastMs + 1_000);
    expect(network.isBanned(PEER)).toBe(false);
  });

  it('forgets slowness with the connection, and nothing else', () => {
    const { conduct } = setUp();
    conduct.penalise(PEER, 'too-slow', '');
    conduct.penalise(PEER, 'broken-promise', '');
    conduct.disconnected(PEER);
    expect(conduct.score(PEER)).toBe(OFFENCES['broken-promise']);
  });

  it('refuses at once whoever breaks a rule that cannot be broken by accident', () => {
    const { conduct, network } = setUp();
    conduct.penalise(PEER, 'invalid-header', '');
    expect(network.isBanned(PEER)).toBe(true);
  });

  it('remembers a bounded number of peers', () => {
    const { conduct } = setUp();
    for (let i = 0; i < 2_000; i++) conduct.penalise(`peer-${i}` as PeerId, 'too-slow', '');
    expect(conduct.score('peer-0' as PeerId)).toBe(0);
    expect(conduct.score('peer-1999' as PeerId)).toBe(25);
  });
});

describe('an address whose peers had to be refused', () => {
  const ADDRESS = '/ip4/203.0.113.7/tcp/4141';

  function connect(network: VirtualNetwork, name: string, address = ADDRESS): PeerId {
    const peer = name as PeerId;
    network.accept(peer, address, 'inbound');
    return peer;
  }

  /** @returns how many wrong signatures a new peer may send */
  function offencesOf(network: VirtualNetwork, conduct: Conduct, peer: PeerId): number {
    let count = 0;
    while (!network.isBanned(peer)) {
      conduct.penalise(peer, 'invalid-transaction', '');
      count++;
    }
    return count;
  }

  it('gives each new peer from there less patience, and peers from elsewhere as much as ever', () => {
    const { conduct, network } = setUp();
    const counts = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      offencesOf(network, conduct, connect(network, name)),
    );
    expect(counts).toEqual([3, 3, 2, 1, 1]);
    const elsewhere = connect(network, 'f', '/ip4/203.0.113.8/tcp/4141');
    expect(offencesOf(network, conduct, elsewhere)).toBe(3);
  });

  it('takes no points and no connection from honest peers there, nor for being slow', () => {
    const { conduct, network } = setUp();
    const honest = connect(network, 'honest');
    for (const name of ['a', 'b', 'c', 'd']) offencesOf(network, conduct, connect(network, name));
    expect(conduct.score(honest)).toBe(0);
    conduct.penalise(honest, 'too-slow', '');
    expect(conduct.score(honest)).toBe(OFFENCES['too-slow']);
    expect(network.isBanned(honest)).toBe(false);
    expect(network.peers().map(({ id }) => id)).toContain(honest);
  });

  it('is forgiven within hours', async () => {
    const { conduct, clock, network } = setUp();
    for (const name of ['a', 'b', 'c', 'd']) offencesOf(network, conduct, connect(network, name));
    await clock.advance(6 * 3_600_000);
    expect(offencesOf(network, conduct, connect(network, 'e'))).toBe(3);
  });
});
