import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConnectionError, WaitError } from '../../src/client/errors.ts';
import { generateKeyPair } from '../../src/client/keys.ts';
import type { TallyClient } from '../../src/client/tally-client.ts';
import { formatAddress } from '../../src/core/address.ts';
import { startNetwork, type TestNetwork, type TestNode } from '../../src/testing/index.ts';

let network: TestNetwork<1>;
let alice: TestNode;
let client: TallyClient;
const friend = formatAddress(generateKeyPair().address);

beforeEach(async () => {
  network = await startNetwork({ nodes: 1 });
  [alice] = network.nodes;
  await alice.mine(1);
  client = await alice.client();
});

afterEach(() => network.stop());

describe('paying', () => {
  test('fills in the sequence and the least fee, one payment after another', async () => {
    const first = await client.pay(alice.key, { to: friend, amount: 5n });
    const second = await client.pay(alice.key, { to: friend, amount: 7n, data: new Uint8Array(10) });
    expect(first.transaction).toMatchObject({ sequence: 0, amount: '5', fee: '160' });
    expect(second.transaction).toMatchObject({ sequence: 1, amount: '7', fee: '170' });
    await alice.mine(1);
    expect(await client.account(friend)).toMatchObject({ balance: '12' });
    expect((await client.block(2)).transactions.map(({ id }) => id)).toEqual([first.id, second.id]);
  });

  test('submitted twice pays once: while it waits, and once it is confirmed', async () => {
    const payment = await client.signPayment(alice.key, { to: friend, amount: 5n });
    for (let i = 0; i < 2; i++) await client.submit(payment);
    await alice.mine(1);
    await client.submit(payment);
    await alice.mine(1);
    expect(await client.account(friend)).toMatchObject({ balance: '5' });
  });

  test('a sequence used for something else is refused', async () => {
    const late = await client.signPayment(alice.key, { to: friend, amount: 5n });
    await client.pay(alice.key, { to: friend, amount: 7n });
    await alice.mine(1);
    await expect(client.submit(late)).rejects.toMatchObject({ code: 'wrong-sequence' });
  });

  test("a refusal is the daemon's, a wrong address is told before", async () => {
    await expect(client.pay(alice.key, { to: friend, amount: 10n ** 15n })).rejects.toMatchObject({
      code: 'insufficient-balance',
    });
    await expect(client.pay(alice.key, { to: 'tally1nobody', amount: 1n })).rejects.toThrow('not an address');
  });
});

describe('waiting for confirmations', () => {
  test('ends when there are as many as asked for', async () => {
    const { id } = await client.pay(alice.key, { to: friend, amount: 5n });
    const waiting = client.confirmed(id, { confirmations: 3 });
    await alice.mine(3);
    expect(await waiting).toMatchObject({ status: 'confirmed', height: 2, confirmations: 3 });
    expect(await client.confirmed(id)).toMatchObject({ height: 2 });
  });

  test('is given up after its time, and says how far it came', async () => {
    const { id } = await client.pay(alice.key, { to: friend, amount: 5n });
    const waiting = client.confirmed(id, { timeoutMs: 200 });
    await expect(waiting).rejects.toBeInstanceOf(WaitError);
    await expect(waiting).rejects.toThrow('waiting in the pool after 200 ms');
    await expect(client.confirmed('ab'.repeat(32), { timeoutMs: 200 })).rejects.toThrow('not known');
  });

  test('ends at once when it is aborted', async () => {
    const stop = new AbortController();
    const waiting = client.confirmed('ab'.repeat(32), { signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toBeInstanceOf(ConnectionError);
  });
});
