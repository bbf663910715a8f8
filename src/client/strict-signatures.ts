/**
 * The signature rule where there is no native library: libsodium in WebAssembly. Loaded when a signature is to be
 * verified, for it is the largest part of a page that checks receipts.
 *
 * The version is pinned exactly, as the native one is: a verifier's rule is consensus.
 */
import type { VerifySignature } from '../core/signature.ts';

export async function loadSignatureVerifier(): Promise<VerifySignature> {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  return ({ message, publicKey, signature }) =>
    sodium.crypto_sign_verify_detached(signature, message, publicKey);
}
