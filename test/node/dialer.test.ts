import { describe, expect, it } from 'vitest';
import { Dialer, MAX_CANDIDATES_OF_OWNER } from '../../src/node/dialer.ts';
import { runInBackground } from '../../src/node/faults.ts';
import { mayTell } from '../../src/node/hearsay.ts';
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

async function setUp(
  name = 'm',
  hub = new VirtualHub(new VirtualClock()),
  failing: { onReached?: () => void; onFailure?: (error: unknown) => void } = {},
): Promise<Setting> {
  const { clock } = hub;
  const us = hub.join(name);
  const reached: string[] = [];
  const lost: string[] = [];
  const dialer: Dialer = new Dialer({
    network: us,
    clock,
    random: { next: () => 0.5 },
    background: runInBackground(
      failing.onFailure ??
        ((error) => {
          throw error;
        }),
    ),
    isConnected: (peer) => us.peers().some(({ id }) => id === peer),
    outbound: () =>
      us
        .peers()
        .filter(({ direction }) => direction === 'outbound')
        .map(({ address }) => address),
    onReached: (address) => {
      reached.push(address);
      failing.onReached?.();
    },
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

function learn(
  dialer: Dialer,
  names: readonly string[],
  from = 'liar',
  direction = 'inbound' as const,
): void {
  const teller = { id: from as PeerId, address: addressOf(from), direction, connectedAt: 0 };
  dialer.learn(names.map(addressOf), teller);
}

describe('the dial loop', () => {
  it('connects to an address it is given, and says that it was reached', async () => {
    const { clock, hub, us, dialer, reached } = await setUp();
    await joinStarted(hub, 'a');
    dialer.add(addressOf('a'), 'given');
    await clock.until(() => us.peers().length === 1, 'connected');
    expect(reached).toEqual([addressOf('a')]);
  });

  it('has it heard that the disk fails where an address was to be kept: that is no fault of the peer', async () => {
    const broken = new Error('the disk is broken');
    const failures: unknown[] = [];
    const onReached = () => {
      throw broken;
    };
    const { clock, hub, dialer } = await setUp('m', undefined, {
      onReached,
      onFailure: (error) => failures.push(error),
    });
    await joinStarted(hub, 'a');
    dialer.add(addressOf('a'), 'given');
    await clock.until(() => failures.length > 0, 'it is heard');
    expect(failures).toEqual([broken]);
  });

  it('keeps trying though the clock is set back by an hour', async () => {
    const { clock, hub, us, dialer } = await setUp();
    dialer.add(addressOf('late'), 'given');
    await clock.advance(60_000);
    clock.correct(clock.now() - 3_600_000);
    await joinStarted(hub, 'late');
    await clock.until(() => us.peers().length === 1, 'connected', 16_000);
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
    learn(dialer, ['nobody']);
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
    for (let i = 0; i < 100; i++)
      learn(
        dialer,
        Array.from({ length: 64 }, (_, n) => `invented${i}x${n}`),
        `liar${i}`,
      );
    await joinStarted(hub, 'real');
    dialer.add(addressOf('real'), 'discovered');
    await clock.until(() => us.peers().some(({ id }) => id === ('real' as PeerId)), 'the real one', 60_000);
  });
});

describe('dialling, whatever strangers do', () => {
  const publicAddress = (name: string, network: number, host: number) =>
    `/ip4/203.0.${network}.${host}/tcp/1/p2p/${name}`;

  it('goes on while idle strangers come in', async () => {
    const { clock, hub, us, dialer } = await setUp('0');
    for (let i = 0; i < 20; i++) {
      const stranger = await joinStarted(hub, `stranger${i}`);
      void stranger.dial(addressOf('0'));
      await clock.until(() => us.peers().length === i + 1, 'it came', 5_000);
    }
    for (let i = 0; i < 10; i++) {
      await joinStarted(hub, `honest${i}`);
      dialer.add(addressOf(`honest${i}`), 'discovered');
    }
    await clock.advance(30_000);
    expect(us.peers().filter(({ direction }) => direction === 'outbound')).toHaveLength(8);
  });

  it('tries the first address of every teller before the hundredth of one', async () => {
    const { clock, hub, us, dialer } = await setUp('0');
    learn(
      dialer,
      Array.from({ length: 120 }, (_, i) => `invented${i}`),
    );
    await joinStarted(hub, 'real');
    learn(dialer, ['real'], 'honest');
    await clock.until(() => us.peers().length === 1, 'the real one', 2_000);
  });

  it('lets rumours about a peer not delay its own address', async () => {
    const { clock, hub, us, dialer } = await setUp('0');
    dialer.add(addressOf('friend'), 'given');
    const teller = {
      id: 'liar' as PeerId,
      address: addressOf('liar'),
      direction: 'inbound',
      connectedAt: 0,
    } as const;
    dialer.learn(
      Array.from({ length: 60 }, (_, i) => `/void/${i}/p2p/friend`),
      teller,
    );
    const dialled: string[] = [];
    const dial = us.dial.bind(us);
    us.dial = (address) => {
      dialled.push(address);
      return dial(address);
    };
    await clock.advance(30_000);
    const own = dialled.filter((address) => address === addressOf('friend')).length;
    expect(own).toBeGreaterThan(2);
    expect(dialled.length - own).toBeLessThanOrEqual(own);
    await joinStarted(hub, 'friend');
    await clock.until(() => us.peers().length === 1, 'the friend', 20_000);
  });

  it('dials no more than two of one network far away', async () => {
    const { clock, hub, us, dialer } = await setUp('0');
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) {
      const network = await joinStarted(hub, name);
      network.addresses = () => [publicAddress(name, 113, names.indexOf(name))];
      dialer.add(publicAddress(name, 113, names.indexOf(name)), 'remembered');
    }
    const other = await joinStarted(hub, 'other');
    other.addresses = () => [publicAddress('other', 114, 1)];
    dialer.add(publicAddress('other', 114, 1), 'remembered');
    await clock.advance(60_000);
    expect(us.peers().map(({ id }) => id)).toHaveLength(3);
    expect(us.peers().map(({ id }) => id)).toContain('other');
  });

  it('keeps a share of its candidates for each teller', async () => {
    const { clock, us, dialer } = await setUp('0');
    const tried = new Set<string>();
    us.dial = (address) => {
      tried.add(address);
      return Promise.reject(new Error('nobody is there'));
    };
    learn(
      dialer,
      Array.from({ length: 5_000 }, (_, i) => `invented${i}`),
    );
    await clock.advance(3_600_000);
    expect(tried.size).toBe(MAX_CANDIDATES_OF_OWNER);
  });
});

describe('what mDNS tells', () => {
  /** One of many, each at an address of its own, as a single machine on the LAN can tell of. */
  const seenAt = (number: number): string =>
    `/ip4/10.0.${number >> 8}.${number & 255}/tcp/1/p2p/seen${number}`;

  /** Notes what is dialled; it fails after so long, unless it is real. */
  function watchDials({ clock, us }: Setting, failsAfterMs: number, isReal = (_: string) => false): string[] {
    const dialled: string[] = [];
    const dial = us.dial.bind(us);
    us.dial = async (address) => {
      dialled.push(address);
      if (isReal(address)) return dial(address);
      await new Promise<void>((resolve) => clock.after(failsAfterMs, resolve));
      throw new Error('nobody is there');
    };
    return dialled;
  }

  it('has one share, however many addresses it names', async () => {
    const setting = await setUp('0');
    const dialled = watchDials(setting, 1);
    for (let number = 0; number < 5_000; number++) setting.dialer.add(seenAt(number), 'discovered');
    await setting.clock.advance(3_600_000);
    expect(new Set(dialled).size).toBe(MAX_CANDIDATES_OF_OWNER);
  });

  it('pushes out no address this node reached before, and makes room of what peers told', async () => {
    const setting = await setUp('0');
    const { clock, dialer } = setting;
    const dialled = watchDials(setting, 1);
    const remembered = Array.from({ length: 200 }, (_, number) => addressOf(`friend${number}`));
    for (const address of remembered) dialer.add(address, 'remembered');
    for (let teller = 0; teller < 8; teller++)
      learn(
        dialer,
        Array.from({ length: 120 }, (_, number) => `told${teller}x${number}`),
        `teller${teller}`,
      );
    for (let number = 0; number < 500; number++) dialer.add(seenAt(number), 'discovered');
    await clock.advance(600_000);
    const tried = new Set(dialled);
    expect(remembered.filter((address) => !tried.has(address))).toEqual([]);
    expect([...tried].filter((address) => address.startsWith('/ip4/'))).toHaveLength(MAX_CANDIDATES_OF_OWNER);
  });

  it('does not keep this node from dialling whom it knows', async () => {
    const setting = await setUp('0');
    const { clock, dialer, hub, us } = setting;
    const isReal = (address: string): boolean => address === addressOf('friend');
    const dialled = watchDials(setting, 10_000, isReal);
    for (let number = 0; number < 100; number++) dialer.add(seenAt(number), 'discovered');
    await clock.advance(1);
    expect(dialled).toHaveLength(2);
    await joinStarted(hub, 'friend');
    dialer.add(addressOf('friend'), 'remembered');
    await clock.until(() => us.peers().length === 1, 'the friend', 1_000);
  });

  it('buries no address that was reached under others of the same peer', async () => {
    const setting = await setUp('0');
    const { clock, dialer, hub, us } = setting;
    watchDials(setting, 10, (address) => address === addressOf('friend'));
    dialer.add(addressOf('friend'), 'remembered');
    for (let number = 0; number < 50; number++)
      dialer.add(`/ip4/10.0.0.${number}/tcp/1/p2p/friend`, 'discovered');
    await clock.advance(1_000);
    await joinStarted(hub, 'friend');
    await clock.until(() => us.peers().length === 1, 'the friend', 20_000);
  });

  it('of daemons that are gone makes room for those that are there', async () => {
    const setting = await setUp('0');
    const { clock, dialer, hub, us } = setting;
    watchDials(setting, 10, (address) => address === addressOf('new'));
    for (let number = 0; number < 300; number++) dialer.add(seenAt(number), 'discovered');
    await joinStarted(hub, 'new');
    for (let answers = 0; answers < 3; answers++) {
      await clock.advance(10_000);
      dialer.add(addressOf('new'), 'discovered');
    }
    await clock.until(() => us.peers().length === 1, 'the new one', 20_000);
  });

  it('lets two hundred daemons on one machine find each other', async () => {
    const clock = new VirtualClock();
    const hub = new VirtualHub(clock);
    const settings: Setting[] = [];
    for (let number = 0; number < 200; number++) settings.push(await setUp(`daemon${number}`, hub));
    const portOf = ({ us }: Setting): string => `/ip4/127.0.0.1/tcp/1/p2p/${us.self}`;
    for (const { dialer, us } of settings)
      for (const other of settings) if (other.us !== us) dialer.add(portOf(other), 'discovered');
    await clock.advance(30_000);
    const reached = new Set<string>();
    const visit = [settings[0]?.us.self];
    for (let id = visit.pop(); id !== undefined; id = visit.pop()) {
      if (reached.has(id)) continue;
      reached.add(id);
      visit.push(...(hub.networks.get(id)?.peers() ?? []).map((peer) => peer.id));
    }
    expect(reached.size).toBe(200);
  });
});

describe('what a peer may tell', () => {
  const loopback = '/ip4/127.0.0.1/tcp/22';
  const lan = '/ip4/192.168.1.1/tcp/80';
  const far = '/ip4/203.0.113.7/tcp/4141';
  const name = '/dns4/node-2/tcp/4141';
  const own = '/dns4/node-2/tcp/4141/p2p/teller';
  const unix = '/unix/tmp/socket';
  const all = [loopback, lan, far, name, own, unix];

  it.each([
    ['from far away', '/ip4/198.51.100.1/tcp/9', false, [far, own]],
    ['from the LAN', '/ip4/192.168.1.9/tcp/9', false, [lan, far, name, own]],
    ['on this machine', '/ip4/127.0.0.1/tcp/9', false, [loopback, lan, far, name, own]],
    ['dialled by its name', '/dns4/node-2/tcp/4141', false, [far, own]],
    ['named by the operator', '/dns4/node-2/tcp/4141', true, [lan, far, name, own]],
  ])('%s', (_, address, isTrusted, expected) => {
    const teller = { id: 'teller' as PeerId, address, direction: 'inbound', connectedAt: 0 } as const;
    expect(all.filter((told) => mayTell(told, teller, isTrusted))).toEqual(expected);
  });
});
