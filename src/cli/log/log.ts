/** The daemon's log: words for people, JSON for machines. */
import pino, { type Logger } from 'pino';
import { eventToJson } from '../../client/live-event.ts';
import type { NodeEvent } from '../../node/events.ts';
import { describeEvent } from '../event-text.ts';
import { counted } from '../output.ts';
import { printableColours, printableJson, printableLines } from '../printable.ts';
import { type DaemonStatus, EventLines } from './event-lines.ts';
import type { LogFormat, LogLevel } from './levels.ts';
import { type LineClock, systemClock } from './line-clock.ts';
import { type LogLine, tellLine, WARN_LEVEL } from './log-line.ts';
import { LogOutput } from './log-output.ts';
import { painted, paintName } from './paint.ts';
import { PeerNames } from './peer-names.ts';
import { Quota, type QuotaSize } from './quota.ts';

export interface Log {
  readonly logger: Logger;
  /** A line of text as it is, before or between the log's own. */
  write(text: string): void;
  /** What happened at the node. */
  event(event: NodeEvent): void;
  /** What the network of peers has to say besides. */
  network(level: EventLevel, message: string, data: object): void;
  /** How the daemon stands, now and then. */
  status(status: DaemonStatus): void;
  /** Writes what is still in memory, if it has a reader; the last thing a process does. @returns false if a write hangs */
  close(): Promise<boolean>;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** What the daemon is called itself. */
  readonly name: string | undefined;
}

/** Pino gets no stream of its own: it flushes that synchronously after a fatal line, and tries a broken one again for ever. */
export function openLog(options: LogOptions): Log {
  return options.format === 'json' ? jsonLog(options) : prettyLog(options);
}

/** Of lines that found no place. */
function missingText(count: number): string {
  return `${counted(count, 'line')} of the log ${count === 1 ? 'is' : 'are'} missing here: nothing took ${count === 1 ? 'it' : 'them'}`;
}

/** One object a line; every event of the node is one. */
function jsonLog({ level }: LogOptions): Log {
  const { pid } = process;
  const output = new LogOutput({
    missing: (count) =>
      `${JSON.stringify({ level: WARN_LEVEL, time: systemClock.now(), pid, event: 'daemon.log', msg: missingText(count) })}\n`,
  });
  const logger = pino(
    { level, base: { pid } },
    { write: (text: string) => output.write(printableJson(text)) },
  );
  return {
    logger,
    // Where stdout is for machines, people read stderr.
    write: (text) => process.stderr.write(printableLines(text)),
    event: boundedEvents(logger),
    network: boundedLines(logger),
    status: (status) => logger.debug({ event: 'daemon.status', ...status }, `at #${status.height}`),
    close: () => closeOutput(logger, output),
  };
}

/** A line of words an event, and what belongs together in one. */
function prettyLog({ level, name }: LogOptions): Log {
  const output = new LogOutput({
    missing: (count) =>
      `${painted({ timeMs: systemClock.now(), text: `! ${missingText(count)}`, emphasis: 'warning' })}\n`,
  });
  const lines = new EventLines({
    names: new PeerNames(name),
    paintName,
    print: (line) => output.write(`${painted(line)}\n`),
    clock: systemClock,
  });
  const logger = pino(
    { level, base: null },
    {
      write: (text: string) => tellLine(lines, JSON.parse(text) as LogLine),
    },
  );
  return {
    logger,
    write: (text) => output.write(printableColours(text)),
    event: (event) => {
      if (!logger.isLevelEnabled(PRETTY_LEVELS[event.event] ?? LEVELS[event.event])) return;
      lines.hear(systemClock.now(), event.event === 'block.accepted' ? event : eventToJson(event));
    },
    network: (level, message, data) => logger[level](data, message),
    status: (status) => {
      if (logger.isLevelEnabled('info')) lines.status(systemClock.now(), status);
    },
    close: () => {
      lines.flush(systemClock.now());
      return closeOutput(logger, output);
    },
  };
}

function closeOutput(logger: Logger, output: LogOutput): Promise<boolean> {
  // What is said from now on has no reader.
  logger.level = 'silent';
  return output.close();
}

export type EventLevel = 'debug' | 'info' | 'warn';

const LEVELS: Readonly<Record<NodeEvent['event'], EventLevel>> = {
  'block.mined': 'info',
  'block.accepted': 'info',
  'block.refused': 'warn',
  'block.early': 'info',
  'chain.reorganised': 'warn',
  'transaction.accepted': 'debug',
  'transaction.refused': 'debug',
  'peer.connected': 'info',
  'peer.named': 'info',
  'peer.disconnected': 'info',
  'peer.penalised': 'warn',
  'peer.clock': 'warn',
  'mining.waiting': 'warn',
  'mining.unpayable': 'warn',
  'sync.progress': 'info',
};
/** Where many are told as one, each may be told. */
const PRETTY_LEVELS: Partial<Record<NodeEvent['event'], EventLevel>> = { 'transaction.accepted': 'info' };

/** A fetched block older than this is history: while catching up there are thousands of them. */
const NEWS_MS = 120_000;

/** What writes the events of a node for machines. */
function eventLogger(logger: Logger): (event: NodeEvent) => void {
  return (event) => {
    const level = levelOf(event);
    if (!logger.isLevelEnabled(level)) return;
    const fields = eventToJson(event);
    logger[level](fields, describeEvent(fields));
  };
}

/** What strangers cause for nothing, again and again: a log of it all would fill the disk. */
const STRANGERS_EVENTS = [
  'block.refused',
  'peer.connected',
  'peer.named',
  'peer.disconnected',
  'peer.penalised',
  'peer.clock',
] as const satisfies readonly NodeEvent['event'][];
/** Of each of them; a devnet of forty that starts has fewer. */
const STRANGERS_QUOTA: QuotaSize = { told: 64, windowMs: 60_000 };

/** What writes the events of a node for machines, with a quota for strangers unless the operator wants to know it all. */
export function boundedEvents(logger: Logger, clock: LineClock = systemClock): (event: NodeEvent) => void {
  const log = eventLogger(logger);
  if (logger.isLevelEnabled('debug')) return log;
  const quotas = new Map<NodeEvent['event'], Quota>(
    STRANGERS_EVENTS.map((event) => [event, quotaOf(event, logger, clock)]),
  );
  return (event) => {
    if (!logger.isLevelEnabled(levelOf(event))) return;
    // Beyond its quota an event is counted, and told with the others.
    if (quotas.get(event.event)?.take() !== false) log(event);
  };
}

/** The same for lines of the network that are no events. */
function boundedLines(logger: Logger): Log['network'] {
  const quota = quotaOf('network', logger, systemClock);
  return (level, message, data) => {
    if (!logger.isLevelEnabled(level)) return;
    if (logger.isLevelEnabled('debug') || quota.take()) logger[level](data, message);
  };
}

function quotaOf(what: string, logger: Logger, clock: LineClock): Quota {
  const tellMore = (count: number) =>
    logger.warn({ event: 'daemon.log', of: what, count }, `${count.toLocaleString('en-US')} more: ${what}`);
  return new Quota(clock, tellMore, STRANGERS_QUOTA);
}

function levelOf(event: NodeEvent): EventLevel {
  const isHistory =
    event.event === 'block.accepted' &&
    event.source === 'sync' &&
    systemClock.now() - event.timestamp > NEWS_MS;
  return isHistory ? 'debug' : LEVELS[event.event];
}
