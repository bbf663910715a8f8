/** A wallet's key: made, and used to sign. Verifying is consensus and stays with libsodium; signing has one right answer. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { makeTransaction } from '../core/encoding.ts';
import { signingMessage, transactionId, transactionRoot } from '../core/hashing.ts';
import {
  type Address,
  idFromBytes,
  idToBytes,
  type NetworkId,
  type TransactionId,
} from '../core/identifiers.ts';
import type { SignedTransaction } from '../core/types.ts';

const SEED_BYTES = 32;

export interface KeyPair {
  readonly address: Address;
  /** 32 secret bytes; everything else follows from them. */
  readonly seed: Uint8Array;
}

/** A new key from the platform's secure randomness. */
export function generateKeyPair(): KeyPair {
  return keyPairFromSeed(crypto.getRandomValues(new Uint8Array(SEED_BYTES)));
}

/** @throws RangeError if the seed has not 32 bytes */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  if (seed.length !== SEED_BYTES) throw new RangeError(`a seed has ${SEED_BYTES} bytes, not ${seed.length}`);
  return { address: idFromBytes<Address>(ed25519.getPublicKey(seed)), seed };
}

export interface Payment {
  readonly recipient: Address;
  /** The count of the sender's transactions so far: `pending.sequence` of its account. */
  readonly sequence: bigint;
  /** Notches. */
  readonly amount: bigint;
  /** Notches. */
  readonly fee: bigint;
  /** Up to 1,024 bytes. */
  readonly data?: Uint8Array;
}

/**
 * Signs a payment for one network; on any other it is worth nothing.
 *
 * @throws RangeError naming the field that does not fit
 */
export function signPayment(
  network: NetworkId,
  key: KeyPair,
  payment: Payment,
): { id: TransactionId; signed: SignedTransaction } {
  const transaction = makeTransaction({
    sender: idToBytes(key.address),
    sequence: payment.sequence,
    recipient: idToBytes(payment.recipient),
    amount: payment.amount,
    fee: payment.fee,
    data: payment.data ?? new Uint8Array(0),
  });
  const message = signingMessage(idToBytes(network), transactionRoot(transaction));
  return {
    id: transactionId(transaction),
    signed: { transaction, signature: ed25519.sign(message, key.seed) },
  };
}
