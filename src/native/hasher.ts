/**
 * Puts the native hasher under every SSZ type. Entry points import this before anything of `core/`:
 *
 *     import './native/hasher.ts';
 */
import { type Hasher, setHasher } from '@chainsafe/persistent-merkle-tree';

setHasher(await nativeHasher());

/** `hashtree` where it has a binary; elsewhere WebAssembly of the same function, about ten times slower. */
async function nativeHasher(): Promise<Hasher> {
  try {
    return (await import('@chainsafe/persistent-merkle-tree/hasher/hashtree')).hasher;
  } catch {
    return (await import('@chainsafe/persistent-merkle-tree/hasher/as-sha256')).hasher;
  }
}
