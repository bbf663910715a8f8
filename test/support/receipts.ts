/** Receipts for tests, made block by block on a network where work is work: a changed header meets no target by chance. */
import type { IdentifiedHeader, Receipt } from '../../src/client/receipt.ts';
import { branchOf } from '../../src/core/branch.ts';
import { sealedHeaderRoot } from '../../src/core/hashing.ts';
import { formatNetworkFile, type NetworkFile } from '../../src/core/network-file.ts';
import type { NetworkDefinition } from '../../src/core/network-params.ts';
import { hashTransactions } from '../../src/core/transaction-hashes.ts';
import type { NetworkParams, SealedHeader } from '../../src/core/types.ts';
import { BlockMaker, payment, testKey, testNetwork } from './ledger.ts';

/** 2^10 hashes a block: some milliseconds, and one chance in a thousand for a header changed at random. */
const EARNEST_BITS = 0x1f3f_ffff;
export const SENDER = testKey(5);

/** A network whose difficulty follows the time, so that every rule of headers has something to say. */
export function earnestNetwork(params: Partial<NetworkParams> = {}): NetworkDefinition {
  return testNetwork({
    initialBits: EARNEST_BITS,
    limitBits: EARNEST_BITS,
    halfLife: 20_000n,
    ...params,
  });
}

export function fileOf(network: NetworkDefinition): NetworkFile {
  return formatNetworkFile(network.params);
}

export function identified(sealed: SealedHeader): IdentifiedHeader {
  return { id: sealedHeaderRoot(sealed), sealed };
}

export interface MadeReceipt {
  readonly maker: BlockMaker;
  readonly receipt: Receipt;
}

/** A receipt of the second of three transactions in the block at height 4, buried by some more. */
export function makeReceipt(
  network: NetworkDefinition,
  { data = new Uint8Array(0), burying = 3, before = 3 } = {},
): MadeReceipt {
  const maker = new BlockMaker(network);
  const parent = maker.chain(maker.genesis, before).at(-1) ?? maker.genesis;
  const transactions = [0, 1, 2].map((sequence) =>
    payment(network, { from: SENDER, to: SENDER.address, sequence, amount: 0n, data }),
  );
  const block = maker.block(parent, { transactions });
  const headers = maker.chain(block, burying).map((buried) => identified(buried.block.sealed));
  const index = 1;
  const { signed } = transactions[index] as (typeof transactions)[number];
  const { signedRoots } = hashTransactions(transactions.map((one) => one.signed));
  return {
    maker,
    receipt: {
      networkId: network.idBytes,
      signed,
      index,
      branch: branchOf(signedRoots, index),
      headers: [identified(block.block.sealed), ...headers],
    },
  };
}
