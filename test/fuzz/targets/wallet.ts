/** Key files, with and without a right checksum. */
import { canonicalJson } from '../../../src/client/canonical-json.ts';
import { KeyFile, writeEncrypted, writeUnencrypted } from '../../../src/client/key-file.ts';
import { Wallet } from '../../../src/client/wallet.ts';
import { WalletError } from '../../../src/client/wallet-error.ts';
import { formatAddress } from '../../../src/core/address.ts';
import { sha256 } from '../../support/independent-ssz.ts';
import { bytesOf, type FuzzTarget, must, refusedBy, refusedLaterBy, textOf } from '../engine/target.ts';
import { POOR } from './examples.ts';

/** A fuzzer has no seconds to spare: what asks for more work than this is read and not opened. */
const MAX_SCRYPT_WORK = 2 ** 6;
const LOW_COST = { N: 2, r: 1, p: 1 };
const PASSPHRASE = 'fuzz';
const WORDS = `${'abandon '.repeat(23)}art`;

async function executeKeyFile(input: Uint8Array): Promise<void> {
  const text = textOf(input);
  await openFile(text);
  const summed = withChecksum(text);
  if (summed !== undefined) await openFile(summed);
}

async function openFile(text: string): Promise<void> {
  const file = refusedBy([WalletError], () => new KeyFile(text));
  if (file === undefined) return;
  for (const { name } of file.accounts)
    must(name === undefined || !/\p{C}/u.test(name), 'a name that moves the cursor');
  const { scrypt } = JSON.parse(text);
  if (scrypt !== undefined && scrypt.N * scrypt.r * scrypt.p > MAX_SCRYPT_WORK) return;
  const wallet = await refusedLaterBy([WalletError], () => file.unlock(PASSPHRASE));
  if (wallet === undefined) return;
  must(wallet.accounts.length === file.accounts.length, 'another number of accounts');
  const again = new KeyFile(writeUnencrypted(wallet));
  must(
    again.accounts.every(({ address }, index) => address === file.accounts[index]?.address),
    'is written with other accounts',
  );
}

/** The same file with the checksum it should have; undefined if it cannot have one. */
function withChecksum(text: string): string | undefined {
  try {
    const { checksum: _, ...content } = JSON.parse(text);
    const checksum = Buffer.from(sha256(bytesOf(canonicalJson(content)))).toString('hex');
    return JSON.stringify({ ...content, checksum });
  } catch {
    return undefined;
  }
}

async function seeds(): Promise<Uint8Array[]> {
  const plain = Wallet.fromWords(WORDS);
  plain.rename(0, 'one');
  const all = Wallet.withoutWords();
  all.importSeed(new Uint8Array(32).fill(7), 'brought');
  all.watch(POOR.address, 'watched');
  const [seed, { address }] = [
    new Uint8Array(32).fill(9),
    Wallet.withoutWords().importSeed(new Uint8Array(32).fill(9)),
  ];
  const single = {
    version: 1,
    kind: 'unencrypted-ed25519-seed',
    address: formatAddress(address),
    seed: Buffer.from(seed).toString('hex'),
  };
  return [
    writeUnencrypted(all),
    writeUnencrypted(plain),
    await writeEncrypted(all, PASSPHRASE, LOW_COST),
    JSON.stringify(single),
  ].map(bytesOf);
}

export const walletTargets: readonly FuzzTarget[] = [
  {
    name: 'key-file',
    shape: 'json',
    maxBytes: 64 * 1_024,
    seeds,
    open: () => ({ execute: executeKeyFile }),
    // Opening derives keys, and a command does it.
    stillMs: 200,
    share: 0.2,
  },
];
