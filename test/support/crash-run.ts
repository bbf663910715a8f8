/**
 * Kills a daemon over and over while it starts, syncs, mines, reorganises, moves its log and stops, and looks after each
 * restart whether anything it acknowledged is lost. `npm run test:crash` kills often, a test a few times.
 */
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generateKeyPair } from '../../src/client/keys.ts';
import { idToBytes } from '../../src/core/identifiers.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import {
  defineNetwork,
  type NetworkDefinition,
  NOTCHES_PER_TALLY,
  TEST_PARAMS,
} from '../../src/core/network-params.ts';
import { ledgerPath } from '../../src/store/sqlite-store.ts';
import { Acknowledged } from './crash-acknowledged.ts';
import { Feeders } from './crash-feeders.ts';
import { FOLDER_LIVES, type FolderLife, liveInFolder } from './crash-folders.ts';
import { Workload } from './crash-workload.ts';
import { type LogLine, type TallyProcess, TallyProcesses } from './tally-process.ts';

const PHASES = [
  'starting',
  'syncing',
  'mining',
  'reorganising',
  'moving far',
  'moving the log',
  'stopping',
] as const;
type Phase = (typeof PHASES)[number];
type Life = Phase | FolderLife;
/** How often each is aimed at. */
const AIMS: readonly (readonly [Life, number])[] = [
  ['starting', 3],
  ['syncing', 4],
  ['mining', 4],
  ['reorganising', 4],
  ['moving far', 1],
  ['moving the log', 2],
  ['stopping', 3],
  ['first start', 2],
  ['migrating', 1],
  ['importing', 2],
];

export interface CrashOptions {
  readonly kills: number;
  /** Of every choice made here; what the processes make of it is up to their timing. */
  readonly seed: number;
  /** Told a line after each kill. */
  readonly progress: (line: string) => void;
}

export interface CrashReport {
  /** What the daemon was at when it was killed. */
  readonly killed: Readonly<Record<string, number>>;
  /** Acknowledged. */
  readonly transactions: number;
  /** Acknowledged. */
  readonly blocks: number;
  /** Of the chain in the end, validated as a whole. */
  readonly height: number;
  readonly reorganisations: number;
  /** In words; acknowledged and gone. */
  readonly lost: readonly string[];
}

const PAYERS = 3;
const TALLY_EACH = 1_000_000n;
/** The whole chain is validated again after so many kills. */
const VALIDATE_EVERY = 10;
/** Blocks a daemon has to sync, so that it takes a while. */
const SYNC_BLOCKS = { least: 60, most: 180 };
/** Blocks mined here that a reorganisation leaves behind, at least. */
const OWN_BLOCKS = 4;
/** Blocks the other fork is longer by. */
const LEAD = { least: 2, most: 8 };
/** So many are more than one commit moves the tip over. */
const FAR_LEAD = { least: 520, most: 560 };
/** How long a phase takes, about: the kill comes within. */
const PHASE_MS: Readonly<Record<Phase, number>> = {
  starting: 1_000,
  syncing: 600,
  mining: 800,
  reorganising: 500,
  'moving far': 1_500,
  'moving the log': 40,
  stopping: 150,
};
/** The log is moved by then, or never: most lives do not write enough. */
const LOG_MOVES_WITHIN_MS = 4_000;
const LOOK_MS = 2;
const LEVEL_ERROR = 50;
const VALIDATION_DEADLINE_MS = 60_000;

/** @throws Error if the daemon does not open again, logs an error, or keeps a chain that is not valid */
export async function runCrashes(options: CrashOptions): Promise<CrashReport> {
  const payers = Array.from({ length: PAYERS }, generateKeyPair);
  const definition = defineNetwork({
    ...TEST_PARAMS,
    genesisTime: BigInt(Date.now() - 60_000),
    allocations: payers.map(({ address }) => ({
      address: idToBytes(address),
      amount: TALLY_EACH * NOTCHES_PER_TALLY,
    })),
  });
  const random = randomFrom(options.seed);
  const acknowledged = new Acknowledged();
  const workload = new Workload(definition.id, payers, acknowledged, random);
  const processes = await TallyProcesses.create();
  const feeders = await Feeders.start(definition);
  try {
    const network = join(processes.folder, 'network.json');
    await writeFile(network, JSON.stringify(formatNetworkFile(definition.params)));
    const spawn = (): TallyProcess => processes.spawn({ network, peers: feeders.addresses });
    return await new CrashRun({
      ...options,
      random,
      acknowledged,
      workload,
      feeders,
      spawn,
      definition,
      data: join(processes.folder, 'data'),
      otherFolder: join(processes.folder, 'other'),
    }).run();
  } finally {
    await processes.close();
    await feeders.stop();
  }
}

interface CrashParts extends CrashOptions {
  readonly random: () => number;
  readonly acknowledged: Acknowledged;
  readonly workload: Workload;
  readonly feeders: Feeders;
  readonly spawn: () => TallyProcess;
  readonly definition: NetworkDefinition;
  /** The victim's. */
  readonly data: string;
  /** For lives that have a folder of their own. */
  readonly otherFolder: string;
}

class CrashRun {
  readonly #parts: CrashParts;
  readonly #killed: Record<string, number> = Object.fromEntries(
    [...PHASES, ...FOLDER_LIVES].map((life) => [life, 0]),
  );
  readonly #lost: string[] = [];
  #reorganisations = 0;
  /** The victim's, in every life. */
  #peerId = '';
  /** After which kill. */
  #validatedAt = 0;

  constructor(parts: CrashParts) {
    this.#parts = parts;
  }

  async run(): Promise<CrashReport> {
    const { acknowledged, kills, progress, spawn } = this.#parts;
    const first = spawn();
    this.#peerId = (await first.started).peerId;
    await first.kill('SIGKILL');
    for (let kill = 1; kill <= kills; kill++) {
      const phase = await this.#live(kill);
      this.#killed[phase] = (this.#killed[phase] ?? 0) + 1;
      const { blocks, height, transactions } = acknowledged;
      progress(
        `${String(kill).padStart(4)}  killed ${phase.padEnd(14)}  height ${height}  acknowledged: ${transactions.size} transactions, ${blocks.size} blocks  lost: ${this.#lost.length}`,
      );
    }
    return this.#end();
  }

  /** One life of the daemon, from its start to its end by SIGKILL. @param kill its number @returns what it was at */
  async #live(kill: number): Promise<Life> {
    const { feeders, spawn, workload } = this.#parts;
    const aim = this.#aim();
    if (isFolderLife(aim)) return this.#liveElsewhere(aim);
    if (aim === 'syncing') await feeders.grow(this.#between(SYNC_BLOCKS));
    const { height: target } = feeders;
    // What it lost, no peer gives back before it is missed.
    feeders.shutOut(this.#peerId);
    const victim = spawn();
    if (aim === 'starting') {
      await delay(this.#moment(aim));
      return this.#kill(victim, target, aim);
    }
    const { addresses, peerId } = await victim.started;
    const there = { peerId, address: addresses[0] ?? '' };
    await this.#check(victim, kill);
    await feeders.letIn(there);
    if (aim !== 'syncing') await caughtUp(victim, target);
    const work = workload.run(victim);
    // Whoever awaits it hears of a failure; until then it is not unhandled.
    work.catch(() => {});
    let forkAt: number | undefined;
    if (aim === 'reorganising' || aim === 'moving far') {
      await minedOwn(victim, OWN_BLOCKS);
      await feeders.outgrow(highestOf(victim.lines), this.#between(aim === 'reorganising' ? LEAD : FAR_LEAD));
      forkAt = victim.lines.length;
      await feeders.changePlaces(there);
    }
    if (aim === 'stopping') await minedOwn(victim, OWN_BLOCKS);
    const logMoves = aim === 'moving the log' && (await this.#logMoves());
    if (aim === 'stopping') victim.kill('SIGTERM');
    await delay(this.#moment(aim));
    const phase = await this.#kill(victim, target, aim, forkAt);
    await work;
    return logMoves ? aim : phase;
  }

  async #liveElsewhere(kind: FolderLife): Promise<FolderLife> {
    const { definition, feeders, otherFolder: folder, random } = this.#parts;
    this.#lost.push(...(await liveInFolder(kind, { folder, definition, chain: feeders.chain, random })));
    return kind;
  }

  /** Resolves once the write-ahead log begins to be moved into the ledger's file. @returns false if it is not */
  async #logMoves(): Promise<boolean> {
    const written = async (): Promise<number> => (await stat(ledgerPath(this.#parts.data))).mtimeMs;
    const before = await written();
    for (let waited = 0; waited < LOG_MOVES_WITHIN_MS; waited += LOOK_MS) {
      if ((await written()) !== before) return true;
      await delay(LOOK_MS);
    }
    return false;
  }

  /**
   * @param target height the daemon has to sync to
   * @param aim what it was to be at
   * @param forkAt the log line from which on a longer fork is waiting for it
   */
  async #kill(victim: TallyProcess, target: number, aim: Phase, forkAt?: number): Promise<Phase> {
    const exit = await victim.kill('SIGKILL');
    const { lines } = victim;
    const stopped = aim === 'stopping' && exit.status === 0;
    if (exit.signal !== 'SIGKILL' && !stopped) throw new Error(`it ended by itself: ${victim.stderr}`);
    requireNoErrors(lines);
    this.#parts.acknowledged.addLog(lines);
    this.#reorganisations += lines.filter(isReorganisation).length;
    if (!lines.some(({ event }) => event === 'daemon.started')) return 'starting';
    if (aim === 'stopping') return aim;
    if (forkAt !== undefined && !lines.slice(forkAt).some(isReorganisation)) return aim;
    return this.#parts.acknowledged.height < target ? 'syncing' : 'mining';
  }

  async #check(victim: TallyProcess, kill: number): Promise<void> {
    const { acknowledged } = this.#parts;
    this.#lost.push(...(await acknowledged.findLost(victim.client)));
    if (kill - this.#validatedAt < VALIDATE_EVERY) return;
    await requireValid(victim);
    this.#validatedAt = kill;
  }

  /** A last life, to the end. */
  async #end(): Promise<CrashReport> {
    const { acknowledged, feeders, spawn } = this.#parts;
    feeders.shutOut(this.#peerId);
    const victim = spawn();
    const { addresses, peerId } = await victim.started;
    this.#lost.push(...(await acknowledged.findLost(victim.client, true)));
    await feeders.letIn({ peerId, address: addresses[0] ?? '' });
    await caughtUp(victim, feeders.height);
    await requireValid(victim);
    const { height, tip } = await victim.client.call('status');
    await feeders.has(tip);
    const exit = await victim.kill('SIGTERM');
    if (exit.status !== 0) throw new Error(`it did not stop in order: ${victim.stderr}`);
    requireNoErrors(victim.lines);
    return {
      killed: this.#killed,
      transactions: acknowledged.transactions.size,
      blocks: acknowledged.blocks.size,
      height,
      reorganisations: this.#reorganisations,
      lost: this.#lost,
    };
  }

  #aim(): Life {
    const all = AIMS.flatMap(([life, times]) => Array<Life>(times).fill(life));
    return all[Math.floor(all.length * this.#parts.random())] ?? 'mining';
  }

  #between({ least, most }: { least: number; most: number }): number {
    return least + Math.floor((most - least + 1) * this.#parts.random());
  }

  /** @returns ms from the phase's beginning */
  #moment(phase: Phase): number {
    return PHASE_MS[phase] * this.#parts.random();
  }
}

function isFolderLife(life: Life): life is FolderLife {
  return FOLDER_LIVES.some((kind) => kind === life);
}

/** mulberry32. @returns numbers from 0 to below 1 */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function isReorganisation({ event }: LogLine): boolean {
  return event === 'chain.reorganised';
}

/** The highest block that was on the chain. */
function highestOf(lines: readonly LogLine[]): number {
  const heights = lines
    .filter(({ event, onChain }) => event === 'block.accepted' && onChain === true)
    .map(({ height }) => Number(height));
  return Math.max(0, ...heights);
}

async function caughtUp(victim: TallyProcess, target: number): Promise<void> {
  const from = victim.lines.length;
  if ((await victim.client.call('status')).height >= target) return;
  // Blocks that come fast are told together.
  const reaches = ({ event, height, onChain, state }: LogLine): boolean =>
    ((event === 'block.accepted' && onChain === true) || (event === 'sync.progress' && state === 'idle')) &&
    Number(height) >= target;
  await victim.waitFor(reaches, `the daemon has caught up to height ${target}`, { from });
}

async function minedOwn(victim: TallyProcess, blocks: number): Promise<void> {
  for (let from = 0, mined = 0; mined < blocks; mined++) {
    const line = await victim.event('block.mined', { from });
    from = victim.lines.indexOf(line) + 1;
  }
}

function requireNoErrors(lines: readonly LogLine[]): void {
  const bad = lines.find(({ level }) => level >= LEVEL_ERROR);
  if (bad !== undefined) throw new Error(`the daemon logged an error: ${JSON.stringify(bad)}`);
}

async function requireValid({ client }: TallyProcess): Promise<void> {
  const verdict = await client.call('chainValidity', {}, { timeoutMs: VALIDATION_DEADLINE_MS });
  if (!verdict.valid) throw new Error(`its chain is not valid: ${JSON.stringify(verdict)}`);
}
