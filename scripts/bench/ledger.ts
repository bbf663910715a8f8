/** Ledgers for benchmarks, made in seconds: keys, payments and whole data folders of a network of easy blocks. */

import { writeFile } from 'node:fs/promises';
import sodium from 'sodium-native';
import { Chain } from '../../src/chain/chain.ts';
import { type CheckedBlock, trustBlock } from '../../src/chain/records.ts';
import { nextBits } from '../../src/core/difficulty.ts';
import {
  blockId,
  signingMessage,
  transactionId,
  transactionRoot,
  transactionsRoot,
} from '../../src/core/hashing.ts';
import { bytesToBigInt } from '../../src/core/hex.ts';
import { idFromBytes, idToBytes, type TransactionId } from '../../src/core/identifiers.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import { defineNetwork, type NetworkDefinition, TEST_PARAMS } from '../../src/core/network-params.ts';
import { requireTarget } from '../../src/core/target.ts';
import type { Header, SealedHeader, SignedTransaction } from '../../src/core/types.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';

/** Blocks connected in one commit while a folder is filled. */
const COMMIT_BLOCKS = 64;
/** Of an allocation: nobody runs out. */
const RICH = 10n ** 15n;

export interface Key {
  readonly publicKey: Uint8Array;
  readonly secretKey: Buffer;
}

/** The same key for the same number. */
export function benchKey(number: number): Key {
  const seed = Buffer.alloc(32);
  seed.writeUInt32LE(number);
  const publicKey = Buffer.alloc(32);
  const secretKey = Buffer.alloc(64);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
  return { publicKey: Uint8Array.from(publicKey), secretKey };
}

/** A network of its own, so that it never meets another, in which the first keys are rich. */
export function benchNetwork(richKeys: readonly Key[], name = 'bench'): NetworkDefinition {
  return defineNetwork({
    ...TEST_PARAMS,
    name: new TextEncoder().encode(`${name}-${process.pid}-${Date.now() % 1_000_000}`),
    maxBlockBytes: 2 * 1_024 * 1_024,
    allocations: richKeys
      .map(({ publicKey }) => ({ address: publicKey, amount: RICH }))
      .sort((a, b) => Buffer.compare(a.address, b.address)),
  });
}

export async function writeNetworkFile(path: string, network: NetworkDefinition): Promise<void> {
  await writeFile(path, JSON.stringify(formatNetworkFile(network.params)));
}

/** A signed payment of one notch. */
function payment(network: NetworkDefinition, from: Key, to: Uint8Array, sequence: bigint): SignedTransaction {
  const transaction = {
    sender: from.publicKey,
    sequence,
    recipient: to,
    amount: 1n,
    fee: 1_000n,
    data: new Uint8Array(0),
  };
  const message = Buffer.from(signingMessage(network.idBytes, transactionRoot(transaction)));
  const signature = Buffer.alloc(64);
  sodium.crypto_sign_detached(signature, message, from.secretKey);
  return { transaction, signature: Uint8Array.from(signature) };
}

/** Payments among keys, each sender's sequences in order. */
export class Payments {
  readonly #network: NetworkDefinition;
  readonly #keys: readonly Key[];
  readonly #sequences: bigint[];
  #made = 0;

  constructor(network: NetworkDefinition, keys: readonly Key[]) {
    this.#network = network;
    this.#keys = keys;
    this.#sequences = keys.map(() => 0n);
  }

  take(count: number): SignedTransaction[] {
    return Array.from({ length: count }, () => {
      const at = this.#made++ % this.#keys.length;
      const from = this.#keys[at] as Key;
      const to = this.#keys[(at * 7 + this.#made) % this.#keys.length] as Key;
      const sequence = this.#sequences[at] as bigint;
      this.#sequences[at] = sequence + 1n;
      return payment(this.#network, from, to.publicKey, sequence);
    });
  }
}

/** The block after `parent`, as the rules have it. Its target is easy: a nonce is found by counting. */
export function blockAfter(
  network: NetworkDefinition,
  parent: SealedHeader,
  grandparent: SealedHeader | undefined,
  transactions: SignedTransaction[],
  extra: Uint8Array = new Uint8Array(0),
): CheckedBlock {
  const header: Header = {
    parent: idToBytes(blockId(parent)),
    height: parent.header.height + 1n,
    timestamp: parent.header.timestamp + network.params.blockInterval,
    bits: nextBits(network.params, parent.header, grandparent?.header),
    miner: new Uint8Array(32).fill(1),
    transactionsRoot: transactionsRoot(transactions),
    extra,
  };
  const target = requireTarget(header.bits);
  const nonce = new Uint8Array(32);
  const view = new DataView(nonce.buffer);
  for (let count = 0; ; count++) {
    view.setUint32(0, count, true);
    const id = blockId({ header, nonce });
    if (bytesToBigInt(idToBytes(id)) > target) continue;
    return trustBlock({
      id,
      block: { sealed: { header, nonce }, transactions },
      transactionIds: transactions.map(({ transaction }) => transactionId(transaction)),
    });
  }
}

export interface FilledLedger {
  readonly blocks: number;
  readonly transactionsPerBlock: number;
}

/** Fills a data folder with a chain. @returns its tip's id */
export function fillFolder(
  folder: string,
  network: NetworkDefinition,
  keys: readonly Key[],
  { blocks, transactionsPerBlock }: FilledLedger,
  tell: (text: string) => void = () => undefined,
): string {
  const store = SqliteStore.open({ folder, network });
  try {
    const chain = Chain.open(network, store);
    const payments = new Payments(network, keys);
    let grandparent: SealedHeader | undefined;
    let parent = network.genesis.sealed;
    const commit = Math.max(1, Math.min(COMMIT_BLOCKS, Math.floor(8_000 / (1 + transactionsPerBlock))));
    for (let made = 0; made < blocks; ) {
      const batch: CheckedBlock[] = [];
      while (batch.length < commit && made + batch.length < blocks) {
        const block = blockAfter(network, parent, grandparent, payments.take(transactionsPerBlock));
        grandparent = parent;
        parent = block.block.sealed;
        batch.push(block);
      }
      chain.addBlocks(batch, Date.now(), 'bulk');
      made += batch.length;
      tell(`making a chain: ${made} of ${blocks} blocks`);
    }
    return chain.tip.id;
  } finally {
    store.close();
  }
}

export function idOf(signed: SignedTransaction): TransactionId {
  return idFromBytes(transactionRoot(signed.transaction));
}
