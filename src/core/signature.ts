/**
 * The signature rule: Ed25519 over `sha256(networkId ‖ transactionId)`, by libsodium's strict rule:
 * S < L, A and R canonical, A and R not of small order, the cofactorless equation compared byte for byte.
 */
import { RuleError } from './errors.ts';
import { signingMessage, transactionId, transactionRoot } from './hashing.ts';
import { idToBytes, type NetworkId } from './identifiers.ts';
import { partOf } from './merkle.ts';
import { signingMessages } from './transaction-hashes.ts';
import type { SignedTransaction } from './types.ts';

/** One signature to check. */
export interface SignatureCheck {
  /** 32 bytes. */
  readonly message: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * Whose signatures wait: a caller of this node, a block, or a stranger's transactions. The first two go before the last.
 */
export type Urgency = 'own' | 'block' | 'stranger';

/** A verifier of the rule above. Which library does it is the entry point's choice: native, or WebAssembly. */
export type VerifySignature = (check: SignatureCheck) => boolean;

export function signatureCheck(signed: SignedTransaction, network: NetworkId): SignatureCheck {
  return {
    message: signingMessage(idToBytes(network), transactionRoot(signed.transaction)),
    publicKey: signed.transaction.sender,
    signature: signed.signature,
  };
}

/**
 * Of many transactions whose ids are known.
 *
 * @param networkId 32 bytes
 * @param ids of the transactions in their order, 32 bytes each
 */
export function signatureChecks(
  networkId: Uint8Array,
  ids: Uint8Array,
  transactions: readonly SignedTransaction[],
): SignatureCheck[] {
  const messages = signingMessages(networkId, ids);
  return transactions.map(({ signature, transaction }, index) => ({
    message: partOf(messages, index),
    publicKey: transaction.sender,
    signature,
  }));
}

/** @throws RuleError `invalid-signature`: also for a transaction signed for another network */
export function checkSignature(signed: SignedTransaction, valid: boolean): void {
  if (!valid) throw new RuleError('invalid-signature', `transaction ${transactionId(signed.transaction)}`);
}
