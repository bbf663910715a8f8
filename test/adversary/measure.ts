/** Figures of a stretch of time, from the timeline. */
import type { LogLine } from '../support/tally-process.ts';
import type { Stretch, Timeline } from './timeline.ts';

export interface Figures {
  /** Blocks of honest miners, a second, that every daemon has. */
  readonly blocks: number;
  /** Payments of the load that were confirmed, a second. */
  readonly payments: number;
  /** p95 of `GET /v1/status`, ms. */
  readonly statusMs: number;
  /** p95 of submitting a payment, ms. */
  readonly submitMs: number;
}

export interface Conduct {
  /** Honest daemons that lost points with another, a line each. */
  readonly honestPunished: readonly string[];
  /** Connections between honest daemons that ended. */
  readonly honestLost: readonly string[];
  /** Times an attacker lost points. */
  readonly attackersPunished: number;
  /** Times an attacker was sent away, or a connection of it broke. */
  readonly attackersGone: number;
  /** The longest a connection of an attacker lasted, ms: ended or not. */
  readonly longestMs: number;
}

/** Of one or several stretches together. */
export function figuresOf(timeline: Timeline, stretches: readonly Stretch[]): Figures {
  const seconds = stretches.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / 1_000, 0);
  const within = <T extends { atMs: number }>(samples: readonly T[]): T[] =>
    samples.filter(({ atMs }) => stretches.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs));
  const blocks = within(timeline.blocks);
  return {
    blocks: blocks.filter(({ isHonest }) => isHonest).length / seconds,
    payments: blocks.reduce((sum, block) => sum + block.payments, 0) / seconds,
    statusMs: percentile95(within(timeline.statuses).map(({ tookMs }) => tookMs)),
    submitMs: percentile95(within(timeline.submissions).map(({ tookMs }) => tookMs)),
  };
}

/** Bytes on the disk of transactions that were paid for in blocks since. */
export function paidBytes({ blocks }: Timeline, sinceMs: number): number {
  return blocks.filter(({ atMs }) => atMs >= sinceMs).reduce((sum, block) => sum + block.paidBytes, 0);
}

/** The largest share of the blocks of a stretch that some daemon did not follow: 0 if all did. */
export function lagOf({ heights }: Timeline, { fromMs, toMs }: Stretch): number {
  const gains = new Map<number, { first: number; last: number }>();
  for (const { atMs, daemon, height } of heights) {
    if (atMs < fromMs || atMs > toMs) continue;
    const gain = gains.get(daemon);
    gains.set(daemon, { first: gain?.first ?? height, last: height });
  }
  const gained = [...gains.values()].map(({ first, last }) => last - first);
  const most = Math.max(0, ...gained);
  return most === 0 ? 0 : 1 - Math.min(...gained) / most;
}

/** Largest growth of one daemon's memory in a stretch over what it was before, bytes. */
export function memoryGrowth(
  { memory }: Timeline,
  before: readonly number[],
  { fromMs, toMs }: Stretch,
): number {
  const samples = memory.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  return Math.max(
    0,
    ...samples.flatMap(({ bytes }) => bytes.map((now, daemon) => now - (before[daemon] ?? 0))),
  );
}

/** Median of each daemon's memory in a stretch, bytes. */
export function memoryOf({ memory }: Timeline, { fromMs, toMs }: Stretch): number[] {
  const samples = memory.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const daemons = samples[0]?.bytes.length ?? 0;
  return Array.from({ length: daemons }, (_, daemon) => {
    const sorted = samples.map(({ bytes }) => bytes[daemon] ?? 0).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  });
}

/** Nearest rank; 0 of nothing. */
export function percentile95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(0.95 * sorted.length) - 1)] ?? 0;
}

/**
 * Who lost points or connections, as the honest daemons' logs tell.
 *
 * @param logs of each honest daemon
 * @param honest peer ids, newcomers among them
 * @param endMs when the attack ended, ms since 1970
 */
export function conductOf(
  logs: readonly (readonly LogLine[])[],
  honest: ReadonlySet<string>,
  endMs: number,
): Conduct {
  const honestPunished: string[] = [];
  const honestLost: string[] = [];
  let attackersPunished = 0;
  let attackersGone = 0;
  let longestMs = 0;
  for (const [daemon, lines] of logs.entries()) {
    const open = new Map<string, number>();
    for (const { event, offence, peer, reason, time } of lines) {
      if (typeof peer !== 'string' || time > endMs) continue;
      const isHonest = honest.has(peer);
      if (event === 'peer.penalised') {
        if (isHonest) honestPunished.push(`daemon ${daemon}: ${offence}`);
        else attackersPunished++;
      }
      if (event === 'peer.connected' && !isHonest) open.set(peer, time);
      if (event === 'peer.disconnected') {
        if (isHonest) honestLost.push(`daemon ${daemon}: ${reason}`);
        else attackersGone++;
        const since = open.get(peer);
        if (since !== undefined) longestMs = Math.max(longestMs, time - since);
        open.delete(peer);
      }
    }
    for (const since of open.values()) longestMs = Math.max(longestMs, endMs - since);
  }
  return { honestPunished, honestLost, attackersPunished, attackersGone, longestMs };
}
