/** Networks: what parameters make sense, and the two built in. */
import { emptyBlockSize, MAX_SIGNED_TRANSACTION_BYTES } from './encoding.ts';
import { RuleError } from './errors.ts';
import { genesisBlock } from './genesis.ts';
import { blockId, networkId } from './hashing.ts';
import { bytesToHex } from './hex.ts';
import { type BlockId, idToBytes, type NetworkId } from './identifiers.ts';
import { targetFromBits } from './target.ts';
import {
  type Block,
  MAX_ALLOCATIONS,
  MAX_EXTRA_BYTES,
  MAX_NAME_BYTES,
  MAX_UINT63,
  type NetworkParams,
} from './types.ts';

/** Notches in one tally. */
export const NOTCHES_PER_TALLY = 1_000_000n;
/** A block is given in one answer, of which a node keeps dozens under way. */
export const MAX_SUPPORTED_BLOCK_BYTES = 2 * 1_024 * 1_024;
/** Every block must have room for the longest transaction. */
export const MIN_SUPPORTED_BLOCK_BYTES = emptyBlockSize(MAX_EXTRA_BYTES) + 4 + MAX_SIGNED_TRANSACTION_BYTES;
/** Times up to here are exact in a JS number (the year 287396). */
const MAX_TIME_MS = BigInt(Number.MAX_SAFE_INTEGER);

/** A network: its parameters and what follows from them. */
export interface NetworkDefinition {
  readonly params: NetworkParams;
  readonly id: NetworkId;
  /** The id's 32 bytes, part of every signing message. */
  readonly idBytes: Uint8Array;
  readonly name: string;
  readonly genesis: Block;
  readonly genesisId: BlockId;
}

/** @throws RuleError `invalid-network-parameters` */
export function defineNetwork(params: NetworkParams): NetworkDefinition {
  checkNetworkParams(params);
  const id = networkId(params);
  const genesis = genesisBlock(params, id);
  return {
    params,
    id,
    idBytes: idToBytes(id),
    name: decodeName(params.name),
    genesis,
    genesisId: blockId(genesis.sealed),
  };
}

/** @throws RuleError `invalid-network-parameters` naming the field */
export function checkNetworkParams(params: NetworkParams): void {
  const refuse = (detail: string): never => {
    throw new RuleError('invalid-network-parameters', detail);
  };
  if (params.name.length === 0 || params.name.length > MAX_NAME_BYTES)
    refuse(`name: 1 to ${MAX_NAME_BYTES} bytes`);
  let name = '';
  try {
    name = decodeName(params.name);
  } catch {
    refuse('name: not UTF-8');
  }
  if (/\p{Cc}/u.test(name)) refuse('name: no control characters');
  for (const name of ['genesisTime', 'halfLife', 'halvingInterval'] as const) {
    if (params[name] < 0n || params[name] > MAX_TIME_MS) refuse(`${name}: 0 to ${MAX_TIME_MS}`);
  }
  if (params.blockInterval < 1n || params.blockInterval > MAX_TIME_MS)
    refuse(`blockInterval: 1 to ${MAX_TIME_MS}`);
  if (params.subsidy < 0n || params.subsidy > MAX_UINT63) refuse('subsidy: at most 2^63 − 1');
  const initial = targetFromBits(params.initialBits) ?? refuse('initialBits: no target in compact form');
  const limit = targetFromBits(params.limitBits) ?? refuse('limitBits: no target in compact form');
  if (initial > limit) refuse('initialBits: easier than limitBits');
  const blockBytes = params.maxBlockBytes;
  if (!(blockBytes >= MIN_SUPPORTED_BLOCK_BYTES && blockBytes <= MAX_SUPPORTED_BLOCK_BYTES)) {
    refuse(`maxBlockBytes: ${MIN_SUPPORTED_BLOCK_BYTES} to ${MAX_SUPPORTED_BLOCK_BYTES}`);
  }
  if (params.allocations.length > MAX_ALLOCATIONS) refuse(`allocations: at most ${MAX_ALLOCATIONS}`);
  const seen = new Set<string>();
  let allocated = 0n;
  for (const { address, amount } of params.allocations) {
    const key = bytesToHex(address);
    if (address.length !== 32) refuse('allocations: an address has 32 bytes');
    if (seen.has(key)) refuse(`allocations: ${key} stands there twice`);
    seen.add(key);
    if (amount < 0n) refuse('allocations: an amount is negative');
    allocated += amount;
  }
  if (allocated > MAX_UINT63) refuse('allocations: together more than 2^63 − 1');
}

/** @throws TypeError if the bytes are not UTF-8 */
export function decodeName(name: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name);
}

const encoder = new TextEncoder();

/** For trying out and learning: a block every five seconds, and a first one within seconds on any machine. */
export const DEV_PARAMS: NetworkParams = {
  name: encoder.encode('dev'),
  genesisTime: 1_767_225_600_000n, // 2026-01-01T00:00:00Z
  blockInterval: 5_000n,
  halfLife: 100_000n,
  initialBits: 0x1e04_0000, // 2^22 hashes a block
  limitBits: 0x1f01_0000, // 2^16 hashes a block
  subsidy: 50n * NOTCHES_PER_TALLY,
  halvingInterval: 6_307_200n, // a year of blocks
  maxBlockBytes: 1_048_576,
  allocations: [],
};

/** For tests: two hashes a block, whenever one is asked for. */
export const TEST_PARAMS: NetworkParams = {
  name: encoder.encode('test'),
  genesisTime: 1_767_225_600_000n,
  blockInterval: 1_000n,
  halfLife: 0n,
  initialBits: 0x207f_ffff,
  limitBits: 0x207f_ffff,
  subsidy: 50n * NOTCHES_PER_TALLY,
  halvingInterval: 0n,
  maxBlockBytes: 1_048_576,
  allocations: [],
};

export const BUILT_IN_NETWORKS: Readonly<Record<string, NetworkParams>> = {
  dev: DEV_PARAMS,
  test: TEST_PARAMS,
};
