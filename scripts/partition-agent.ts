/**
 * What happens on one host of `test-partitions.ts`, beside its daemon: the agent pays and mines there and looks at the
 * status all the time. Orders come as lines of JSON on standard input, answers go to standard output.
 */
import '../src/native/hasher.ts';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { transactionToJson } from '../src/client/json.ts';
import { keyPairFromSeed, signPayment } from '../src/client/keys.ts';
import { ApiError, TallyClient } from '../src/client/tally-client.ts';
import { formatAddress } from '../src/core/address.ts';
import type { NetworkId } from '../src/core/identifiers.ts';

const STATUS_EVERY_MS = 100;
const PAY_EVERY_MS = 500;
const FEE = 1_000n;

const [network, seed, firstBlockMs, blockEveryMs] = process.argv.slice(2);
const client = new TallyClient({ url: 'http://127.0.0.1:8141' });
const key = keyPairFromSeed(Buffer.from(String(seed), 'hex'));
/** Of payments the daemon acknowledged. */
const acknowledged: string[] = [];
let latencies: number[] = [];
let isWorking = true;

async function look(): Promise<void> {
  for (;;) {
    const begun = performance.now();
    await client.call('status');
    latencies.push(performance.now() - begun);
    await delay(STATUS_EVERY_MS);
  }
}

async function pay(): Promise<void> {
  for (; ; await delay(PAY_EVERY_MS)) {
    if (!isWorking) continue;
    try {
      const { pending } = await client.call('account', { params: { address: formatAddress(key.address) } });
      const { id, signed } = signPayment(network as NetworkId, key, {
        recipient: key.address,
        sequence: BigInt(pending.sequence),
        amount: BigInt(1 + (acknowledged.length % 1_000)),
        fee: FEE,
      });
      await client.call('submit', { body: transactionToJson(id, signed) });
      acknowledged.push(id);
    } catch (error) {
      // A reorganisation may come between looking up a sequence and using it.
      if (!(error instanceof ApiError && error.status < 500)) throw error;
    }
  }
}

async function mine(): Promise<void> {
  await delay(Number(firstBlockMs));
  for (; ; await delay(Number(blockEveryMs))) {
    if (isWorking) await client.call('mine', { body: { blocks: 1 } });
  }
}

/** Those that are not confirmed here: `pending`, or `unknown`. */
async function unconfirmed(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const id of acknowledged) {
    const status = await statusOf(id);
    if (status !== 'confirmed') found[id] = status;
  }
  return found;
}

async function statusOf(id: string): Promise<string> {
  try {
    return (await client.call('transaction', { params: { id } })).status;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    return 'unknown';
  }
}

const orders: Record<string, () => unknown> = {
  tip: async () => {
    const { height, peers, tip } = await client.call('status');
    return { height, peers, tip };
  },
  latencies: () => {
    const taken = latencies;
    latencies = [];
    return taken;
  },
  rest: () => {
    isWorking = false;
    return acknowledged.length;
  },
  mine: () => client.call('mine', { body: { blocks: 1 } }),
  unconfirmed,
  valid: () => client.call('chainValidity', {}, { timeoutMs: 120_000 }),
};

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, order }: { id: number; order: string } = JSON.parse(line);
  const answer = await orders[order]?.();
  process.stdout.write(`${JSON.stringify({ id, answer })}\n`);
});
await Promise.all([look(), pay(), mine()]);
