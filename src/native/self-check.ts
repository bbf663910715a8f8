/**
 * What a daemon checks about its libraries before it starts. A verifier that judges one signature otherwise
 * than its peers splits the network, and libsodium's rule may change with a version: so the decisive cases
 * are tried at every start, and on a mismatch the daemon refuses to run.
 */
import { digest64 } from '@chainsafe/persistent-merkle-tree';
import { invariant } from '../core/errors.ts';
import { transactionsRoot } from '../core/hashing.ts';
import { bytesToHex, hexToBytes } from '../core/hex.ts';
import type { VerifySignature } from '../core/signature.ts';
import { type SignedTransaction, TransactionsType } from '../core/types.ts';
import { verifySignature } from './signatures.ts';

/** Everything below, for what this process uses. @throws InvariantError if a library breaks a rule of the ledger */
export function checkNative(): void {
  checkHasher();
  checkSignatureRule(verifySignature);
}

interface SignatureCase {
  readonly what: string;
  readonly valid: boolean;
  readonly message: string;
  readonly publicKey: string;
  readonly signature: string;
}

/**
 * The ed25519-speccheck cases (Chalkias, Garillot, Nikolaenko: "Taming the many EdDSAs", 2020), and one
 * everyday signature, whole and with S + L. Small order and mixed order speak of torsion in A (the key) or R.
 */
const SIGNATURE_CASES: readonly SignatureCase[] = [
  {
    what: 'speccheck 0: small-order A and R',
    valid: false,
    message: '8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6',
    publicKey: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    signature:
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000',
  },
  {
    what: 'speccheck 1: small-order A',
    valid: false,
    message: '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    publicKey: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    signature:
      'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  },
  {
    what: 'speccheck 2: small-order R',
    valid: false,
    message: 'aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab',
    publicKey: 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    signature:
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e',
  },
  {
    what: 'speccheck 3: mixed-order A and R, the cofactorless equation holds',
    valid: true,
    message: '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    publicKey: 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    signature:
      '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
  },
  {
    what: 'speccheck 4: only the cofactored equation holds',
    valid: false,
    message: 'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    publicKey: 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    signature:
      '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
  },
  {
    what: 'speccheck 5: only the cofactored equation holds, and only with k unreduced',
    valid: false,
    message: 'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    publicKey: 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    signature:
      '21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405',
  },
  {
    what: 'speccheck 6: S above L',
    valid: false,
    message: '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    publicKey: '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    signature:
      'e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514',
  },
  {
    what: 'speccheck 7: S far above L',
    valid: false,
    message: '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    publicKey: '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    signature:
      '8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22',
  },
  {
    what: 'speccheck 8: non-canonical small-order R, hashed reduced',
    valid: false,
    message: '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    publicKey: 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    signature:
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f',
  },
  {
    what: 'speccheck 9: non-canonical small-order R, hashed as it stands',
    valid: false,
    message: '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    publicKey: 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    signature:
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908',
  },
  {
    what: 'speccheck 10: non-canonical small-order A, hashed reduced',
    valid: false,
    message: 'e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b',
    publicKey: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    signature:
      'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  },
  {
    what: 'speccheck 11: non-canonical small-order A, hashed as it stands',
    valid: false,
    message: '39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f',
    publicKey: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    signature:
      'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  },
  {
    what: 'an everyday signature',
    valid: true,
    message: '0909090909090909090909090909090909090909090909090909090909090909',
    publicKey: 'ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c',
    signature:
      '76fed99e8d162e60c2e183c5ef8f28eb1c8badfd367b33bd45d1890f61880885bf3ee814c8a654446c668c55f8bc6ed86097171afd0c6027bbfcf597ff91bf09',
  },
  {
    what: 'the same with S + L',
    valid: false,
    message: '0909090909090909090909090909090909090909090909090909090909090909',
    publicKey: 'ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c',
    signature:
      '76fed99e8d162e60c2e183c5ef8f28eb1c8badfd367b33bd45d1890f61880885ac12de71e209679c420384f8d6b64ded6097171afd0c6027bbfcf597ff91bf19',
  },
];

/** @throws InvariantError naming the case in which `verify` does not follow the signature rule */
export function checkSignatureRule(verify: VerifySignature): void {
  for (const { what, valid, message, publicKey, signature } of SIGNATURE_CASES) {
    const verdict = verify({
      message: hexToBytes(message),
      publicKey: hexToBytes(publicKey),
      signature: hexToBytes(signature),
    });
    invariant(
      verdict === valid,
      `the signature verifier must ${valid ? 'accept' : 'refuse'} this case: ${what}. It follows another ` +
        'rule than the network: install the exact version of sodium-native that package-lock.json names',
    );
  }
}

/** SHA-256 of 64 zero bytes: the lowest zero hash of every SSZ tree. */
const HASH_OF_ZEROS = 'f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b';
/** Enough to fill the batches a vectorised hasher works in, and to leave a rest. */
const SAMPLE_TRANSACTIONS = 37;
/** Root of the sample, computed by the independent SSZ in `test/support/independent-ssz.ts`. */
const SAMPLE_ROOT = 'aa354776a277e8cdc4ce00512336a17e34850f5a0e05674e2432180b7f8fe83b';

/** Transactions of many lengths, every byte from a counter. */
export function sampleTransactions(): SignedTransaction[] {
  let counter = 0;
  const bytes = (length: number) => Uint8Array.from({ length }, () => counter++ & 0xff);
  return Array.from({ length: SAMPLE_TRANSACTIONS }, (_, i) => ({
    transaction: {
      sender: bytes(32),
      sequence: BigInt(i),
      recipient: bytes(32),
      amount: BigInt(i) << 40n,
      fee: BigInt(i * i),
      data: bytes((i * 29) % 1_025),
    },
    signature: bytes(64),
  }));
}

/** @throws InvariantError if the hasher under the SSZ types is not SHA-256 */
export function checkHasher(): void {
  const hash = bytesToHex(digest64(new Uint8Array(32), new Uint8Array(32)));
  invariant(hash === HASH_OF_ZEROS, `the hasher must give SHA-256; for 64 zero bytes it gave ${hash}`);
  const sample = sampleTransactions();
  // The one hashes in batches of our own, the other as the SSZ types do.
  for (const root of [transactionsRoot(sample), TransactionsType.hashTreeRoot(sample)].map(bytesToHex)) {
    invariant(root === SAMPLE_ROOT, `the hasher must give the known root in batches too; it gave ${root}`);
  }
}
