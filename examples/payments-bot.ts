/**
 * A bot that thanks for every payment it gets by sending back half of it.
 *
 *     node payments-bot.ts bot.json
 *
 * (in a checkout of Tallystick: node --conditions=tallystick-source examples/payments-bot.ts bot.json)
 *
 * It prints its address; pay that. Its wallet and all it has done are in the file (keep it to yourself). Kill it whenever
 * you like: a thank-you is signed and written down before it is sent, and sending the same signed transaction
 * twice pays once. The daemon is at TALLY_API, or on this machine.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import {
  type BlockPlace,
  formatAddress,
  formatTally,
  KeyFile,
  type SignedPayment,
  TallyClient,
  Wallet,
  writeUnencrypted,
} from 'tallystick/client';

/** A reorganisation this deep is no accident: what is buried so deep is taken as paid. */
const CONFIRMATIONS = 3;
/** Notches. The other half pays the fee, which is below 200 notches. */
const LEAST_THANKS = 1_000n;

interface Diary {
  /** A key file: whoever has it can spend all the bot has. */
  readonly wallet: string;
  /** All payments up to this block are answered. */
  after?: BlockPlace;
  /** Thank-yous, by the payment they answer. One may have been signed and not sent. */
  readonly thanks: Record<string, SignedPayment>;
}

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node payments-bot.ts FILE');
  process.exit(2);
}

const client = new TallyClient({ ...(process.env.TALLY_API && { url: process.env.TALLY_API }) });
const diary = openDiary(file);
const account = (await new KeyFile(diary.wallet).unlock()).account(0);
const ownAddress = formatAddress(account.address);
saveDiary(file);
console.log(`pay ${ownAddress}`);

const stop = new AbortController();
process.on('SIGINT', () => stop.abort()).on('SIGTERM', () => stop.abort());

for await (const { type, block } of client.blocks({
  from: 1,
  ...(diary.after && { after: diary.after }),
  confirmations: CONFIRMATIONS,
  signal: stop.signal,
})) {
  // Deeper than the confirmations we wait for: what we gave for those payments is gone.
  if (type === 'disconnected') continue;
  for (const { id, sender, recipient, amount } of block.transactions) {
    if (recipient === ownAddress && sender !== ownAddress) await thank(id, sender, BigInt(amount) / 2n);
  }
  diary.after = { id: block.id, height: block.header.height };
  saveDiary(file as string);
}

/** @param id of the payment received */
async function thank(id: string, to: string, half: bigint): Promise<void> {
  if (half < LEAST_THANKS) return;
  let thanks = diary.thanks[id];
  if (thanks === undefined) {
    thanks = await client.signPayment(account, { to, amount: half, data: Buffer.from('thank you') });
    diary.thanks[id] = thanks;
    saveDiary(file as string);
  }
  await client.submit(thanks);
  console.log(`thanked ${to} with ${formatTally(half)} for ${id}`);
}

function openDiary(path: string): Diary {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Diary;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { wallet: writeUnencrypted(Wallet.create()), thanks: {} };
  }
}

/** In one step, and only for the owner to read. */
function saveDiary(path: string): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(diary, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
