/**
 * A process that moves the tip of a ledger to a longer branch as a node does, and tells how that went. The
 * folder holds both branches but for the last block.
 *
 *     node scripts/bench/reorganise-process.ts FOLDER NETWORK-FILE LAST-BLOCK
 */
import '../../src/native/hasher.ts';
import { readFile } from 'node:fs/promises';
import { Chain } from '../../src/chain/chain.ts';
import { Mempool } from '../../src/chain/mempool.ts';
import { PoolJournal } from '../../src/chain/pool-journal.ts';
import { trustBlock } from '../../src/chain/records.ts';
import { decodeBlock } from '../../src/core/encoding.ts';
import { blockId } from '../../src/core/hashing.ts';
import { parseNetworkFile } from '../../src/core/network-file.ts';
import { defineNetwork } from '../../src/core/network-params.ts';
import { BlockQueue } from '../../src/node/block-queue.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import { steadyLoop, watchLoop } from './event-loop.ts';
import { idOf } from './ledger.ts';

/** What a reorganisation came to. */
export interface Reorganised {
  /** From the last block to the pool and the accounts being where they belong. */
  readonly ms: number;
  /** From the last block to everybody seeing the new tip. */
  readonly seenMs: number;
  readonly longestDelayMs: number;
  /** The longest turn's processor time: what is left of the delay on a machine that does nothing else. */
  readonly longestTurnMs: number;
  /** Of a loop that only works a little a turn, for as long, right afterwards. */
  readonly steadyDelayMs: number;
  /** Transactions of the old branch that wait again. */
  readonly returned: number;
  /** Bytes. */
  readonly rss: number;
}

/** Changes of the pool written in one commit, as the node does. */
const POOL_CHANGES_PER_COMMIT = 512;

const [folder = '', networkFile = '', blockFile = ''] = process.argv.slice(2);
const network = defineNetwork(parseNetworkFile(JSON.parse(await readFile(networkFile, 'utf8'))));
const block = decodeBlock(await readFile(blockFile), network.params);
const store = SqliteStore.open({ folder, network });
const chain = Chain.open(network, store);
const pool = new Mempool(chain);
const journal = PoolJournal.open(store, pool);
const queue = new BlockQueue({
  chain,
  clock: {
    now: () => Number(block.sealed.header.timestamp),
    elapsed: () => performance.now(),
    after: (_, call) => {
      const immediate = setImmediate(() => {
        const before = processorMs();
        call();
        // What the call resolves runs before the next turn.
        setImmediate(() => {
          longestTurnMs = Math.max(longestTurnMs, processorMs() - before);
        });
      });
      return () => clearImmediate(immediate);
    },
  },
  onTurn: () => {
    if (journal.pending >= POOL_CHANGES_PER_COMMIT) setImmediate(() => journal.flush());
  },
});
let longestTurnMs = 0;
let seenAt = 0;
chain.onTipChange(() => {
  seenAt = performance.now();
});
await steadyLoop(100);
const delays = watchLoop();
const start = performance.now();
const added = await queue.add(
  [trustBlock({ id: blockId(block.sealed), block, transactionIds: block.transactions.map(idOf) })],
  'full',
);
const ms = performance.now() - start;
const longestDelayMs = delays.longest();
const kind = added?.results[0]?.kind;
if (kind !== 'connected') throw new Error(`the last block was ${kind}`);
const told: Reorganised = {
  ms,
  seenMs: seenAt - start,
  longestDelayMs,
  longestTurnMs,
  steadyDelayMs: await steadyLoop(Math.max(ms, 200)),
  returned: pool.count,
  rss: process.memoryUsage.rss(),
};
process.stdout.write(`${JSON.stringify(told)}\n`);
journal.flush();
store.close();

function processorMs(): number {
  const { system, user } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
