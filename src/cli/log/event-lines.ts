/**
 * What a daemon does as lines that people can follow: one short line an event, in columns, and what belongs together in
 * one. The same for the log of `tally start` and for each daemon of a `tally devnet`.
 *
 *     ▣ #42 3fa9c1d2…   mined here                  2 tx
 *     ▣ #42 77aa0b1c…   from node-1      +6 ms      0 tx   ⑂ a fork, beside 3fa9c1d2…
 *     ▣ #43 5fe0d2aa…   from node-2     +11 ms      0 tx   ⑂ ends the fork: 77aa0b1c… is left behind
 *
 * Blocks fetched while catching up, blocks that come faster than they can be read, peers that connect at the same time
 * and payments by the hundred are each told together; a payment that was told is told again once it is in a block.
 */
import type { EventJson } from '../../client/live-event.ts';
import { amountText, blockName, describeEvent, transactionsText } from '../event-text.ts';
import { counted, formatHashrate, short } from '../output.ts';
import { printable } from '../printable.ts';
import { BlockRun } from './block-run.ts';
import { Branches } from './branches.ts';
import type { AcceptedBlock, HeardEvent } from './heard-event.ts';
import type { LineClock } from './line-clock.ts';
import { Payments } from './payments.ts';
import type { PeerNames } from './peer-names.ts';
import { QUOTA_WINDOW_MS, Quota } from './quota.ts';

/** Peers that connect within this time, and blocks that are fetched one by one, are told together. */
const GATHER_MS = 1_000;
/** A block that follows this many others within this time is one too many to read. */
const FAST_BLOCKS = 2;
const FAST_MS = 2_000;
/** Fast blocks are told this often. */
const LONGEST_RUN_MS = 5_000;
/** Of a long sync a line this often is enough. */
const PROGRESS_EVERY_MS = 5_000;
/** `▣ #123456 3fa9c1d2…` */
const BLOCK_COLUMN = 19;
const LATENCY_COLUMN = 9;
const COUNT_COLUMN = 7;
const FROM = 'from ';
/** Names in one line; the others are counted. */
const MAX_NAMES_TOLD = 6;

export type Emphasis = 'plain' | 'mined' | 'fork' | 'warning' | 'quiet';

export interface EventLine {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly text: string;
  readonly emphasis: Emphasis;
}

type Reorganised = Extract<EventJson, { event: 'chain.reorganised' }>;
type Progress = Extract<EventJson, { event: 'sync.progress' }>;
/** How a daemon stands, every half a minute. */
export interface DaemonStatus {
  readonly height: number;
  readonly tip: string;
  readonly peers: number;
  /** Transactions in the pool. */
  readonly waiting: number;
  /** Hashes a second; absent if it does not mine. */
  readonly hashrate?: number;
}

export interface EventLinesOptions {
  readonly names: PeerNames;
  /** Makes a name stand out, and its padding with it. */
  readonly paintName: (name: string, padded: string) => string;
  readonly print: (line: EventLine) => void;
  readonly clock: LineClock;
}

export class EventLines {
  readonly #options: EventLinesOptions;
  readonly #branches = new Branches();
  readonly #payments: Payments;
  /** A peer can send as many as it likes until it is refused. */
  readonly #refused: Quota;
  readonly #warnings: Quota;
  readonly #forks: Quota;
  /** Waiting to be told together: peers that came, and those that left by what was the reason. */
  readonly #came = new Set<string>();
  readonly #left = new Map<string, Set<string>>();
  /** Blocks that are told together, and not yet. */
  #run: BlockRun | undefined;
  /** When the last blocks came that no sync fetched. */
  readonly #pace: number[] = [];
  #progressToldMs: number | undefined;
  /** A change of the tip that is told behind the block that caused it: the node tells of it before. */
  #reorganisation: Reorganised | undefined;
  #cancelGathering: (() => void) | undefined;

  constructor(options: EventLinesOptions) {
    this.#options = options;
    this.#payments = new Payments((timeMs, text) => {
      // What came before it is told before it.
      this.#tellRun();
      this.#print(timeMs, text, 'plain');
    }, options.clock);
    this.#refused = this.#quota('✗', 'transaction refused', 'transactions refused');
    this.#warnings = this.#quota('!', 'warning', 'warnings');
    this.#forks = this.#quota('⑂', 'block of a fork', 'blocks of forks');
  }

  hear(timeMs: number, event: HeardEvent): void {
    switch (event.event) {
      case 'block.accepted':
        this.#accepted(timeMs, event);
        break;
      case 'block.mined':
        // Told when it was accepted.
        break;
      case 'chain.reorganised':
        this.#tellReorganisation(timeMs);
        this.#reorganisation = event;
        this.#gatherLater();
        break;
      case 'transaction.accepted':
        this.#payments.accepted(timeMs, event.id, amountText(event), this.#fromText(event.from, 'sent here'));
        break;
      case 'peer.named':
        this.#options.names.learn(event.peer, event.name);
        break;
      case 'peer.connected':
        for (const peers of this.#left.values()) peers.delete(event.peer);
        this.#came.add(event.peer);
        this.#gatherLater();
        break;
      case 'peer.disconnected':
        this.#leave(event.peer, event.reason);
        break;
      case 'sync.progress':
        this.#progress(timeMs, event);
        break;
      case 'block.early':
        this.#describe(timeMs, event, 'plain');
        break;
      case 'transaction.refused':
        if (this.#refused.take()) this.#describe(timeMs, event, 'plain');
        break;
      default:
        if (this.#warnings.take()) this.#describe(timeMs, event, 'warning');
    }
  }

  status(timeMs: number, { hashrate, height, peers, tip, waiting }: DaemonStatus): void {
    const mining = hashrate === undefined ? '' : `   mines at ${formatHashrate(hashrate)}`;
    const text = `${blockCell('●', height, tip)} ${counted(peers, 'peer')}   ${waiting} tx waiting${mining}`;
    this.#tellRun();
    this.#print(timeMs, text, 'quiet');
  }

  /** What a daemon says beside its events. */
  say(timeMs: number, text: string, isWarning: boolean): void {
    this.#tellRun();
    this.#print(timeMs, printable(isWarning ? `! ${text}` : text), isWarning ? 'warning' : 'plain');
  }

  /** Tells what still waits to be told. */
  flush(timeMs: number): void {
    this.#cancelGathering?.();
    this.#cancelGathering = undefined;
    this.#tellRun();
    this.#tellReorganisation(timeMs);
    this.#tellPeers(timeMs);
  }

  #accepted(timeMs: number, block: AcceptedBlock): void {
    const { firstTransactions = [], height, onChain, source } = block;
    const isNewTip = this.#reorganisation?.newTip === block.id;
    const note = this.#branches.accepted(block);
    const isFork = note !== undefined && source !== 'sync' && this.#forks.take();
    const isNews = isFork || isNewTip || this.#payments.follows(firstTransactions);
    if (source === 'sync' || (this.#isFast() && !isNews))
      this.#hold(timeMs, block, isNewTip ? undefined : note);
    else {
      this.#tellRun(onChain ? undefined : this.#branches.rivalAt(height));
      this.#block(timeMs, block, isNewTip ? undefined : note);
    }
    if (isNewTip) {
      this.#tellRun();
      this.#tellReorganisation(timeMs);
    } else if (onChain) this.#payments.confirmed(timeMs, height, firstTransactions);
  }

  /** Whether blocks come faster than they can be read: a new network's, until its target fits who mines. */
  #isFast(): boolean {
    const now = this.#options.clock.elapsed();
    this.#pace.push(now);
    return this.#pace.length > FAST_BLOCKS && now - (this.#pace.shift() ?? 0) < FAST_MS;
  }

  #hold(timeMs: number, block: AcceptedBlock, note: string | undefined): void {
    const run = this.#run;
    const at = { timeMs, elapsedMs: this.#options.clock.elapsed() };
    if (run === undefined) this.#run = new BlockRun(at, block, note);
    else run.add(at, block, note);
    if (run !== undefined && at.elapsedMs - run.began.elapsedMs >= LONGEST_RUN_MS) this.#tellRun();
    else this.#gatherLater();
  }

  #block(timeMs: number, block: AcceptedBlock, note: string | undefined): void {
    const { from, height, id, latencyMs, source, transactions } = block;
    const verb = source === 'mined' ? 'mined here' : source === 'sync' ? 'fetched' : 'arrived';
    const late = latencyMs === undefined ? '' : `+${Math.round(latencyMs)} ms`;
    const cells = [
      blockCell('▣', height, id),
      this.#fromText(from, verb),
      late.padStart(LATENCY_COLUMN),
      transactionsText(transactions).padStart(COUNT_COLUMN),
      ...(note === undefined ? [] : [`  ⑂ ${note}`]),
    ];
    const emphasis = note !== undefined ? 'fork' : source === 'mined' ? 'mined' : 'plain';
    this.#print(timeMs, cells.join(' '), emphasis);
  }

  /**
   * One is a block like any other; more are told in one line.
   *
   * @param rival the block of a fork that is about to be told: if it is the last, it has a line of its own
   */
  #tellRun(rival?: string): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    if (run.count > 1 && run.last.id === rival) {
      const { ended, last, note } = run;
      run.takeLast();
      this.#run = run;
      this.#tellRun();
      this.#block(ended.timeMs, last, note);
      return;
    }
    if (run.count === 1) {
      this.#block(run.began.timeMs, run.first, run.note);
      return;
    }
    const note = run.note === undefined ? '' : `   ⑂ ${run.note}`;
    const text = `▣ ${run.describe((peers) => this.#listed(peers))}${note}`;
    this.#print(run.ended.timeMs, text, note === '' ? 'plain' : 'fork');
  }

  #tellReorganisation(timeMs: number): void {
    if (this.#reorganisation === undefined) return;
    const { depth, forkHeight, height, newTip, oldTip, returned } = this.#reorganisation;
    this.#reorganisation = undefined;
    const back = returned === 0 ? '' : `, ${transactionsText(returned)} back in the pool`;
    const lost =
      depth === 1
        ? `${short(oldTip)} is left behind`
        : `${counted(depth, 'block')} up to ${short(oldTip)} are left behind`;
    const won = `${blockCell('⑂', height, newTip)} ends the fork above #${forkHeight}`;
    this.#print(timeMs, `${won}: this node turns to it, ${lost}${back}`, 'fork');
    this.#payments.undone(forkHeight);
    for (const block of this.#branches.reorganised(newTip, forkHeight)) {
      this.#payments.confirmed(timeMs, block.height, block.transactions);
    }
  }

  #progress(timeMs: number, { height, state, targetHeight }: Progress): void {
    if (state === 'idle') {
      this.#tellRun();
      if (this.#progressToldMs !== undefined) this.#print(timeMs, `✓ in step at #${height}`, 'plain');
      this.#progressToldMs = undefined;
      return;
    }
    const now = this.#options.clock.elapsed();
    if (now - (this.#progressToldMs ?? Number.NEGATIVE_INFINITY) < PROGRESS_EVERY_MS) return;
    this.#progressToldMs = now;
    const what =
      state === 'headers' ? 'looking for a chain with more work' : `#${height} of #${targetHeight}`;
    this.#print(timeMs, `… catching up: ${what}`, 'plain');
  }

  #leave(peer: string, reason: string): void {
    // One that comes and goes within a moment is told as gone.
    this.#came.delete(peer);
    this.#options.names.left(peer);
    const left = this.#left.get(reason) ?? new Set();
    this.#left.set(reason, left.add(peer));
    this.#gatherLater();
  }

  #gatherLater(): void {
    const { clock } = this.#options;
    this.#cancelGathering ??= clock.after(GATHER_MS, () => {
      this.#cancelGathering = undefined;
      const nowMs = clock.now();
      this.#tellPeers(nowMs);
      // While more of them come, they are still one line.
      const isGrowing = this.#run !== undefined && clock.elapsed() - this.#run.ended.elapsedMs < GATHER_MS;
      if (isGrowing) this.#gatherLater();
      else {
        this.#tellRun();
        this.#tellReorganisation(nowMs);
      }
    });
  }

  #tellPeers(timeMs: number): void {
    // Blocks that came before are told before.
    if (this.#came.size + this.#left.size > 0) this.#tellRun();
    if (this.#came.size > 0) this.#print(timeMs, `⇄ connected with ${this.#listed(this.#came)}`, 'plain');
    this.#came.clear();
    for (const [reason, peers] of this.#left) {
      if (peers.size > 0) this.#print(timeMs, `⇠ lost ${this.#listed(peers)}: ${printable(reason)}`, 'plain');
    }
    this.#left.clear();
  }

  /** `node-2, node-3 and 4 more` */
  #listed(peers: ReadonlySet<string>): string {
    const { names, paintName } = this.#options;
    const all = [...peers].map((peer) => names.of(peer)).sort();
    const told = all.slice(0, MAX_NAMES_TOLD).map((name) => paintName(name, name));
    if (all.length > MAX_NAMES_TOLD) told.push(`${all.length - MAX_NAMES_TOLD} more`);
    return told.length === 1 ? `${told[0]}` : `${told.slice(0, -1).join(', ')} and ${told.at(-1)}`;
  }

  /** A cell as wide as the longest name asks for. */
  #fromText(peer: string | undefined, otherwise: string): string {
    const { names, paintName } = this.#options;
    const width = Math.max('mined here'.length, FROM.length + names.column);
    if (peer === undefined) return otherwise.padEnd(width);
    const name = names.of(peer);
    return `${FROM}${paintName(name, name.padEnd(width - FROM.length))}`;
  }

  #quota(mark: string, one: string, many: string): Quota {
    const { clock } = this.#options;
    return new Quota(clock, (count) => {
      const more = counted(count.toLocaleString('en-US'), `more ${one}`, `more ${many}`);
      this.#print(clock.now(), `${mark} and ${more} in ${QUOTA_WINDOW_MS / 1_000} s`, 'warning');
    });
  }

  #describe(timeMs: number, event: Exclude<HeardEvent, AcceptedBlock>, emphasis: Emphasis): void {
    this.#print(timeMs, printable(describeEvent(event, this.#options.names.of)), emphasis);
  }

  #print(timeMs: number, text: string, emphasis: Emphasis): void {
    this.#options.print({ timeMs, text: text.trimEnd(), emphasis });
  }
}

function blockCell(mark: string, height: number, id: string): string {
  return `${mark} ${blockName(height, id)}`.padEnd(BLOCK_COLUMN);
}
