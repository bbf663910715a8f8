/** The signature rule by libsodium. The version is pinned exactly: a verifier's rule is consensus. */
import sodium from 'sodium-native';
import type { SignatureCheck } from '../core/signature.ts';

export function verifySignature({ message, publicKey, signature }: SignatureCheck): boolean {
  return sodium.crypto_sign_verify_detached(asBuffer(signature), asBuffer(message), asBuffer(publicKey));
}

/** The same memory under the type libsodium's binding declares. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
