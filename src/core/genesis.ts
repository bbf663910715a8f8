/** The first block of a network: it follows from the parameters and needs no proof of work. */
import { transactionsRoot } from './hashing.ts';
import { idToBytes, type NetworkId } from './identifiers.ts';
import type { Block, NetworkParams } from './types.ts';

/** @param network the parameters' id, which stands where later blocks name their parent */
export function genesisBlock(params: NetworkParams, network: NetworkId): Block {
  return {
    sealed: {
      header: {
        parent: idToBytes(network),
        height: 0n,
        timestamp: params.genesisTime,
        bits: params.initialBits,
        miner: new Uint8Array(32),
        transactionsRoot: transactionsRoot([]),
        extra: new Uint8Array(0),
      },
      nonce: new Uint8Array(32),
    },
    transactions: [],
  };
}
