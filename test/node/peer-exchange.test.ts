import { beforeEach, describe, expect, it } from 'vitest';
import { OperationError } from '../../src/node/ports.ts';
import { AddressesType, MAX_ADDRESSES } from '../../src/node/wire.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { testNetwork } from '../support/ledger.ts';
import { type VirtualNode, VirtualWorld } from '../support/virtual-node.ts';

let world: VirtualWorld;
let node: VirtualNode;

beforeEach(async () => {
  world = new VirtualWorld(testNetwork());
  node = await world.start('node');
});

const encode = (addresses: string[]): Uint8Array =>
  AddressesType.serialize(addresses.map((address) => new TextEncoder().encode(address)));

async function telling(name: string, answer: Uint8Array[]): Promise<FakePeer> {
  const peer = await FakePeer.join(world, name);
  peer.bend('addresses', () => answer);
  await peer.connectTo(node);
  return peer;
}

async function told(): Promise<string[]> {
  const asker = await FakePeer.join(world, 'asker');
  await asker.connectTo(node);
  const limits = { deadlineMs: 1_000, maxChunks: 1, maxChunkBytes: 100_000 };
  const asked = asker.network.request(node.network.self, 'addresses', new Uint8Array(0), limits);
  const [answer] = await world.wait(asked, 'told');
  return AddressesType.deserialize(answer as Uint8Array).map((bytes) => Buffer.from(bytes).toString());
}

const scoreOf = (peer: FakePeer): number | undefined =>
  node.node.peers().find(({ id }) => id === peer.id)?.score;

describe('addresses learnt from a peer', () => {
  it('are dialled though eight idle strangers have come in', async () => {
    for (let number = 0; number < 8; number++) {
      const idle = await FakePeer.join(world, `idle${number}`);
      await idle.connectTo(node);
    }
    const far = await FakePeer.join(world, 'far');
    await telling('near', [encode(far.network.addresses())]);
    await world.clock.until(() => node.node.peers().some(({ id }) => id === far.id), 'connected', 10_000);
  });

  it('are dialled', async () => {
    const far = await FakePeer.join(world, 'far');
    await telling('near', [encode(far.network.addresses())]);
    await world.clock.until(() => node.node.peers().some(({ id }) => id === far.id), 'connected', 10_000);
  });

  it('that lead nowhere are forgotten, and cost the peer nothing', async () => {
    const invented = Array.from({ length: MAX_ADDRESSES }, (_, i) => `/memory/x${i}/p2p/x${i}`);
    const peer = await telling('dreamer', [encode([...invented.slice(0, 60), 'no address', '', '\0'])]);
    await world.clock.advance(10 * 60_000);
    expect(scoreOf(peer)).toBe(0);
    expect(node.failures).toEqual([]);
    expect(node.store.peers.all().map(({ address }) => address)).toEqual([]);
  });

  it.each([
    ['garbage', new Uint8Array(77).fill(9)],
    ['more than allowed', new Uint8Array(MAX_ADDRESSES * 260 + 1)],
  ])('of %s cost score', async (_what, answer) => {
    const peer = await telling('babbler', [answer]);
    await world.clock.advance(1_000);
    expect(scoreOf(peer)).toBeGreaterThanOrEqual(49);
  });

  it('do not bury the address of a peer given by hand', async () => {
    const friend = await world.start('friend');
    const given = friend.network.addresses();
    const loyal = await world.start('loyal', { peers: given });
    await world.clock.until(() => loyal.node.peers().length === 1, 'connected');
    const liar = await FakePeer.join(world, 'liar');
    liar.bend('addresses', () => [
      encode(Array.from({ length: 20 }, (_, i) => `/elsewhere/${i}/void/p2p/friend`)),
    ]);
    await liar.connectTo(loyal);
    await world.clock.advance(1_000);
    const dialled: string[] = [];
    const dial = loyal.network.dial.bind(loyal.network);
    loyal.network.dial = (address) => {
      dialled.push(address);
      return dial(address);
    };
    friend.network.dial = () => Promise.reject(new OperationError('left to the other side'));
    friend.network.hangUp(loyal.network.self, 'a hiccup');
    await world.clock.advance(5_000);
    expect(dialled[0]).toBe(given[0]);
  });
});

describe('addresses told to a peer', () => {
  it('are our own and those of the peers we dialled', async () => {
    const dialled = await FakePeer.join(world, 'dialled');
    await world.wait(node.node.addPeer(dialled.network.addresses()[0] as string), 'dialled');
    const came = await FakePeer.join(world, 'came');
    await came.connectTo(node);
    expect(await told()).toEqual([...node.network.addresses(), ...dialled.network.addresses()]);
  });
});
