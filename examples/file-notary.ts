/**
 * A notary: puts the fingerprint of every file that appears in a folder on record, and writes a receipt beside it.
 *
 *     node file-notary.ts notary.json folder
 *
 * (in a checkout of Tallystick: node --conditions=tallystick-source examples/file-notary.ts notary.json folder)
 *
 * It prints its address; pay that a little, for the fees. Its wallet and all it has signed are in the first file (keep
 * it to yourself). Stop it whenever you like: a record is signed and written down before it is sent, and sending the
 * same signed transaction twice records once. Anybody can check a receipt offline: tally verify x.receipt.json x. The
 * daemon is at TALLY_API, or on this machine.
 */
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ApiError,
  ConnectionError,
  encodeRecord,
  formatAddress,
  KeyFile,
  type NetworkFile,
  ReceiptError,
  type SignedPayment,
  TallyClient,
  verifyReceipt,
  Wallet,
  writeUnencrypted,
} from 'tallystick/client';

/** Headers in a receipt: the more, the harder to forge. */
const CONFIRMATIONS = 3;
/** Between two looks at the folder. A file that changed since the one before is not finished yet. */
const ROUND_MS = 1_000;
const RECEIPT = '.receipt.json';

interface Diary {
  /** A key file: whoever has it can spend what the notary has. */
  readonly wallet: string;
  /** As the daemon said when we first met. Receipts are of this network, whatever a daemon says later. */
  readonly network: NetworkFile;
  /** By SHA-256 of the file. One may have been signed and not sent. */
  readonly records: Record<string, SignedPayment>;
}

const [file, folder] = process.argv.slice(2);
if (file === undefined || folder === undefined) {
  console.error('usage: node file-notary.ts FILE FOLDER');
  process.exit(2);
}

const stop = new AbortController();
process.on('SIGINT', () => stop.abort()).on('SIGTERM', () => stop.abort());
const { signal } = stop;

const client = new TallyClient({ ...(process.env.TALLY_API && { url: process.env.TALLY_API }) });
const diary = await openDiary(file);
saveAs(file, diary);
const hashed = new Map<string, string>();
const account = (await new KeyFile(diary.wallet).unlock()).account(0);
const ownAddress = formatAddress(account.address);
console.log(`pay ${ownAddress}`);
for (const name of readdirSync(folder)) if (name.endsWith(RECEIPT)) await check(join(folder, name));

let told = '';
while (!signal.aborted) {
  try {
    for (const path of newFiles(folder)) await notarise(path);
    told = '';
  } catch (error) {
    if (!mayPass(error)) throw error;
    if (error.message !== told && !signal.aborted) console.log(`later: ${error.message}`);
    told = error.message;
  }
  await delay(ROUND_MS, undefined, { signal }).catch(() => {});
}

/** No money yet, no daemon, or a file that was taken away: it may be better in the next round. */
function mayPass(error: unknown): error is Error {
  return error instanceof ApiError || error instanceof ConnectionError || isGone(error);
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Finished files without a receipt. */
function newFiles(path: string): string[] {
  const names = new Set(readdirSync(path));
  return [...names]
    .filter((name) => !name.startsWith('.') && !name.endsWith(RECEIPT) && !names.has(name + RECEIPT))
    .map((name) => join(path, name))
    .filter((one) => {
      const found = statSync(one);
      return found.isFile() && Date.now() - found.mtimeMs > ROUND_MS;
    });
}

/** One step further: signed, sent, and once it is buried deep enough, a receipt. Every round asks again. */
async function notarise(path: string): Promise<void> {
  const sha256 = await fingerprint(path);
  const record = diary.records[sha256] ?? (await sign(path, sha256));
  try {
    await client.submit(record, { signal });
  } catch (error) {
    // Refused, and not only because the daemon is busy: it is on no ledger, and will be signed anew.
    if (error instanceof ApiError && error.status < 429) {
      delete diary.records[sha256];
      saveAs(file as string, diary);
    }
    throw error;
  }
  const { confirmations } = await client.transaction(record.id, { signal });
  if (confirmations < CONFIRMATIONS) return;
  const wanted = { params: { id: record.id }, query: { confirmations: CONFIRMATIONS } };
  const receipt = await client.call('receipt', wanted, { signal });
  // Kept only if it would convince somebody who does not trust the daemon.
  const { block } = await verifyReceipt(receipt, diary.network, { fileSha256: Buffer.from(sha256, 'hex') });
  saveAs(path + RECEIPT, receipt);
  console.log(`receipt ${basename(path)} in block #${block.height}`);
}

async function sign(path: string, sha256: string): Promise<SignedPayment> {
  const data = encodeRecord({ sha256: Buffer.from(sha256, 'hex'), note: basename(path) });
  // A record pays nothing, to its own sender.
  const record = await client.signPayment(account, { to: ownAddress, amount: 0n, data }, { signal });
  diary.records[sha256] = record;
  saveAs(file as string, diary);
  console.log(`record ${basename(path)} ${record.id}`);
  return record;
}

/** Whether a receipt of an earlier run still fits its file. */
async function check(path: string): Promise<void> {
  const original = path.slice(0, -RECEIPT.length);
  try {
    const fileSha256 = Buffer.from(await fingerprint(original), 'hex');
    await verifyReceipt(readFileSync(path), diary.network, { fileSha256 });
    console.log(`good ${basename(original)}`);
  } catch (error) {
    if (!isGone(error) && !(error instanceof ReceiptError)) throw error;
    console.log(
      `bad ${basename(original)}: ${isGone(error) ? 'the file is gone' : (error as Error).message}`,
    );
  }
}

/** SHA-256 in hex, computed once for each state of a file. */
async function fingerprint(path: string): Promise<string> {
  const { mtimeMs, size } = statSync(path);
  const state = `${path} ${size} ${mtimeMs}`;
  const known = hashed.get(state);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const sha256 = hash.digest('hex');
  hashed.set(state, sha256);
  return sha256;
}

async function openDiary(path: string): Promise<Diary> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Diary;
  } catch (error) {
    if (!isGone(error)) throw error;
    const { params } = await client.call('network');
    return { wallet: writeUnencrypted(Wallet.create()), network: params, records: {} };
  }
}

/** In one step, and only for the owner to read. */
function saveAs(path: string, content: object): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
