/** What an attack may do to honest daemons at most. */
import { type Attack, GONE_MS } from './attack.ts';
import type { Conduct, Figures } from './measure.ts';

/** Of before. */
const LEAST_SHARE = 0.7;
const STATUS_MS = 1_000;
const SUBMIT_MS = 2_000;
const MEMORY_BYTES = 200 * 1_024 * 1_024;
/** Over what it was before, once the attack is over: the heap's own ups and downs. */
const MEMORY_LEFT_BYTES = 100 * 1_024 * 1_024;
/** What data folders grow and shrink by on their own: a write-ahead log before and after its checkpoint. */
const DISK_SLACK_BYTES = 8 * 1_024 * 1_024;
/** Before an attack two figures may be nothing, and then there is no share of them. */
const LEAST_BEFORE = 0.1;

export interface Outcome {
  readonly attack: string;
  readonly before: Figures;
  readonly during: Figures;
  readonly after: Figures;
  /** Daemons that ended by themselves, a line each. */
  readonly died: readonly string[];
  /** The most of one daemon over before, bytes. */
  readonly memoryGrowth: number;
  /** The same at the end of the window after the attack. */
  readonly memoryLeft: number;
  /** Of the folder that grew most, beyond what it grows by in the same time without an attack, bytes. */
  readonly diskGrowth: number;
  /** Bytes that its proof of work would have paid for in blocks on the tip, and its fees in transactions. */
  readonly diskPaid: number;
  readonly conduct: Conduct;
  /** The longest a socket was held that libp2p knows nothing of, ms. */
  readonly longestHeldMs: number;
  readonly newcomer?: {
    /** From its start until it was in step and had found its peers; undefined: not before the attack ended. */
    readonly inStepMs: number | undefined;
    /** From being asked to stop until it was gone; undefined: it did not. */
    readonly stoppedMs: number | undefined;
  };
  /** From the end of the attack until all had one tip; undefined: they did not come together. */
  readonly convergedMs: number | undefined;
  /** Processor time the attackers had, seconds. */
  readonly cpuSeconds: number;
  readonly done: Readonly<Record<string, number>>;
  /** Why an attacker gave up. */
  readonly ended?: string;
}

/**
 * Why nothing can be said: without any attack the machine already takes so long, or gives so little, that the bars would
 * measure its other work.
 */
export function notJudged({ before, during, done }: Outcome): string | undefined {
  if (before.statusMs > STATUS_MS / 2 || before.submitMs > SUBMIT_MS / 2)
    return 'the machine was busy before';
  if (before.blocks < LEAST_BEFORE || before.payments < LEAST_BEFORE) return 'the network did not run before';
  if (Object.keys(done).length === 0 && during.statusMs < STATUS_MS) return 'the attacker did nothing';
  return undefined;
}

/** The bars that were missed, in a few words each. */
export function missed(attack: Attack, outcome: Outcome): string[] {
  const { after, before, conduct, convergedMs, died, during, longestHeldMs, newcomer } = outcome;
  const bars: [boolean, string][] = [
    [died.length > 0, died.join('; ')],
    [falls(before.blocks, during.blocks), `blocks ${share(before.blocks, during.blocks)}`],
    [falls(before.payments, during.payments), `payments ${share(before.payments, during.payments)}`],
    [during.statusMs > STATUS_MS, `status ${Math.round(during.statusMs)} ms`],
    [during.submitMs > SUBMIT_MS, `submit ${Math.round(during.submitMs)} ms`],
    [outcome.memoryGrowth > MEMORY_BYTES, `memory +${megabytes(outcome.memoryGrowth)} MB`],
    [outcome.memoryLeft > MEMORY_LEFT_BYTES, `memory stays +${megabytes(outcome.memoryLeft)} MB`],
    [
      outcome.diskGrowth > outcome.diskPaid + DISK_SLACK_BYTES,
      `disk +${megabytes(outcome.diskGrowth)} MB, ${megabytes(outcome.diskPaid)} MB paid for`,
    ],
    [conduct.honestPunished.length > 0, `honest punished: ${summary(conduct.honestPunished)}`],
    [conduct.honestLost.length > 0, `honest parted: ${summary(conduct.honestLost)}`],
    [
      attack.doesWrong && Math.max(conduct.longestMs, longestHeldMs) > GONE_MS,
      `attacker stays ${Math.round(Math.max(conduct.longestMs, longestHeldMs) / 1_000)} s`,
    ],
    [newcomer !== undefined && newcomer.inStepMs === undefined, 'newcomer not in step'],
    [newcomer !== undefined && newcomer.stoppedMs === undefined, 'newcomer does not stop'],
    [convergedMs === undefined, 'no convergence'],
    [
      convergedMs !== undefined && falls(before.blocks, after.blocks),
      `blocks after ${share(before.blocks, after.blocks)}`,
    ],
  ];
  return bars.filter(([isMissed]) => isMissed).map(([, words]) => words);
}

function falls(before: number, now: number): boolean {
  return before > LEAST_BEFORE && now < LEAST_SHARE * before;
}

function share(before: number, now: number): string {
  return before > LEAST_BEFORE ? `${Math.round((100 * now) / before)} %` : 'none before';
}

export function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(0);
}

/** The first of several, and how many there are. */
function summary(lines: readonly string[]): string {
  const [first = ''] = lines;
  return `${lines.length} × (${first.slice(0, 120)})`;
}
