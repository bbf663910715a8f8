/**
 * Can the swarm find bugs? Plants one at a time in a copy of the sources, and runs seeds until a rule is broken.
 *
 *     node scripts/planted-bugs.ts [--seeds N] [--json] [NAME …]
 *
 * Exits with 1 if any bug stays hidden for N (1,000) seeds.
 */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

interface Bug {
  readonly name: string;
  readonly what: string;
  readonly file: string;
  /** Stands there once. */
  readonly right: string;
  readonly wrong: string;
}

const BUGS: readonly Bug[] = [
  {
    name: 'fork-choice',
    what: 'the longest chain wins instead of the one with the most work',
    file: 'chain/block-commit.ts',
    right: 'if (record.work <= this.#tip.work) return',
    wrong: 'if (record.height <= this.#tip.height) return',
  },
  {
    name: 'reorganisation',
    what: 'blocks left behind are undone lowest first',
    file: 'chain/branch-switch.ts',
    right: '    .reverse()\n    .map((record) => {\n      const stored',
    wrong: '    .map((record) => {\n      const stored',
  },
  {
    name: 'undo',
    what: 'a reorganisation leaves accounts that were new with their money',
    file: 'chain/state-view.ts',
    right: 'undo.set(address, before);',
    wrong: 'if (before.balance > 0n) undo.set(address, before);',
  },
  {
    name: 'pool',
    what: 'a queue that was replaced still counts as the sender’s (found by the swarm itself, seed 1)',
    file: 'chain/mempool.ts',
    right: 'this.#queues.get(sender)?.retire() ?? []',
    wrong: 'this.#queues.get(sender)?.entries.map(({ checked }) => checked) ?? []',
  },
  {
    name: 'pool-money',
    what: 'a pool forgets what a sender’s earlier transactions cost',
    file: 'chain/sender-queue.ts',
    right: 'balance: this.entries[count - 1]?.left ?? this.confirmed.balance,',
    wrong: 'balance: this.confirmed.balance,',
  },
  {
    name: 'sync',
    what: 'a block whose fetch failed counts as asked for',
    file: 'node/body-sync.ts',
    right: 'if (asked?.peers.size === 0) this.#asked.delete(id);',
    wrong: '',
  },
  {
    name: 'crash-recovery',
    what: 'acknowledged transactions are not forced to disk',
    file: 'node/pool-keeping.ts',
    right: 'const synced = this.#options.journal.synced();',
    wrong: 'const synced = Promise.resolve();',
  },
  {
    name: 'crash-mined',
    what: 'an own block is told before it is safe on disk',
    file: 'node/blocks.ts',
    right: "queue.add([checked], 'full')",
    wrong: "queue.add([checked], 'bulk')",
  },
  {
    name: 'relay',
    what: 'signatures of gossiped transactions are not looked at',
    file: 'node/block-check.ts',
    right: 'verdicts[position] !== true',
    wrong: 'verdicts[position] === undefined',
  },
  {
    name: 'compact',
    what: 'a body put together from short ids is not compared with the header’s root',
    file: 'node/block-check.ts',
    right:
      'requireTransactionsRoot(rootOfSignedRoots(signedTransactionRoots(ids, transactions)), sealed.header);',
    wrong: 'rootOfSignedRoots(signedTransactionRoots(ids, transactions));',
  },
];

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '1000' }, json: { type: 'boolean', default: false } },
});

interface Outcome {
  readonly bug: string;
  readonly what: string;
  readonly seed: number | undefined;
  readonly check: string | undefined;
  readonly seconds: number;
}

const outcomes: Outcome[] = [];
for (const bug of BUGS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const outcome = await hunt(bug);
  outcomes.push(outcome);
  if (!values.json) {
    const found = outcome.seed === undefined ? 'not found' : `seed ${outcome.seed}, by ${outcome.check}`;
    console.log(
      `${bug.name.padEnd(16)} ${found.padEnd(32)} ${outcome.seconds.toFixed(0).padStart(4)} s  ${bug.what}`,
    );
  }
}
if (values.json) console.log(JSON.stringify(outcomes, null, 2));
if (outcomes.some(({ seed }) => seed === undefined)) process.exitCode = 1;

async function hunt(bug: Bug): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'tallystick-planted-'));
  const startMs = performance.now();
  try {
    for (const name of ['src', 'scripts', 'test', 'package.json']) {
      await cp(join(ROOT, name), join(folder, name), { recursive: true });
    }
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'test/simulation/failed-seeds.json'), '[]\n');
    await plant(join(folder, 'src', bug.file), bug);
    const text = await runSwarm(folder);
    const [, seed, rest = ''] = /seed (\d+) broke .*\n(.*)/.exec(text) ?? [];
    const [, check] = /event \d+, ([a-z-]+),/.exec(rest) ?? [];
    return {
      bug: bug.name,
      what: bug.what,
      seed: seed === undefined ? undefined : Number(seed),
      check,
      seconds: (performance.now() - startMs) / 1_000,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function plant(path: string, { name, right, wrong }: Bug): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (text.split(right).length !== 2)
    throw new Error(`${name}: what is to be changed stands not once in ${path}`);
  await writeFile(path, text.replace(right, wrong));
}

/** @returns what it wrote to stderr */
function runSwarm(folder: string): Promise<string> {
  const script = join(folder, 'scripts/test-simulation.ts');
  const child = spawn(process.execPath, [script, '--seeds', values.seeds], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    child.once('error', reject);
    child.once('close', () => resolve(text));
  });
}
