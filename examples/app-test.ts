/**
 * A test of your own app against three real nodes in your own process.
 *
 *     node --test app-test.ts
 *
 * (in a checkout of Tallystick: node --conditions=tallystick-source --test examples/app-test.ts)
 *
 * The app here is a tip jar: it counts what was paid to it, and counts right when the chain turns to another branch.
 * That is the case an app gets wrong, and here it happens at will: the network is cut, both sides mine, and it heals.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { formatAddress, generateKeyPair, type TallyClient } from 'tallystick/client';
import { startNetwork, type TestNetwork } from 'tallystick/testing';

/** The app under test. */
class TipJar {
  readonly address = formatAddress(generateKeyPair().address);
  /** Notches. */
  total = 0n;
  #onChange: () => void = () => {};

  /** Counts until the signal aborts. */
  async watch(client: TallyClient, signal: AbortSignal): Promise<void> {
    for await (const { type, block } of client.blocks({ from: 1, signal })) {
      for (const { recipient, amount } of block.transactions) {
        if (recipient === this.address) this.total += type === 'connected' ? BigInt(amount) : -BigInt(amount);
      }
      this.#onChange();
    }
  }

  /** Waits until so much is in it. */
  holds(notches: bigint): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = () => {
        if (this.total === notches) resolve();
      };
      this.#onChange();
    });
  }
}

let network: TestNetwork<3>;
let stop: AbortController;

beforeEach(async () => {
  network = await startNetwork({ nodes: 3 });
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await network.stop();
});

test('a tip counts, and no longer when its block is left behind', async () => {
  const [alice, bob, carol] = network.nodes;
  const jar = new TipJar();
  const watching = jar.watch(await bob.client(), stop.signal);

  // Alice tips: the block she mines reaches bob, whose daemon the app is connected to.
  await alice.mine(1);
  const client = await alice.client();
  await client.pay(alice.key, { to: jar.address, amount: 2_000_000n });
  await alice.mine(1);
  await jar.holds(2_000_000n);

  // Cut off with bob, alice tips once more. Carol hears of nothing, and mines a longer branch alone.
  await network.converged();
  await network.cut([alice, bob], [carol]);
  await client.pay(alice.key, { to: jar.address, amount: 500_000n });
  await alice.mine(1);
  await jar.holds(2_500_000n);
  await carol.mine(2);

  // Carol's branch has more work: the second tip is undone, and waits to be mined again.
  await network.heal();
  await network.converged();
  await jar.holds(2_000_000n);
  await bob.mine(1);
  await jar.holds(2_500_000n);
  assert.equal((await (await bob.client()).account(jar.address)).balance, '2500000');

  stop.abort();
  await watching;
});
