/** Signature checks as they travel to a verifying thread: one buffer, 128 bytes a check. */
import type { SignatureCheck } from '../core/signature.ts';

const MESSAGE_BYTES = 32;
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_AT = MESSAGE_BYTES;
const SIGNATURE_AT = PUBLIC_KEY_AT + PUBLIC_KEY_BYTES;
const CHECK_BYTES = SIGNATURE_AT + SIGNATURE_BYTES;

/** To a thread. */
export interface VerifyRequest {
  /** Comes back with the answer. */
  readonly piece: number;
  /** `count` × (message ‖ public key ‖ signature). */
  readonly checks: Uint8Array<ArrayBuffer>;
  readonly count: number;
}

/** From a thread. */
export interface VerifyAnswer {
  readonly piece: number;
  /** A byte a check: 1 if the signature is valid. */
  readonly verdicts: Uint8Array;
}

/** @throws RangeError if a field has another length than `SignatureCheck` says */
export function requireCheck({ message, publicKey, signature }: SignatureCheck): void {
  if (message.length !== MESSAGE_BYTES) throw new RangeError(`message: ${message.length} bytes, not 32`);
  if (publicKey.length !== PUBLIC_KEY_BYTES)
    throw new RangeError(`publicKey: ${publicKey.length} bytes, not 32`);
  if (signature.length !== SIGNATURE_BYTES)
    throw new RangeError(`signature: ${signature.length} bytes, not 64`);
}

/** @param checks every one of them passed `requireCheck` */
export function packChecks(checks: readonly SignatureCheck[]): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(checks.length * CHECK_BYTES);
  for (const [i, { message, publicKey, signature }] of checks.entries()) {
    packed.set(message, i * CHECK_BYTES);
    packed.set(publicKey, i * CHECK_BYTES + PUBLIC_KEY_AT);
    packed.set(signature, i * CHECK_BYTES + SIGNATURE_AT);
  }
  return packed;
}

/** The `i`th check, as views of `packed`. */
export function unpackCheck(packed: Uint8Array, i: number): SignatureCheck {
  const check = packed.subarray(i * CHECK_BYTES, (i + 1) * CHECK_BYTES);
  return {
    message: check.subarray(0, PUBLIC_KEY_AT),
    publicKey: check.subarray(PUBLIC_KEY_AT, SIGNATURE_AT),
    signature: check.subarray(SIGNATURE_AT),
  };
}
