import { describe, expect, it } from 'vitest';
import { runInBackground } from '../../src/node/background.ts';
import { Dialer } from '../../src/node/dialer.ts';
import type { PeerId } from '../../src/node/ports.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { VirtualHub, type VirtualNetwork } from '../support/virtual-network.ts';

interface Setting {
  readonly clock: VirtualClock;
  readonly hub: VirtualHub;
  readonly us: VirtualNetwork;
  readonly dialer: Dialer;
  readonly reached: string[];
  readonly lost: string[];
}

async function setUp(name = 'm'): Promise<Setting> {
  const clock = new VirtualClock();
  const hub = new VirtualHub(clock);
  const us = hub.join(name);
  const reached: string[] = [];
  const lost: string[] = [];
  const dialer: Dialer = new Dialer({
    network: us,
    clock,
    random: { next: () => 0.5 },
    background: runInBackground((error) => {
      throw error;
    }),
    isConnected: (peer) => us.peers().some(({ id }) => id === peer),
    outbound: () =>
      us
        .peers()
        .filter(({ direction }) => direction === 'outbound')
        .map(({ address }) => address),
    onReached: (address) => reached.push(address),
    onLost: (address) => lost.push(address),
  });
  await us.start({ connected: () => {}, disconnected: (peer) => dialer.lost(peer), discovered: () => {} });
  dialer.start();
  return { clock, hub, us, dialer, reached, lost };
}

async function joinStarted(hub: VirtualHub, name: string): Promise<VirtualNetwork> {
  const network = hub.join(name);
  await network.start({ connected: () => {}, disconnected: () => {}, discovered: () => {} });
  return network;
}

const addressOf = (name: string): string => `/memory/${name}/p2p/${name}`;

describe('the dial loop', () => {
  it('connects to an address it is given, and says that it was reached', async () => {
    const { clock, hub, us, dialer, reached } = await setUp();
    await joinStarted(hub, 'a');
    dialer.add(addressOf('a'), 'given');
    await clock.until(() => us.peers().length === 1, 'connected');
    expect(reached).toEqual([addressOf('a')]);
  });

  it('keeps trying a peer that comes up later', async () => {
    const { clock, hub, us, dialer } = await setUp();
    dialer.add(addressOf('late'), 'given');
    await clock.advance(60_000);
    await joinStarted(hub, 'late');
    await clock.until(() => us.peers().length === 1, 'connected', 20_000);
  });

  it('comes back to a peer it lost, within seconds', async () => {
    const { clock, hub, us, dialer } = await setUp();
    const a = await joinStarted(hub, 'a');
    dialer.add(addressOf('a'), 'discovered');
    await clock.until(() => us.peers().length === 1, 'connected');
    a.hangUp(us.self, 'a cable was pulled');
    expect(us.peers()).toHaveLength(0);
    await clock.until(() => us.peers().length === 1, 'connected again', 5_000);
  });

  it('does not forget a discovered peer over a long partition: mDNS tells of it only once', async () => {
    const { clock, hub, us, dialer } = await setUp();
    const a = await joinStarted(hub, 'a');
    dialer.add(addressOf('a'), 'discovered');
    await clock.until(() => us.peers().length === 1, 'connected');
    hub.cut([us], [a]);
    await clock.advance(3_600_000);
    hub.heal();
    await clock.until(() => us.peers().length === 1, 'connected again', 20_000);
  });

  it('lets the lower id dial first when two discover each other', async () => {
    const { clock, hub, us, dialer } = await setUp('m');
    await joinStarted(hub, 'a');
    await joinStarted(hub, 'z');
    dialer.add(addressOf('a'), 'discovered');
    dialer.add(addressOf('z'), 'discovered');
    await clock.advance(1_000);
    expect(us.peers().map(({ id }) => id)).toEqual(['z']);
    await clock.advance(5_000);
    expect(us.peers().map(({ id }) => id)).toEqual(['z', 'a']);
  });

  it('stops at eight connections, but connects to every address given by hand', async () => {
    const { clock, hub, us, dialer } = await setUp('0');
    for (let i = 0; i < 20; i++) await joinStarted(hub, `peer${i}`);
    for (let i = 0; i < 10; i++) dialer.add(addressOf(`peer${i}`), 'discovered');
    await clock.advance(30_000);
    expect(us.peers()).toHaveLength(8);
    for (let i = 10; i < 20; i++) dialer.add(addressOf(`peer${i}`), 'given');
    await clock.advance(30_000);
    expect(us.peers()).toHaveLength(18);
  });

  it('forgets an address known by hearsay that never works', async () => {
    const { clock, dialer, lost } = await setUp();
    dialer.add(addressOf('nobody'), 'learnt');
    await clock.advance(10 * 60_000);
    expect(lost).toEqual([addressOf('nobody')]);
  });

  it('never dials itself', async () => {
    const { clock, us, dialer } = await setUp();
    dialer.add(addressOf('m'), 'given');
    await clock.advance(10_000);
    expect(us.peers()).toHaveLength(0);
  });

  it('is not filled up by invented addresses', async () => {
    const { clock, hub, us, dialer } = await setUp('0');
    for (let i = 0; i < 5_000; i++) dialer.add(addressOf(`invented${i}`), 'learnt');
    await joinStarted(hub, 'real');
    dialer.add(addressOf('real'), 'discovered');
    await clock.until(() => us.peers().some(({ id }) => id === ('real' as PeerId)), 'the real one', 60_000);
  });
});
