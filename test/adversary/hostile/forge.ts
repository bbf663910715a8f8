/** Blocks an attacker makes: on any parent, with whatever is wrong, and with real proof of work. */
import type { KeyPair } from '../../../src/client/keys.ts';
import { nextBits } from '../../../src/core/difficulty.ts';
import { decodeBlock } from '../../../src/core/encoding.ts';
import { genesisBlock } from '../../../src/core/genesis.ts';
import { blockId, headerRoot, transactionsRoot } from '../../../src/core/hashing.ts';
import { bytesToHex } from '../../../src/core/hex.ts';
import { type Address, idToBytes } from '../../../src/core/identifiers.ts';
import { targetFromBits, workOfBits } from '../../../src/core/target.ts';
import type { Block, Header, SignedTransaction, Transaction } from '../../../src/core/types.ts';
import { NonceBatch } from '../../../src/mining/nonce-batch.ts';
import type { Target } from '../attack.ts';
import type { Attacker } from './attacker.ts';
import { get } from './http.ts';
import { signWith } from './sign.ts';

/** Hashed between two looks at the tip and at the clock. */
const BATCH_HASHES = 1_024;
const BATCHES_PER_TURN = 16;
/** A block that takes no more is no matter of hash power. */
const CHEAP_HASHES = 2 ** 14;
/** Then the tip may be another. */
const LONGEST_PAUSE_MS = 100;
/** How old the tip that is mined on may be. */
const TIP_MS = 150;

/** Where a block stands. */
export interface Place {
  readonly id: string;
  readonly header: Header;
  /** Undefined for the genesis. */
  readonly parent: Header | undefined;
}

export interface Forgery {
  readonly transactions?: SignedTransaction[];
  /** What is not as the rules demand. */
  readonly header?: Partial<Header>;
  /** Raised to just after the parent's if it is not later. Default: now. */
  readonly timestampMs?: number;
}

export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

export function genesisPlace({ definition }: Attacker): Place {
  const { sealed } = genesisBlock(definition.params, definition.id);
  return { id: blockId(sealed), header: sealed.header, parent: undefined };
}

export function after(place: Place, { sealed }: Block): Place {
  return { id: blockId(sealed), header: sealed.header, parent: place.header };
}

/** Behind the last of at least two blocks that follow each other. */
export function lastPlace(chain: readonly Block[]): Place {
  const [before, last] = chain.slice(-2);
  if (before === undefined || last === undefined) throw new Error('the attack is over');
  return after({ id: '', header: before.sealed.header, parent: undefined }, last);
}

/** A block of a target's chain. @param name its id, its height, or `tip` */
export async function placeOf(attacker: Attacker, target: Target, name: string): Promise<Place> {
  const header = async (which: string): Promise<Header> => {
    const { body, status } = await get(`${target.api}/v1/blocks/${which}`, {
      accept: 'application/octet-stream',
    });
    if (status !== 200) throw new Error(`no block ${which}: ${status}`);
    return decodeBlock(body, attacker.definition.params).sealed.header;
  };
  const { body, status } = await get(`${target.api}/v1/blocks/${name}`, {
    accept: 'application/octet-stream',
  });
  if (status !== 200) throw new Error(`no block ${name}: ${status}`);
  const { sealed } = decodeBlock(body, attacker.definition.params);
  const isFirst = sealed.header.height === 0n;
  return {
    id: blockId(sealed),
    header: sealed.header,
    parent: isFirst ? undefined : await header(bytesToHex(sealed.header.parent)),
  };
}

/** A header without a nonce. */
function draft(attacker: Attacker, place: Place, forgery: Forgery): Header {
  const { header = {}, timestampMs = Date.now(), transactions = [] } = forgery;
  const earliest = place.header.timestamp + 1n;
  const timestamp = BigInt(Math.floor(timestampMs));
  return {
    parent: idToBytes(place.id as Address),
    height: place.header.height + 1n,
    timestamp: timestamp > earliest ? timestamp : earliest,
    bits: nextBits(attacker.definition.params, place.header, place.parent),
    miner: idToBytes(attacker.key.address),
    transactionsRoot: transactionsRoot(transactions),
    // Two attackers, or one twice, never look for the same block.
    extra: randomBytes(8),
    ...header,
  };
}

/** Searches until it is found. @param isOutdated asked now and then; true gives up @returns undefined if it gave up */
async function seal(
  attacker: Attacker,
  header: Header,
  isOutdated: () => boolean,
): Promise<Uint8Array | undefined> {
  const target = targetFromBits(header.bits) ?? 0n;
  const batch = new NonceBatch(target > 1n << 247n ? 64 : BATCH_HASHES);
  batch.start(headerRoot(header), target);
  const work = Number(workOfBits(header.bits));
  const hashesEachMs = (attacker.hashShare * work) / Number(attacker.definition.params.blockInterval);
  const startedMs = performance.now();
  for (let batches = 1; ; batches++) {
    const nonce = batch.next();
    if (nonce !== undefined) {
      attacker.worked(work);
      return nonce;
    }
    if (batches % BATCHES_PER_TURN !== 0) continue;
    await new Promise((resolve) => setImmediate(resolve));
    const aheadMs = (batches * batch.size) / hashesEachMs - (performance.now() - startedMs);
    if (work > CHEAP_HASHES && aheadMs > 1) await attacker.pause(Math.min(aheadMs, LONGEST_PAUSE_MS));
    if (attacker.signal.aborted || isOutdated()) return undefined;
  }
}

/** @throws Error if the attack is over before */
export async function mineOn(attacker: Attacker, place: Place, forgery: Forgery = {}): Promise<Block> {
  const header = draft(attacker, place, forgery);
  const nonce = await seal(attacker, header, () => false);
  if (nonce === undefined) throw new Error('the attack is over');
  return { sealed: { header, nonce }, transactions: forgery.transactions ?? [] };
}

/** Mines on the tip of a target, whatever it is by then. @throws Error if the attack is over before */
export async function mineAtTip(
  attacker: Attacker,
  target: Target,
  forge: (tip: Place) => Forgery | Promise<Forgery> = () => ({}),
): Promise<{ block: Block; place: Place }> {
  while (!attacker.signal.aborted) {
    const place = await placeOf(attacker, target, 'tip');
    let isOutdated = false;
    const looking = setInterval(() => {
      get(`${target.api}/v1/status`).then(
        ({ body }) => {
          isOutdated ||= (JSON.parse(body.toString()) as { tip: string }).tip !== place.id;
        },
        () => {},
      );
    }, TIP_MS);
    try {
      const forgery = await forge(place);
      const header = draft(attacker, place, forgery);
      const nonce = await seal(attacker, header, () => isOutdated);
      if (nonce !== undefined)
        return { block: { sealed: { header, nonce }, transactions: forgery.transactions ?? [] }, place };
    } finally {
      clearInterval(looking);
    }
  }
  throw new Error('the attack is over');
}

/**
 * A chain nobody else has: empty blocks, each as easy as the rules allow.
 *
 * @param spacingMs between its times; more than an interval makes it easier and easier
 */
export async function privateChain(
  attacker: Attacker,
  from: Place,
  blocks: number,
  spacingMs: number,
): Promise<Block[]> {
  const chain: Block[] = [];
  let place = from;
  while (chain.length < blocks) {
    const timestampMs = Number(place.header.timestamp) + spacingMs;
    const block = await mineOn(attacker, place, { timestampMs });
    chain.push(block);
    place = after(place, block);
  }
  return chain;
}

/** A payment with a signature that is well made but wrong. */
export function wronglySigned(key: KeyPair, sequence: bigint, dataBytes = 0): SignedTransaction {
  return {
    transaction: draftPayment(key, sequence, { data: randomBytes(dataBytes) }),
    signature: wrongSignature(),
  };
}

/** Canonical, so that only the equation itself can tell. */
export function wrongSignature(): Uint8Array {
  const signature = randomBytes(64);
  // S well below the group's order; R's first bytes are a point's or not, as for any signature.
  signature[63] = 0x0f & (signature[63] as number);
  return signature;
}

interface PaymentFields {
  readonly amount?: bigint;
  /** Default: four notches a byte. */
  readonly fee?: bigint;
  readonly data?: Uint8Array;
  /** Default: an account nobody has. */
  readonly recipient?: Address;
}

export function payment(
  { definition }: Attacker,
  key: KeyPair,
  sequence: bigint,
  fields: PaymentFields = {},
): SignedTransaction {
  return signWith(definition.id, key, draftPayment(key, sequence, fields));
}

function draftPayment(key: KeyPair, sequence: bigint, fields: PaymentFields): Transaction {
  const { amount = 1n, data = new Uint8Array(0), recipient } = fields;
  return {
    sender: idToBytes(key.address),
    sequence,
    recipient: recipient === undefined ? randomBytes(32) : idToBytes(recipient),
    amount,
    fee: fields.fee ?? 4n * BigInt(160 + data.length),
    data,
  };
}
