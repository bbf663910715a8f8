/** A line of the log as pino writes it, and what people are told of it. */
import type { DaemonStatus, EventLines } from './event-lines.ts';
import type { HeardEvent } from './heard-event.ts';

const INFO_LEVEL = 30;
export const WARN_LEVEL = 40;
const ERROR_LEVEL = 50;

export interface LogLine {
  readonly level: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly msg?: string;
  readonly event?: string;
  /** Of a failure. */
  readonly err?: { readonly stack?: string };
}

export function tellLine(lines: EventLines, line: LogLine): void {
  const { err, event, level, msg = '', time } = line;
  // The greeting has said more.
  if (event === 'daemon.started') return;
  if (event === 'daemon.status') lines.status(time, line as LogLine & DaemonStatus);
  else if (isNodeEvent(line)) lines.hear(time, line);
  else if (level >= INFO_LEVEL) lines.say(time, msg, level >= WARN_LEVEL);
  // What a report of the failure needs.
  if (level < ERROR_LEVEL) return;
  for (const frame of err?.stack?.split('\n') ?? []) lines.say(time, `  ${frame}`, false);
}

/** Every event of a node has a subject and a verb; the daemon's own begin with `daemon.`. */
function isNodeEvent(line: LogLine): line is LogLine & HeardEvent {
  return line.event !== undefined && !line.event.startsWith('daemon.');
}
