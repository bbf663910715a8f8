/** The second implementation of the rules against the first. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type ChainSource, httpSource, verifyChain } from '../../scripts/verify-chain.ts';
import { createApi } from '../../src/api/server.ts';
import { encodeBlock } from '../../src/core/encoding.ts';
import { blockId } from '../../src/core/hashing.ts';
import { hexToBytes } from '../../src/core/hex.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import { DEV_PARAMS, defineNetwork, TEST_PARAMS } from '../../src/core/network-params.ts';
import type { NetworkParams } from '../../src/core/types.ts';
import { payment } from '../support/ledger.ts';
import {
  append,
  flipByte,
  type Ledger,
  newLedger,
  nextBlock,
  signer,
  signTransaction,
} from '../support/rule-ledger.ts';
import { POOR, RICH, SILENT, servedLedger } from '../support/served-ledger.ts';
import chain from '../vectors/chain.json' with { type: 'json' };
import invalid from '../vectors/invalid.json' with { type: 'json' };
import networks from '../vectors/networks.json' with { type: 'json' };

const alice = signer(1);

function sourceOf(id: string, file: unknown, blocks: (Uint8Array | string)[]): ChainSource {
  return {
    network: async () => ({ id, params: file }),
    block: async (height) => {
      const block = blocks[height];
      return typeof block === 'string' ? hexToBytes(block) : block;
    },
  };
}

function ledgerSource({ network, blocks }: Ledger): ChainSource {
  return sourceOf(network.id, formatNetworkFile(network.params), blocks.map(encodeBlock));
}

const namedNetwork = (name: string) => {
  const found = networks.find(({ file }) => file.name === name);
  if (found === undefined) throw new Error(`no network ${name}`);
  return found;
};

/** The blocks of the vectors up to a height of the `test` chain, or the genesis of another network. */
function vectorSource(name: string, height: number, more: string[] = []): ChainSource {
  const { id, file, genesis } = namedNetwork(name);
  return sourceOf(id, file, [genesis, ...chain.blocks.slice(0, height).map(({ bytes }) => bytes), ...more]);
}

describe('the second implementation', () => {
  it('verifies the chain of the vectors to the same tip, work and state', async () => {
    const verified = await verifyChain(vectorSource('test', chain.blocks.length));
    const last = chain.blocks.at(-1);
    expect(verified).toMatchObject({ networkId: chain.networkId, tip: last?.id, height: last?.height });
    expect(verified.work.toString()).toBe(last?.work);
    const accounts = [...verified.accounts].map(([address, { balance, sequence }]) => ({
      address,
      balance: balance.toString(),
      sequence: sequence.toString(),
    }));
    const byAddress = (a: { address: string }, b: { address: string }) => a.address.localeCompare(b.address);
    expect(accounts.sort(byAddress)).toEqual(last?.state.toSorted(byAddress));
    expect(verified.supply).toBe(BigInt(chain.blocks.length) * TEST_PARAMS.subsidy);
  });

  it.each(invalid.blocks)('refuses too: $code: $what', async ({ network, after, bytes }) => {
    await verifyChain(vectorSource(network, after));
    await expect(verifyChain(vectorSource(network, after, [bytes]))).rejects.toThrow(`height ${after + 1}: `);
  });

  it('follows the difficulty with changing solve times, a pause, the limit and halvings', async () => {
    const params: NetworkParams = {
      ...DEV_PARAMS,
      initialBits: 0x207f_ffff,
      limitBits: 0x207f_ffff,
      halvingInterval: 7n,
    };
    const ledger = newLedger(defineNetwork(params));
    let timestamp = params.genesisTime;
    for (let i = 1; i <= 60; i++) {
      timestamp += i === 40 ? 43_200_000n : BigInt(1 + ((i * i * 7_919) % 9_000));
      append(ledger, nextBlock(ledger, [], { timestamp, miner: alice.publicKey }));
    }
    const bits = ledger.blocks.map(({ sealed }) => sealed.header.bits);
    expect(new Set(bits).size).toBeGreaterThan(20);
    const verified = await verifyChain(ledgerSource(ledger));
    expect(verified.height).toBe(60);
    expect(verified.supply).toBe(ledger.state.get(alice.address)?.balance);
  });

  it('notices a changed byte in any block', async () => {
    const ledger = newLedger(defineNetwork(TEST_PARAMS));
    append(ledger, nextBlock(ledger, [], { miner: alice.publicKey }));
    const pay = signTransaction(ledger.network, alice, {
      recipient: signer(2).publicKey,
      amount: 1n,
      fee: 9n,
    });
    append(ledger, nextBlock(ledger, [pay]));
    append(ledger, nextBlock(ledger));
    const blocks = ledger.blocks.map(encodeBlock);
    const file = formatNetworkFile(TEST_PARAMS);
    const good = await verifyChain(sourceOf(ledger.network.id, file, blocks));
    for (const [height, block] of blocks.entries()) {
      for (let position = 0; position < block.length; position += 3) {
        const changed = blocks.with(height, flipByte(block, position, 0x40));
        const verdict = await verifyChain(sourceOf(ledger.network.id, file, changed)).then(
          ({ tip }) => tip,
          () => 'refused',
        );
        // Only in the last block can a changed byte give another valid block.
        if (height < blocks.length - 1) expect(verdict, `height ${height} byte ${position}`).toBe('refused');
        expect(verdict).not.toBe(good.tip);
      }
    }
  });

  it('refuses parameters that are not those of the id', async () => {
    const file = { ...formatNetworkFile(TEST_PARAMS), subsidy: '1' };
    await expect(verifyChain(sourceOf(chain.networkId, file, []))).rejects.toThrow(/network's id is/);
  });
});

describe('over HTTP', () => {
  it('asks for the network and then block by block, until there is none', async () => {
    const ledger = newLedger(defineNetwork(TEST_PARAMS));
    append(ledger, nextBlock(ledger));
    const asked: string[] = [];
    const get = async (input: unknown, init?: RequestInit) => {
      const { pathname } = new URL(String(input));
      asked.push(`${pathname} ${new Headers(init?.headers).get('accept')}`);
      if (pathname === '/v1/network') {
        return Response.json({ id: ledger.network.id, params: formatNetworkFile(TEST_PARAMS) });
      }
      const block = ledger.blocks[Number(pathname.split('/').at(-1))];
      return block === undefined
        ? Response.json({ error: { code: 'not-found', message: 'no such block' } }, { status: 404 })
        : new Response(Buffer.from(encodeBlock(block)));
    };
    const tip = ledger.blocks.at(-1);
    const verified = await verifyChain(httpSource('http://127.0.0.1:8141', get as typeof fetch));
    expect(verified.tip).toBe(tip === undefined ? '' : blockId(tip.sealed));
    expect(asked).toEqual([
      '/v1/network application/json',
      '/v1/blocks/0 application/octet-stream',
      '/v1/blocks/1 application/octet-stream',
      '/v1/blocks/2 application/octet-stream',
    ]);
  });

  it('tells a failing daemon from the end of the chain', async () => {
    const failing = async () => new Response(undefined, { status: 503 });
    await expect(verifyChain(httpSource('http://127.0.0.1:8141', failing as typeof fetch))).rejects.toThrow(
      '503',
    );
  });
});

describe('against a real API', () => {
  const script = fileURLToPath(new URL('../../scripts/verify-chain.ts', import.meta.url));
  const run = (url: string) =>
    promisify(execFile)(process.execPath, [script, url], { timeout: 20_000 }).then(
      ({ stdout }) => ({ code: 0, output: stdout }),
      (failed: { code: number; stderr: string }) => ({ code: failed.code, output: failed.stderr }),
    );

  it('the script verifies a served chain with payments, and exits with 1 where nobody answers', async () => {
    const served = servedLedger();
    served.mine(2);
    await served.daemon.node.submit([
      payment(served.network, { from: RICH, to: POOR.address, sequence: 0 }).signed,
    ]);
    served.mine(1);
    const api = await createApi(served.daemon, { host: '127.0.0.1', port: 0, log: SILENT });
    try {
      const { code, output } = await run(api.url);
      expect(code, output).toBe(0);
      expect(JSON.parse(output)).toMatchObject({
        valid: true,
        networkId: served.network.id,
        height: 3,
        tip: served.chain.tip.id,
        transactions: 1,
      });
    } finally {
      await api.close();
    }
    const { code, output } = await run(api.url);
    expect(code).toBe(1);
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(output).toContain('did not verify');
  });
});
