/** Files that a command reads. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureApiToken } from '../../../src/api/token.ts';
import { Chain } from '../../../src/chain/chain.ts';
import { exportChain } from '../../../src/chain/chain-export.ts';
import { CommandError } from '../../../src/cli/errors.ts';
import { resumeChainFile } from '../../../src/cli/ledger-files/export-file.ts';
import { chooseNetwork } from '../../../src/cli/network-choice.ts';
import { readReceiptFile } from '../../../src/cli/receipt-file.ts';
import { readSharedKeyFile } from '../../../src/cli/shared-key-file.ts';
import { readWallet } from '../../../src/cli/wallet-file.ts';
import { writeUnencrypted } from '../../../src/client/key-file.ts';
import { Wallet } from '../../../src/client/wallet.ts';
import { ChainFileError, type ChainFilePart, ChainFileReader } from '../../../src/core/chain-file.ts';
import { RuleError } from '../../../src/core/errors.ts';
import { bytesEqual } from '../../../src/core/hex.ts';
import { formatNetworkFile } from '../../../src/core/network-file.ts';
import { ImportRefusedError, importChain } from '../../../src/node/chain-import.ts';
import { OperationError } from '../../../src/node/ports.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { NOW_MS } from '../../support/ledger.ts';
import { inlineVerifier } from '../../support/virtual-node.ts';
import { bytesOf, type FuzzTarget, must, refusedLaterBy } from '../engine/target.ts';
import { exampleBlocks, NETWORK } from './examples.ts';

/** A command has all the time a person has. */
const COMMAND_STILL_MS = 100;
const words = `${'abandon '.repeat(23)}art`;

function exampleChain(): Chain {
  const chain = Chain.open(NETWORK, new MemoryStore());
  for (const block of exampleBlocks()) chain.addBlock(block, NOW_MS);
  return chain;
}

async function exampleFile(from = 1): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of exportChain(exampleChain(), from, { pause: async () => {} })) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

interface Read {
  readonly parts: ChainFilePart[];
  readonly error: string | undefined;
}

function readParts(chunks: readonly Uint8Array[]): Read {
  const reader = new ChainFileReader(NETWORK.params.maxBlockBytes);
  const parts: ChainFilePart[] = [];
  try {
    for (const chunk of chunks) for (const part of reader.read(chunk)) parts.push(part);
    reader.finish();
  } catch (error) {
    if (!(error instanceof ChainFileError)) throw error;
    return { parts, error: error.message };
  }
  return { parts, error: undefined };
}

/** However the bytes come, the parts are the same. */
function executeChainFile(input: Uint8Array): void {
  const step = 1 + (input.at(-1) ?? 0) * 3;
  const chunks = Array.from({ length: Math.ceil(input.length / step) }, (_, index) =>
    input.subarray(step * index, step * (index + 1)),
  );
  const whole = readParts([input]);
  const cut = readParts(chunks);
  must(cut.parts.length === whole.parts.length, 'other parts if the bytes come otherwise');
  must((cut.error === undefined) === (whole.error === undefined), 'an error if the bytes come otherwise');
  const last = whole.parts.at(-1)?.endsAt ?? 0;
  const encoded = Buffer.concat(whole.parts.map((part) => part.encoded));
  must(bytesEqual(encoded, input.subarray(0, last)), 'the parts are not the bytes of the file');
}

async function executeImport(input: Uint8Array): Promise<void> {
  const chain = Chain.open(NETWORK, new MemoryStore());
  async function* file(): AsyncGenerator<Uint8Array> {
    yield input;
  }
  const imported = await refusedLaterBy([ImportRefusedError, OperationError], () =>
    importChain(file(), { chain, verifier: inlineVerifier, now: () => NOW_MS }),
  );
  must(imported === undefined || imported.added >= chain.tip.height, 'more blocks than were added');
}

/** A reader of files in a folder of its own, in memory where the system has such. */
function inFolder(name: string, read: (path: string, folder: string) => unknown): FuzzTarget['open'] {
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'tally-fuzz-'));
    const path = join(folder, name);
    return {
      execute: async (input) => {
        writeFileSync(path, input);
        await refusedLaterBy([CommandError, OperationError, RuleError], async () => read(path, folder));
      },
      close: () => rmSync(folder, { recursive: true, force: true }),
    };
  };
}

async function resume(path: string): Promise<void> {
  const before = readFileSync(path);
  const chain = exampleChain();
  await resumeChainFile(
    path,
    {
      networkId: NETWORK.id,
      maxBlockBytes: NETWORK.params.maxBlockBytes,
      height: chain.tip.height,
      heightOf: async (id) => chain.byId(id)?.height,
      file: (from) => exportChain(chain, from, { pause: async () => {} }),
      close: async () => {},
    },
    () => {},
  );
  const whole = readParts([new Uint8Array(readFileSync(path))]);
  must(whole.error === undefined, `what was gone on with is no chain file: ${whole.error}`);
  must(before.length === 0 || whole.parts.length > 0, 'nothing is left of it');
}

export const fileTargets: readonly FuzzTarget[] = [
  {
    name: 'chain-file',
    shape: 'bytes',
    maxBytes: 64 * 1_024,
    seeds: async () => [await exampleFile(), await exampleFile(3), await exampleFile(4)],
    open: () => ({ execute: executeChainFile }),
    stillMs: COMMAND_STILL_MS,
  },
  {
    name: 'chain-import',
    shape: 'bytes',
    maxBytes: 64 * 1_024,
    seeds: async () => [await exampleFile(), await exampleFile(2)],
    open: () => ({ execute: executeImport }),
    stillMs: COMMAND_STILL_MS,
    share: 0.5,
  },
  {
    name: 'chain-resume',
    shape: 'bytes',
    maxBytes: 64 * 1_024,
    seeds: async () => {
      const whole = await exampleFile();
      return [whole, whole.slice(0, 60), whole.slice(0, -100), new Uint8Array(0)];
    },
    open: inFolder('chain', (path) => resume(path)),
    stillMs: COMMAND_STILL_MS,
    share: 0.1,
  },
  {
    name: 'file-api-token',
    shape: 'bytes',
    maxBytes: 1_024,
    seeds: () => [bytesOf(`${'a5'.repeat(32)}\n`)],
    open: inFolder('api-token', (_, folder) => ensureApiToken(folder)),
    share: 0.1,
  },
  {
    name: 'file-shared-key',
    shape: 'bytes',
    maxBytes: 1_024,
    seeds: () => [bytesOf(`/key/swarm/psk/1.0.0/\n/base16/\n${'a5'.repeat(32)}\n`)],
    open: inFolder('psk', (path) => readSharedKeyFile(path)),
    share: 0.1,
  },
  {
    name: 'file-network',
    shape: 'json',
    maxBytes: 64 * 1_024,
    seeds: () => [bytesOf(JSON.stringify(formatNetworkFile(NETWORK.params)))],
    open: inFolder('network.json', (path) => chooseNetwork(path)),
    stillMs: COMMAND_STILL_MS,
    share: 0.1,
  },
  {
    name: 'file-receipt',
    shape: 'bytes',
    maxBytes: 4_096,
    seeds: () => [bytesOf('{}')],
    open: inFolder('receipt', (path) => readReceiptFile(path)),
    share: 0.05,
  },
  {
    name: 'file-wallet',
    shape: 'json',
    maxBytes: 64 * 1_024,
    seeds: () => [bytesOf(writeUnencrypted(Wallet.fromWords(words)))],
    open: inFolder('wallet.json', (_, folder) => readWallet(folder)),
    stillMs: COMMAND_STILL_MS,
    share: 0.1,
  },
];
