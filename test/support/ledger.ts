/** Valid keys, payments and blocks for tests, made quickly: a block of the `test` network takes two hashes. */
import sodium from 'sodium-native';
import {
  type CheckedBlock,
  type CheckedTransaction,
  trustBlock,
  trustTransaction,
} from '../../src/chain/records.ts';
import { type BlockTemplate, blockTemplate } from '../../src/chain/template.ts';
import { nextBits } from '../../src/core/difficulty.ts';
import { signedTransactionSize } from '../../src/core/encoding.ts';
import { RuleError } from '../../src/core/errors.ts';
import {
  blockId,
  signingMessage,
  transactionId,
  transactionRoot,
  transactionsRoot,
} from '../../src/core/hashing.ts';
import { type Address, type BlockId, idFromBytes, idToBytes } from '../../src/core/identifiers.ts';
import { defineNetwork, type NetworkDefinition, TEST_PARAMS } from '../../src/core/network-params.ts';
import { checkProofOfWork } from '../../src/core/target.ts';
import type { Block, Header, NetworkParams, SealedHeader } from '../../src/core/types.ts';

/** Later than every block a test mines without naming a time: never early. */
export const NOW_MS = Number(TEST_PARAMS.genesisTime) + 1_000_000_000;

/** The `test` network, or one with other parameters. */
export function testNetwork(overrides: Partial<NetworkParams> = {}): NetworkDefinition {
  return defineNetwork({ ...TEST_PARAMS, ...overrides });
}

export interface Key {
  readonly address: Address;
  /** The same 32 bytes. */
  readonly publicKey: Uint8Array;
  /** libsodium's 64 bytes: seed and public key. */
  readonly secretKey: Uint8Array;
}

/** The same key for the same number, 0 to 2^32 − 1. */
export function testKey(number: number): Key {
  const seed = Buffer.alloc(32);
  seed.writeUInt32LE(number);
  const publicKey = Buffer.alloc(32);
  const secretKey = Buffer.alloc(64);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
  return {
    address: idFromBytes<Address>(publicKey),
    publicKey: Uint8Array.from(publicKey),
    secretKey: Uint8Array.from(secretKey),
  };
}

export interface PaymentFields {
  readonly from: Key;
  readonly to: Address;
  readonly sequence: bigint | number;
  /** Notches; 1 unless given. */
  readonly amount?: bigint;
  /** Notches; 1,000 unless given, well over the lowest fee rate without data. */
  readonly fee?: bigint;
  readonly data?: Uint8Array;
}

/** A signed transaction. */
export function payment(network: NetworkDefinition, fields: PaymentFields): CheckedTransaction {
  const transaction = {
    sender: fields.from.publicKey,
    sequence: BigInt(fields.sequence),
    recipient: idToBytes(fields.to),
    amount: fields.amount ?? 1n,
    fee: fields.fee ?? 1_000n,
    data: fields.data ?? new Uint8Array(0),
  };
  const signature = Buffer.alloc(64);
  const message = Buffer.from(signingMessage(network.idBytes, transactionRoot(transaction)));
  sodium.crypto_sign_detached(signature, message, Buffer.from(fields.from.secretKey));
  const signed = { transaction, signature: Uint8Array.from(signature) };
  return trustTransaction({ id: transactionId(transaction), signed, size: signedTransactionSize(signed) });
}

/** Finds a nonce by counting; quick for easy targets only. */
export function mineHeader(header: Header): SealedHeader {
  const nonce = new Uint8Array(32);
  const view = new DataView(nonce.buffer);
  for (let count = 0; count < 1_000_000; count++) {
    view.setUint32(0, count, true);
    const sealed = { header, nonce };
    try {
      checkProofOfWork(sealed);
      return { header, nonce: Uint8Array.from(nonce) };
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
    }
  }
  throw new Error('no nonce found: the target is too hard for a test');
}

/** A block as checked: size, root and signatures are taken on trust, so a test can also make wrong ones. */
export function asChecked(block: Block): CheckedBlock {
  return trustBlock({
    id: blockId(block.sealed),
    block,
    transactionIds: block.transactions.map(({ transaction }) => transactionId(transaction)),
  });
}

export interface BlockFields {
  /** Zero address unless given. */
  readonly miner?: Address;
  readonly transactions?: readonly CheckedTransaction[];
  /** Milliseconds since 1970; one block interval after the parent unless given. */
  readonly timestamp?: bigint;
  /** Makes siblings differ. */
  readonly extra?: Uint8Array;
  /** Overrides what the rules demand, for blocks that break them. */
  readonly header?: Partial<Header>;
}

/** Of a miner that can be paid. */
export function requireTemplate(...of: Parameters<typeof blockTemplate>): BlockTemplate {
  const template = blockTemplate(...of);
  if (template === undefined) throw new Error('the miner cannot be paid');
  return template;
}

/** Has more than any test spends on networks of `payingNetwork`. */
const PAYER_SEED = 77;

/** A network in which blocks can be `filled`. */
export function payingNetwork(overrides: Partial<NetworkParams> = {}): NetworkDefinition {
  const allocations = [{ address: testKey(PAYER_SEED).publicKey, amount: 10n ** 15n }];
  return testNetwork({ allocations, ...overrides });
}

/** Makes blocks on any block it made before. Knows no state: whether transactions fit is the test's business. */
export class BlockMaker {
  readonly network: NetworkDefinition;
  readonly genesis: CheckedBlock;
  readonly #blocks = new Map<BlockId, CheckedBlock>();
  #made = 0;

  constructor(network: NetworkDefinition) {
    this.network = network;
    this.genesis = asChecked(network.genesis);
    this.#blocks.set(this.genesis.id, this.genesis);
  }

  /** Takes in a block made elsewhere, so that others can stand on it. */
  adopt(block: Block): CheckedBlock {
    const checked = asChecked(block);
    this.#blocks.set(checked.id, checked);
    return checked;
  }

  /** Mines a block after `parent`. Two of the same fields differ in `extra`, so they are siblings. */
  block(parent: CheckedBlock, fields: BlockFields = {}): CheckedBlock {
    const { params } = this.network;
    const before = parent.block.sealed.header;
    const grandparent = this.#blocks.get(idFromBytes<BlockId>(before.parent))?.block.sealed.header;
    const transactions = (fields.transactions ?? []).map(({ signed }) => signed);
    const extra = new Uint8Array(4);
    new DataView(extra.buffer).setUint32(0, this.#made++, true);
    const header: Header = {
      parent: idToBytes(parent.id),
      height: before.height + 1n,
      timestamp: fields.timestamp ?? before.timestamp + params.blockInterval,
      bits: nextBits(params, before, grandparent),
      miner: fields.miner === undefined ? new Uint8Array(32) : idToBytes(fields.miner),
      transactionsRoot: transactionsRoot(transactions),
      extra: fields.extra ?? extra,
      ...fields.header,
    };
    const checked = asChecked({ sealed: mineHeader(header), transactions });
    this.#blocks.set(checked.id, checked);
    return checked;
  }

  /** A run of `length` blocks after `parent`. */
  chain(parent: CheckedBlock, length: number, fields: BlockFields = {}): CheckedBlock[] {
    const blocks: CheckedBlock[] = [];
    let last = parent;
    for (let i = 0; i < length; i++) {
      last = this.block(last, fields);
      blocks.push(last);
    }
    return blocks;
  }

  /**
   * A run of blocks with a payment each, so that their bodies have to be fetched. On a `payingNetwork`, and every
   * block before is such a one too.
   */
  filled(parent: CheckedBlock, length: number): CheckedBlock[] {
    const from = testKey(PAYER_SEED);
    const blocks: CheckedBlock[] = [];
    let last = parent;
    for (let i = 0; i < length; i++) {
      const sequence = last.block.sealed.header.height;
      last = this.block(last, {
        transactions: [payment(this.network, { from, to: from.address, sequence })],
      });
      blocks.push(last);
    }
    return blocks;
  }
}
