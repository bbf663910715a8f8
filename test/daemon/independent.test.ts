/** The independent implementation of the rules against a real daemon: its chain, over HTTP, from docs/protocol.md alone. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpSource, verifyChain } from '../../scripts/verify-chain.ts';
import { generateKeyPair } from '../../src/client/keys.ts';
import { formatAddress } from '../../src/core/address.ts';
import { idToBytes } from '../../src/core/identifiers.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import { DEV_PARAMS, defineNetwork, NOTCHES_PER_TALLY } from '../../src/core/network-params.ts';
import { TestNetwork } from '../../src/testing/test-network.ts';
import type { TestNode } from '../../src/testing/test-node.ts';
import { runTally } from '../support/run-tally.ts';
import { type TallyProcess, TallyProcesses } from '../support/tally-process.ts';

const HALVING_BLOCKS = 8;
const ALLOCATED = 1_000n * NOTCHES_PER_TALLY;
const rich = generateKeyPair();

/** Easy to mine, and the difficulty follows every solve time: a block a few ms early makes it a little harder. */
const definition = defineNetwork({
  ...DEV_PARAMS,
  name: new TextEncoder().encode('independent'),
  genesisTime: BigInt(Date.now() - 3_600_000),
  blockInterval: 20n,
  halfLife: 400n,
  initialBits: 0x2000_ffff,
  limitBits: 0x207f_ffff,
  halvingInterval: BigInt(HALVING_BLOCKS),
  allocations: [{ address: idToBytes(rich.address), amount: ALLOCATED }],
});

let processes: TallyProcesses;
let network: TestNetwork;
let daemon: TallyProcess;

/** The daemon under test, left behind by a node with a longer fork: its own blocks are history now. */
beforeAll(async () => {
  processes = await TallyProcesses.create();
  network = new TestNetwork(definition);
  const file = join(processes.folder, 'network.json');
  await writeFile(file, JSON.stringify(formatNetworkFile(definition.params)));
  daemon = await processes.start({ network: file });
  const other = await network.add();

  await daemon.client.call('mine', { body: { blocks: 3 } });
  await outgrow(other);
  const [address = ''] = other.daemon.addresses();
  await daemon.client.call('addPeers', { body: { addresses: [address] } });
  await daemon.event('chain.reorganised');

  await pay(other, '2.5', '--memo', 'a memo for everybody');
  await pay(other, '0.000001');
  await daemon.client.call('mine', { body: { blocks: 2 * HALVING_BLOCKS } });
}, 60_000);

afterAll(async () => {
  await network.stop();
  await processes.close();
});

async function outgrow(other: TestNode): Promise<void> {
  const { work } = await daemon.client.call('status');
  while (other.daemon.node.chain.tip.work <= BigInt(work)) await other.mine(1);
}

/** From the wallet of the daemon, which got it from its own blocks. */
async function pay({ address }: TestNode, amount: string, ...more: string[]): Promise<void> {
  const env = { TALLY_API: daemon.client.url, TALLY_DATA: join(processes.folder, 'data') };
  await daemon.client.call('mine', { body: { blocks: 1 } });
  expect(await runTally(['send', formatAddress(address), amount, ...more], env)).toMatchObject({ status: 0 });
}

test('agrees with the daemon on tip, work, balances and supply', async () => {
  const { height, tip, work } = await daemon.client.call('status');
  const verified = await verifyChain(httpSource(daemon.client.url));
  expect(verified).toMatchObject({ networkId: definition.id, height, tip, transactions: 2 });
  expect(verified.work).toBe(BigInt(work));
  for (const [hex, { balance, sequence }] of verified.accounts) {
    const address = formatAddress(hex as typeof rich.address);
    const account = await daemon.client.call('account', { params: { address } });
    expect(account).toMatchObject({ balance: `${balance}`, sequence: Number(sequence) });
  }
  let supply = ALLOCATED;
  for (let block = 1; block <= height; block++) {
    supply += definition.params.subsidy >> BigInt(Math.floor(block / HALVING_BLOCKS));
  }
  expect(verified.supply).toBe(supply);
});

test('had a difficulty to follow, and a history that was left behind', async () => {
  const { blocks } = await daemon.client.call('chain', { query: { limit: 1_000 } });
  expect(new Set(blocks.map(({ header }) => header.bits)).size).toBeGreaterThan(5);
  expect(blocks.length).toBeGreaterThan(2 * HALVING_BLOCKS);
  const mined = daemon.lines.filter(({ event }) => event === 'block.mined').map(({ id }) => id);
  const onChain = new Set(blocks.map(({ id }) => id));
  expect(mined.slice(0, 3).some((id) => onChain.has(String(id)))).toBe(false);
  expect(daemon.lines.find(({ event }) => event === 'chain.reorganised')).toMatchObject({ depth: 3 });
});

test('refuses the chain if one byte of what is served is another', async () => {
  const { height, tip } = await daemon.client.call('status');
  for (let changed = 0; changed <= height; changed++) {
    const { length } = await daemon.client.blockBytes(`${changed}`);
    // Another byte of each block, from its first to its last.
    const position = Math.floor((changed * (length - 1)) / height);
    const lying: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      if (!String(input).endsWith(`/v1/blocks/${changed}`)) return answer;
      const bytes = new Uint8Array(await answer.arrayBuffer());
      bytes[position] = (bytes[position] ?? 0) ^ 0x10;
      return new Response(bytes);
    };
    const verdict = await verifyChain(httpSource(daemon.client.url, lying)).then(
      (verified) => verified.tip,
      (error: Error) => error.message,
    );
    // In the last block, another nonce may be another proof of work: of another tip.
    if (changed < height) expect(verdict, `block ${changed}, byte ${position}`).toMatch(/^height \d+: /);
    expect(verdict).not.toBe(tip);
  }
});

test('refuses parameters that are not those of the network', async () => {
  const lying: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (!String(input).endsWith('/v1/network')) return answer;
    const { id, params } = (await answer.json()) as { id: string; params: object };
    return Response.json({ id, params: { ...params, subsidy: '1' } });
  };
  await expect(verifyChain(httpSource(daemon.client.url, lying))).rejects.toThrow("the network's id is");
});
