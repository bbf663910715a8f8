/**
 * Follows the chain and keeps the balances of some addresses in a file.
 *
 *     node block-follower.ts balances.json tally1… tally1…
 *
 * (in a checkout of Tallystick: node --conditions=tallystick-source examples/block-follower.ts …)
 *
 * Stop it and start it again as you like: the file says which block it stands at. When the chain turns to another
 * branch, what the blocks left behind had moved is moved back first. The daemon is at TALLY_API, or on this machine.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type BlockJson, type BlockPlace, formatTally, TallyClient } from 'tallystick/client';

interface Book {
  /** The last block taken in. */
  after?: BlockPlace;
  /** Notches, by address. */
  balances: Record<string, string>;
}

const [file, ...addresses] = process.argv.slice(2);
if (file === undefined || addresses.length === 0) {
  console.error('usage: node block-follower.ts FILE ADDRESS…');
  process.exit(2);
}

const client = new TallyClient({ ...(process.env.TALLY_API && { url: process.env.TALLY_API }) });
const { params } = await client.call('network');
const book = openBook(file);

const stop = new AbortController();
process.on('SIGINT', () => stop.abort()).on('SIGTERM', () => stop.abort());

for await (const { type, block } of client.blocks({
  from: 1,
  ...(book.after && { after: book.after }),
  signal: stop.signal,
})) {
  const sign = type === 'connected' ? 1n : -1n;
  for (const [address, change] of changes(block)) move(address, sign * change);
  const { height, parent } = block.header;
  book.after = type === 'connected' ? { id: block.id, height } : { id: parent, height: height - 1 };
  saveBook(file);
  console.log(`${type} #${height}`, ...addresses.map((one) => formatTally(BigInt(book.balances[one] ?? 0))));
}

/** What a block adds to each balance, or takes from it. */
function changes({ header, transactions }: BlockJson): [address: string, notches: bigint][] {
  let reward = subsidyAt(header.height);
  const moved: [string, bigint][] = [];
  for (const { sender, recipient, amount, fee } of transactions) {
    moved.push([sender, -BigInt(amount) - BigInt(fee)], [recipient, BigInt(amount)]);
    reward += BigInt(fee);
  }
  return [...moved, [header.miner, reward]];
}

/** What a miner gets for a block besides its fees: half as much every `halvingInterval` blocks. */
function subsidyAt(height: number): bigint {
  const { subsidy, halvingInterval } = params;
  return halvingInterval === 0
    ? BigInt(subsidy)
    : BigInt(subsidy) >> BigInt(Math.floor(height / halvingInterval));
}

function move(address: string, notches: bigint): void {
  const balance = book.balances[address];
  if (balance !== undefined) book.balances[address] = String(BigInt(balance) + notches);
}

/** The file of an earlier run, or what the addresses had before the first block. */
function openBook(path: string): Book {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Book;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const allocated = new Map(params.allocations.map(({ address, amount }) => [address, amount]));
    return { balances: Object.fromEntries(addresses.map((one) => [one, allocated.get(one) ?? '0'])) };
  }
}

/** Balances and the block they belong to are written in one step: a crash leaves the old file or the new one. */
function saveBook(path: string): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(book, undefined, 2)}\n`);
  renameSync(`${path}.new`, path);
}
