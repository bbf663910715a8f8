/** The pool of the last process is looked at again before a peer or a miner gets any of it. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { CheckedTransaction } from '../../src/chain/records.ts';
import type { PeerId } from '../../src/node/ports.ts';
import { StoreError } from '../../src/store/errors.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { payment, testKey, testNetwork } from '../support/ledger.ts';
import { VirtualWorld } from '../support/virtual-node.ts';

const alice = testKey(1);
const definition = testNetwork({ allocations: [{ address: alice.publicKey, amount: 1_000_000n }] });
const pay = (sequence: number): CheckedTransaction =>
  payment(definition, { from: alice, to: testKey(2).address, sequence });

let store: MemoryStore;
let world: VirtualWorld;

beforeEach(() => {
  store = new MemoryStore();
  world = new VirtualWorld(definition);
});

/** Puts what a daemon would have kept into the store, except for what `damage` does to the last. */
function keep(count: number, damage: (last: CheckedTransaction) => void = () => {}): void {
  store.atomically(() => {
    for (let sequence = 0; sequence < count; sequence++) {
      const paid = pay(sequence);
      if (sequence === count - 1) damage(paid);
      store.pool.put(paid.id, paid.signed);
    }
  });
}

describe('at the start', () => {
  it('a pool that is as it was kept is had again, of many batches too', async () => {
    keep(900);
    const { node } = await world.start('node', { store });
    expect(node.pool.count).toBe(900);
  });

  it.each<[string, (last: CheckedTransaction) => void]>([
    ['a signature', ({ signed }) => signed.signature.set([(signed.signature[9] ?? 0) ^ 4], 9)],
    ['an amount', ({ signed }) => Object.assign(signed.transaction, { amount: 2n })],
  ])('a bit that flipped in %s is damage, and no peer is told of it', async (_, damage) => {
    keep(3, damage);
    const started = world.start('node', { store });
    await expect(started).rejects.toThrow(StoreError);
    await expect(started).rejects.toThrow(
      `table pool holds transaction ${pay(2).id} otherwise than it was signed`,
    );
    expect(world.hub.networks.get('node' as PeerId)?.listeners, 'it does not listen').toBeUndefined();
  });
});
