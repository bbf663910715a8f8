/**
 * A chain in memory on which every block has passed every rule of `core/`, one after the other: for the
 * rules' own tests and vectors. Keys follow from seeds and nonces are counted up, so all of it is repeatable.
 */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { checkBody } from '../../src/core/block.ts';
import { nextBits } from '../../src/core/difficulty.ts';
import { decodeBlock, encodeBlock, makeTransaction } from '../../src/core/encoding.ts';
import { blockId } from '../../src/core/hashing.ts';
import { checkHeader } from '../../src/core/header.ts';
import { bigIntToBytes, bytesToBigInt } from '../../src/core/hex.ts';
import { type Address, type BlockId, idFromBytes, idToBytes } from '../../src/core/identifiers.ts';
import type { NetworkDefinition } from '../../src/core/network-params.ts';
import { checkSignature, signatureCheck } from '../../src/core/signature.ts';
import {
  type Account,
  applyBlock,
  EMPTY_ACCOUNT,
  genesisState,
  type ReadAccount,
  type StateChange,
} from '../../src/core/state.ts';
import { checkProofOfWork, targetFromBits } from '../../src/core/target.ts';
import {
  type Block,
  type Header,
  type SealedHeader,
  type SignedTransaction,
  type Transaction,
  TransactionsType,
} from '../../src/core/types.ts';
import { verifySignature } from '../../src/native/signatures.ts';

/** DER in front of the 32 bytes of an Ed25519 private key (RFC 8410). */
const PRIVATE_KEY_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
/** No search takes this long on a network meant for tests. */
const MAX_NONCES = 100_000n;

/** Somebody who can sign, with `node:crypto`: not the library that verifies. */
export interface Signer {
  /** 32 bytes. */
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly address: Address;
  sign(message: Uint8Array): Uint8Array;
}

/** @param seedByte the seed is 32 of these */
export function signer(seedByte: number): Signer {
  const seed = new Uint8Array(32).fill(seedByte);
  const key = createPrivateKey({
    key: Buffer.concat([PRIVATE_KEY_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(-32));
  return {
    seed,
    publicKey,
    address: idFromBytes(publicKey),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

/** A transaction of `sender`; what `fields` leaves out is 0, empty, or the sender itself. */
export function signTransaction(
  network: NetworkDefinition,
  sender: Signer,
  fields: Partial<Transaction>,
): SignedTransaction {
  const transaction = makeTransaction({
    sender: sender.publicKey,
    sequence: 0n,
    recipient: sender.publicKey,
    amount: 0n,
    fee: 0n,
    data: new Uint8Array(),
    ...fields,
  });
  const unsigned = { transaction, signature: new Uint8Array(64) };
  return { transaction, signature: sender.sign(signatureCheck(unsigned, network.id).message) };
}

/** Tries nonces 0, 1, 2, … until the id is within (or, if so wished, outside) the target. */
export function seal(header: Header, wanted: 'valid' | 'invalid' = 'valid'): SealedHeader {
  const target = targetFromBits(header.bits);
  for (let n = 0n; n < MAX_NONCES; n++) {
    const sealed = { header, nonce: bigIntToBytes(n, 32) };
    const valid = target !== undefined && bytesToBigInt(idToBytes(blockId(sealed))) <= target;
    if (valid === (wanted === 'valid')) return sealed;
  }
  throw new Error(`no ${wanted} nonce among ${MAX_NONCES}`);
}

export interface Ledger {
  readonly network: NetworkDefinition;
  /** By height. */
  readonly blocks: Block[];
  readonly state: Map<Address, Account>;
}

export function newLedger(network: NetworkDefinition): Ledger {
  return { network, blocks: [network.genesis], state: genesisState(network.params) };
}

export function readAccount(ledger: Ledger): ReadAccount {
  return (address) => ledger.state.get(address) ?? EMPTY_ACCOUNT;
}

/** The header that could come next, a blockInterval after its parent, for no transactions. */
export function nextHeader(ledger: Ledger, fields: Partial<Header> = {}): Header {
  const { network, blocks } = ledger;
  const parent = tip(ledger);
  const header = parent.sealed.header;
  return {
    parent: idToBytes(blockId(parent.sealed)),
    height: header.height + 1n,
    timestamp: header.timestamp + network.params.blockInterval,
    bits: nextBits(network.params, header, blocks.at(-2)?.sealed.header),
    miner: new Uint8Array(32),
    transactionsRoot: TransactionsType.hashTreeRoot([]),
    extra: new Uint8Array(),
    ...fields,
  };
}

/** A mined block on top, not added yet. `fields` may break any rule but that of the proof of work. */
export function nextBlock(
  ledger: Ledger,
  transactions: SignedTransaction[] = [],
  fields: Partial<Header> = {},
): Block {
  const root = TransactionsType.hashTreeRoot(transactions);
  return { sealed: seal(nextHeader(ledger, { transactionsRoot: root, ...fields })), transactions };
}

/**
 * Every rule for a block on top of the ledger, in the order a node checks them.
 *
 * @throws RuleError
 */
export function checkWholeBlock(
  ledger: Ledger,
  bytes: Uint8Array,
): { block: Block; id: BlockId; change: StateChange } {
  const { network, blocks } = ledger;
  const block = decodeBlock(bytes, network.params);
  checkHeader(network.params, block.sealed.header, tip(ledger).sealed.header, blocks.at(-2)?.sealed.header);
  const id = idFromBytes<BlockId>(checkProofOfWork(block.sealed));
  checkBody(network.params, block);
  for (const signed of block.transactions) {
    checkSignature(signed, verifySignature(signatureCheck(signed, network.id)));
  }
  const change = applyBlock(network.params, block.sealed.header, block.transactions, readAccount(ledger));
  return { block, id, change };
}

/** Checks the block and puts it on top. @throws RuleError */
export function append(ledger: Ledger, block: Block): void {
  const { change } = checkWholeBlock(ledger, encodeBlock(block));
  for (const [address, { after }] of change) ledger.state.set(address, after);
  ledger.blocks.push(block);
}

function tip(ledger: Ledger): Block {
  const block = ledger.blocks.at(-1);
  if (block === undefined) throw new Error('a ledger has its genesis at least');
  return block;
}

/** The same bytes, one of them exclusive-ored with `mask`. */
export function flipByte(bytes: Uint8Array, position: number, mask: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[position] = (flipped[position] ?? 0) ^ mask;
  return flipped;
}
