/**
 * A process that opens the store in the folder it is given and keeps committing: commit n writes n in two
 * tables, every tenth `full`, the others `bulk`. Prints `open`, then a line a commit. For tests that kill it.
 */
import '../../src/native/hasher.ts';
import type { Address } from '../../src/core/identifiers.ts';
import { SqliteStore } from '../../src/store/sqlite-store.ts';
import { testNetwork } from './ledger.ts';

const COMMITS = 100_000;

const [folder = ''] = process.argv.slice(2);
const store = SqliteStore.open({ folder, network: testNetwork() });
const address = '11'.repeat(32) as Address;
process.stdout.write('open\n');

let count = 0;
setInterval(() => {
  if (count === COMMITS) process.exit();
  count += 1;
  store.atomically(
    () => {
      store.accounts.set(address, { balance: BigInt(count), sequence: 0n });
      store.peers.put({ address: '/peer', lastSeenMs: count });
    },
    count % 10 === 0 ? 'full' : 'bulk',
  );
  process.stdout.write(`${count}\n`);
}, 1);
