import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { ChainMovedError, exportChain } from '../../src/chain/chain-export.ts';
import type { CheckedBlock } from '../../src/chain/records.ts';
import { encodeChainFileBlock, encodeChainFileEnd, encodeChainFileStart } from '../../src/core/chain-file.ts';
import { encodeBlock } from '../../src/core/encoding.ts';
import { concatBytes } from '../../src/core/hex.ts';
import { verifySignature } from '../../src/native/signatures.ts';
import { type ChainImported, ImportRefusedError, importChain } from '../../src/node/chain-import.ts';
import { OperationError } from '../../src/node/ports.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { stateContents } from '../support/chain-contents.ts';
import { BlockMaker, NOW_MS, payingNetwork, payment, testKey, testNetwork } from '../support/ledger.ts';

const BLOCKS = 12;
const START_BYTES = 44;
const network = payingNetwork();
const maker = new BlockMaker(network);
const verifier = {
  verify: async (checks: Parameters<typeof verifySignature>[0][]) => checks.map(verifySignature),
};

interface Ledger {
  readonly chain: Chain;
  readonly store: MemoryStore;
}

function emptyLedger(): Ledger {
  const store = new MemoryStore();
  return { chain: Chain.open(network, store), store };
}

async function exported(chain: Chain, from = 1, pause = async () => {}): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of exportChain(chain, from, { pause })) parts.push(part);
  return concatBytes(parts);
}

/** @param pieces cut so that parts do not come as they were written */
async function* inPieces(file: Uint8Array, pieceBytes = 1_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.length; at += pieceBytes) yield file.subarray(at, at + pieceBytes);
}

function take({ chain }: Ledger, file: Uint8Array, pieceBytes?: number): Promise<ChainImported> {
  return importChain(inPieces(file, pieceBytes), { chain, verifier, now: () => NOW_MS });
}

function fileOf(blocks: readonly CheckedBlock[]): Uint8Array {
  return concatBytes([
    encodeChainFileStart(network.id),
    ...blocks.map(({ block, id }) => encodeChainFileBlock(id, encodeBlock(block))),
    encodeChainFileEnd(blocks.at(-1)?.id ?? network.genesisId),
  ]);
}

let blocks: CheckedBlock[];
let original: Ledger;
let file: Uint8Array;
/** Where each block's entry ends. */
const ends: number[] = [];

beforeAll(async () => {
  blocks = maker.filled(maker.genesis, BLOCKS);
  original = emptyLedger();
  original.chain.addBlocks(blocks, NOW_MS);
  file = await exported(original.chain);
  let at = START_BYTES;
  for (const { block } of blocks) {
    at += 36 + encodeBlock(block).length;
    ends.push(at);
  }
});

/** Of the block whose entry this byte is in; one more for the end. */
function heightAt(byte: number): number {
  return ends.filter((end) => end <= byte).length + 1;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a chain file', () => {
  test('is laid out as docs/protocol.md says', () => {
    expect(Buffer.from(file.subarray(0, 12)).toString('hex')).toBe('8974616c6c790d0a01000000');
    expect(file).toEqual(fileOf(blocks));
    expect(ends.at(-1)).toBe(file.length - 36);
  });

  test.each([1, 7, 1_000, 1_000_000])(
    'gives back tip, state and every id, %i bytes at a time',
    async (pieceBytes) => {
      const copy = emptyLedger();
      expect(await take(copy, file, pieceBytes)).toEqual({ blocks: BLOCKS, added: BLOCKS });
      expect(stateContents(copy.chain, copy.store)).toEqual(stateContents(original.chain, original.store));
      expect(await exported(copy.chain)).toEqual(file);
    },
  );

  test('passes over what is here', async () => {
    const copy = emptyLedger();
    await take(copy, file);
    const none = { verify: () => Promise.reject(new Error('nothing is verified again')) };
    const again = importChain(inPieces(file), { chain: copy.chain, verifier: none, now: () => NOW_MS });
    expect(await again).toEqual({ blocks: BLOCKS, added: 0 });
  });

  test('may begin where another ended', async () => {
    const copy = emptyLedger();
    copy.chain.addBlocks(blocks.slice(0, 5), NOW_MS);
    await take(copy, await exported(original.chain, 6));
    expect(copy.chain.tip.id).toBe(original.chain.tip.id);
    expect(await failureOf(take(emptyLedger(), await exported(original.chain, 6)))).toMatchObject({
      height: 6,
      message: expect.stringContaining('not here'),
    });
  });

  test('without blocks is one too', async () => {
    const none = await exported(original.chain, BLOCKS + 1);
    expect(none).toHaveLength(START_BYTES + 36);
    expect(await take(original, none)).toEqual({ blocks: 0, added: 0 });
  });

  test('broken off anywhere keeps what came whole, and the whole file goes on from there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: file.length - 1 }), async (length) => {
        const copy = emptyLedger();
        const failure = await failureOf(take(copy, file.subarray(0, length)));
        if (length < START_BYTES) expect(failure).toBeInstanceOf(OperationError);
        else expect(failure).toMatchObject({ name: 'ImportRefusedError', height: heightAt(length) });
        expect(copy.chain.tip.height).toBe(heightAt(length) - 1);
        expect(await take(copy, file)).toEqual({ blocks: BLOCKS, added: BLOCKS - heightAt(length) + 1 });
        expect(stateContents(copy.chain, copy.store)).toEqual(stateContents(original.chain, original.store));
      }),
      { numRuns: 60 },
    );
  });

  test('with one bit wrong is refused at the block it is in; the blocks before it are kept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: file.length - 1 }), fc.nat({ max: 7 }), async (byte, bit) => {
        const damaged = Uint8Array.from(file);
        damaged[byte] = (damaged[byte] ?? 0) ^ (1 << bit);
        const copy = emptyLedger();
        const failure = await failureOf(take(copy, damaged));
        if (byte < START_BYTES) expect(failure).toBeInstanceOf(OperationError);
        else expect(failure).toMatchObject({ name: 'ImportRefusedError', height: heightAt(byte) });
        expect(copy.chain.tip.height).toBe(byte < START_BYTES ? 0 : heightAt(byte) - 1);
        // Damage says nothing about the block: the good file is taken.
        await take(copy, file);
        expect(copy.chain.tip.id).toBe(original.chain.tip.id);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an import refuses', () => {
  test('the file of another network at once', async () => {
    const other = Chain.open(testNetwork(), new MemoryStore());
    const importing = importChain(inPieces(file), { chain: other, verifier, now: () => NOW_MS });
    await expect(importing).rejects.toThrow(/another network.*--network/);
    expect(other.tip.height).toBe(0);
  });

  test('what is no chain file', async () => {
    await expect(take(emptyLedger(), new TextEncoder().encode('{"a":1}'))).rejects.toThrow(/no chain file/);
    await expect(take(emptyLedger(), new Uint8Array(0))).rejects.toThrow(/empty/);
  });

  test('what stands behind the end, even a byte', async () => {
    const copy = emptyLedger();
    const failure = await failureOf(take(copy, Uint8Array.of(...file, 0)));
    expect(failure).toMatchObject({ height: BLOCKS + 1, message: expect.stringContaining('behind the end') });
    expect(copy.chain.tip.id).toBe(original.chain.tip.id);
  });

  test('a block that breaks a rule, and keeps those before it', async () => {
    const [first] = blocks;
    const poor = testKey(5);
    const overspent = payment(network, { from: poor, to: poor.address, sequence: 0, amount: 5n });
    const bad = maker.block(first as CheckedBlock, { transactions: [overspent] });
    const copy = emptyLedger();
    expect(await failureOf(take(copy, fileOf([first as CheckedBlock, bad, maker.block(bad)])))).toMatchObject(
      {
        height: 2,
        message: expect.stringContaining('more than the sender has'),
      },
    );
    expect(copy.chain.tip.id).toBe(first?.id);
  });

  test('a signature that does not hold', async () => {
    const from = testKey(77);
    const good = payment(network, { from, to: from.address, sequence: 0 });
    const signature = Uint8Array.from(good.signed.signature, (byte, at) => (at === 0 ? byte ^ 1 : byte));
    const bad = maker.block(maker.genesis, {
      transactions: [{ ...good, signed: { ...good.signed, signature } }],
    });
    const failure = await failureOf(take(emptyLedger(), fileOf([bad])));
    expect(failure).toBeInstanceOf(ImportRefusedError);
    expect(failure).toMatchObject({ height: 1, cause: { code: 'invalid-signature' } });
  });

  test('blocks that do not follow each other', async () => {
    const [first, second, third] = blocks as [CheckedBlock, CheckedBlock, CheckedBlock];
    const sibling = maker.block(first);
    for (const order of [
      [first, second, sibling],
      [first, third],
      [first, first],
    ]) {
      const copy = emptyLedger();
      expect(await failureOf(take(copy, fileOf(order)))).toMatchObject({ height: order.length });
      expect(copy.chain.tip.height).toBe(order.length - 1);
    }
  });

  test('a block ahead of the clock', async () => {
    const late = maker.block(maker.genesis, { timestamp: BigInt(NOW_MS + 120_000) });
    expect(await failureOf(take(emptyLedger(), fileOf([late])))).toMatchObject({
      height: 1,
      message: expect.stringContaining('clock'),
    });
  });
});

test('an export that a reorganisation meets ends with an error, not with two chains mixed', async () => {
  const { chain } = emptyLedger();
  // More than are read in one part.
  const long = maker.chain(maker.genesis, 200);
  chain.addBlocks(long, NOW_MS);
  const branch = maker.chain(maker.genesis, 201);
  let turns = 0;
  const pause = async (): Promise<void> => {
    if (turns++ === 0) chain.addBlocks(branch, NOW_MS);
  };
  await expect(exported(chain, 1, pause)).rejects.toThrow(ChainMovedError);
  expect(turns).toBe(1);
});
