/** What a daemon acknowledged, and whether it still has it. Acknowledged means kept: DESIGN, "How a node behaves". */
import { ApiError, type TallyClient } from '../../src/client/tally-client.ts';
import type { LogLine } from './tally-process.ts';

/** Requests under way at once. */
const PARALLEL = 8;
const PAGE = 1_000;

interface AcknowledgedTransaction {
  readonly id: string;
  /** As text. */
  readonly sender: string;
  readonly sequence: number;
}

export class Acknowledged {
  readonly transactions = new Map<string, AcknowledgedTransaction>();
  readonly blocks = new Set<string>();
  /** Blocks told since the last check. */
  #recentBlocks = new Set<string>();
  /** The highest block told to be on the chain. */
  height = 0;
  /**
   * The highest of those that stay over a crash: what was fetched while catching up may be fetched again. All blocks
   * have the same work, so a tip never gets lower.
   */
  #keptHeight = 0;

  addTransaction(transaction: AcknowledgedTransaction): void {
    this.transactions.set(transaction.id, transaction);
  }

  addBlocks(ids: readonly string[]): void {
    for (const id of ids) {
      this.blocks.add(id);
      this.#recentBlocks.add(id);
    }
  }

  /** What a daemon says in its log it says to everybody. */
  addLog(lines: readonly LogLine[]): void {
    for (const { event, height, id, onChain, source } of lines) {
      if (event === 'block.mined') this.addBlocks([String(id)]);
      if (event === 'block.mined' || (event === 'block.accepted' && onChain === true)) {
        this.height = Math.max(this.height, Number(height));
        if (source !== 'sync') this.#keptHeight = Math.max(this.#keptHeight, Number(height));
      }
    }
  }

  /** @param everything all blocks, not only those told since the last check @returns what is lost, in words */
  async findLost(client: TallyClient, everything = false): Promise<string[]> {
    const { height } = await client.call('status');
    const lower =
      height < this.#keptHeight ? [`the tip: it was at height ${this.#keptHeight} and is at ${height}`] : [];
    const blocks = [...(everything ? this.blocks : this.#recentBlocks)];
    this.#recentBlocks = new Set();
    const lostBlocks = await filterInParallel(blocks, async (id) => !(await hasBlock(client, id)));
    const known = await idsOfAll(
      client,
      new Set([...this.transactions.values()].map(({ sender }) => sender)),
    );
    const missing = [...this.transactions.values()].filter(({ id }) => !known.has(id));
    // It may have moved from the pool to the chain or back while those were read page by page.
    const lost = await filterInParallel(missing, async (transaction) => !(await isKept(client, transaction)));
    return [
      ...lower,
      ...lostBlocks.map((id) => `block ${id}`),
      ...lost.map(({ id, sender, sequence }) => `transaction ${id} (${sender} ${sequence})`),
    ];
  }
}

async function filterInParallel<T>(items: readonly T[], keep: (item: T) => Promise<boolean>): Promise<T[]> {
  const kept: T[] = [];
  for (let i = 0; i < items.length; i += PARALLEL) {
    const part = items.slice(i, i + PARALLEL);
    const verdicts = await Promise.all(part.map(keep));
    kept.push(...part.filter((_, index) => verdicts[index]));
  }
  return kept;
}

/** The body of a block that lost long ago is let go; that there was such a block is still told. */
async function hasBlock(client: TallyClient, block: string): Promise<boolean> {
  if ((await found(client.call('block', { params: { block } }))) !== undefined) return true;
  return (await found(client.call('chainFork', { params: { block } })))?.state === 'headers';
}

/** Pending or confirmed; or another transaction with its sender and sequence was confirmed, so it never can be. */
async function isKept(client: TallyClient, { id, sender, sequence }: AcknowledgedTransaction) {
  if ((await found(client.call('transaction', { params: { id } }))) !== undefined) return true;
  for await (const { transaction } of history(client, sender)) {
    if (transaction.sender === sender && transaction.sequence === sequence) return transaction.id !== id;
  }
  return false;
}

/** Ids of all transactions pending, or confirmed and of these senders. */
async function idsOfAll(client: TallyClient, senders: ReadonlySet<string>): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let from = 0; ; from += PAGE) {
    const { transactions } = await client.call('pool', { query: { from, limit: PAGE } });
    for (const { id } of transactions) ids.add(id);
    if (transactions.length < PAGE) break;
  }
  for (const sender of senders) {
    for await (const { transaction } of history(client, sender)) ids.add(transaction.id);
  }
  return ids;
}

async function* history(client: TallyClient, address: string) {
  let before: string | undefined;
  do {
    const page = await client.call('accountTransactions', {
      params: { address },
      query: { limit: PAGE, ...(before === undefined ? {} : { before }) },
    });
    yield* page.transactions;
    before = page.next;
  } while (before !== undefined);
}

/** @returns undefined for 404 */
async function found<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
