/** The view of `tally watch` as lines of a terminal: the same model, size and time give the same lines. */
import type { StatusJson } from '../../client/contract.ts';
import { transactionsText } from '../event-text.ts';
import { counted, formatDuration, formatHashrate, short } from '../output.ts';
import { printable } from '../printable.ts';
import type { SeenBlock, WatchModel } from './model.ts';

/** What a line is like; which colour that is, the screen decides. */
export type Tone = 'plain' | 'strong' | 'dim' | 'warning';

export interface Line {
  readonly text: string;
  readonly tone: Tone;
}

export interface View {
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Milliseconds since some beginning; never runs back. */
  readonly elapsedMs: number;
  readonly paused: boolean;
}

/** Head, its state, a gap, the blocks' head; a gap; the keys. */
const FIXED_ROWS = 6;
const MAX_BLOCK_ROWS = 12;
const ADDRESS_CHARACTERS = 14;
/** Columns of the blocks: height, block, age, miner, transactions, latency. */
const WIDTHS = [9, 11, 9, ADDRESS_CHARACTERS + 1, 9, 9];

/** @returns exactly `rows` lines, none longer than `columns` */
export function render(model: WatchModel, view: View): Line[] {
  const left = Math.max(0, view.rows - FIXED_ROWS);
  const blockRows = Math.min(MAX_BLOCK_ROWS, Math.ceil(left / 2));
  const blocks = model.blocks.slice(-blockRows).toReversed();
  const eventRows = Math.max(0, left - blockRows);
  const events = eventRows === 0 ? [] : model.events.slice(-eventRows);
  const lines: Line[] = [
    headLine(model, view),
    stateLine(model),
    plain(''),
    { text: row(['height', 'block', 'age', 'miner', '', 'latency', '']), tone: 'dim' },
    ...filled(
      blocks.map((block) => blockLine(block, view.nowMs)),
      blockRows,
    ),
    plain(''),
    ...filled(
      events.map(({ atMs, isReorganisation, text }) => ({
        text: `${timeOf(atMs)}  ${text}`,
        tone: isReorganisation ? 'warning' : 'plain',
      })),
      eventRows,
    ),
    { text: view.paused ? 'paused: p goes on   q quits' : 'p pauses   q quits', tone: 'dim' },
  ];
  // On the smallest of terminals the head is what counts.
  return lines.slice(0, view.rows).map(({ text, tone }) => ({ text: cut(text, view.columns), tone }));
}

function headLine({ lostSinceMs, status, url }: WatchModel, { elapsedMs, paused }: View): Line {
  const where = `${status.network} at ${url}`;
  if (lostSinceMs !== undefined) {
    const since = formatDuration(elapsedMs - lostSinceMs);
    return { text: `disconnected for ${since}, trying again: ${where}`, tone: 'warning' };
  }
  return { text: `${paused ? 'paused: ' : ''}${where}`, tone: 'strong' };
}

function stateLine({ status }: WatchModel): Line {
  const { mining, pool, sync } = status;
  return plain(
    [
      `#${status.height}`,
      counted(status.peers, 'peer'),
      `${pool.count} in the pool`,
      miningText(mining),
      sync.state === 'idle' ? 'in step' : `catching up: ${sync.state} ${sync.height} of ${sync.targetHeight}`,
    ].join('   '),
  );
}

function miningText({ active, hashrate, waitingUntil }: StatusJson['mining']): string {
  if (!active) return 'not mining';
  return waitingUntil === undefined
    ? formatHashrate(hashrate)
    : 'mining waits: the tip is ahead of the clock';
}

function blockLine(block: SeenBlock, nowMs: number): Line {
  const { atMs, height, id, latencyMs, miner, place, transactions } = block;
  const cells = [
    `#${height}`,
    short(id),
    formatDuration(Math.max(0, nowMs - atMs)),
    miner.slice(0, ADDRESS_CHARACTERS),
    transactionsText(transactions),
    latencyMs === undefined ? '' : `${Math.round(latencyMs)} ms`,
    place === 'chain' ? '' : place === 'fork' ? '⑂ on a fork' : '⑂ left behind',
  ];
  return { text: row(cells), tone: place === 'chain' ? 'plain' : 'warning' };
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0))
    .join('')
    .trimEnd();
}

function plain(text: string): Line {
  return { text, tone: 'plain' };
}

function filled(lines: readonly Line[], rows: number): Line[] {
  return Array.from({ length: rows }, (_, index) => lines[index] ?? plain(''));
}

function timeOf(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}

/** What strangers sent is in some texts: nothing in them may move the cursor. */
function cut(text: string, columns: number): string {
  const characters = [...printable(text)];
  if (characters.length <= columns) return characters.join('');
  return `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`.slice(0, columns);
}
