/** The daemon's log: words for people, JSON for machines. */
import pino, { type Logger } from 'pino';
import { eventToJson } from '../../client/live-event.ts';
import type { NodeEvent } from '../../node/events.ts';
import { describeEvent } from '../event-text.ts';
import { type DaemonStatus, EventLines } from './event-lines.ts';
import type { LogFormat, LogLevel } from './levels.ts';
import { systemClock } from './line-clock.ts';
import { type LogLine, tellLine } from './log-line.ts';
import { painted, paintName } from './paint.ts';
import { PeerNames } from './peer-names.ts';

/** A reader that stops reading must not stop the daemon: beyond this, lines are dropped. */
const MAX_UNREAD_BYTES = 4 * 1_024 * 1_024;
/** A reader that is there takes a few milliseconds. */
const FLUSH_DEADLINE_MS = 300;

export interface Log {
  readonly logger: Logger;
  /** A line of text as it is, before or between the log's own. */
  write(text: string): void;
  /** What happened at the node. */
  event(event: NodeEvent): void;
  /** How the daemon stands, now and then. */
  status(status: DaemonStatus): void;
  /** Writes what is still in memory, if it has a reader; the last thing a process does. */
  close(): Promise<void>;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** What the daemon is called itself. */
  readonly name: string | undefined;
}

type Destination = ReturnType<typeof pino.destination>;

export function openLog(options: LogOptions): Log {
  const stream = pino.destination({ dest: 1, sync: false, maxLength: MAX_UNREAD_BYTES });
  // A full disk or a reader that is gone: the daemon goes on without a log.
  stream.on('error', () => {});
  return options.format === 'json' ? jsonLog(options, stream) : prettyLog(options, stream);
}

/** One object a line; every event of the node is one. */
function jsonLog({ level }: LogOptions, stream: Destination): Log {
  const logger = pino({ level, base: { pid: process.pid } }, stream);
  return {
    logger,
    // Where stdout is for machines, people read stderr.
    write: (text) => process.stderr.write(text),
    event: eventLogger(logger),
    status: (status) => logger.debug({ event: 'daemon.status', ...status }, `at #${status.height}`),
    close: () => closeStream(logger, stream),
  };
}

/** A line of words an event, and what belongs together in one. */
function prettyLog({ level, name }: LogOptions, stream: Destination): Log {
  let isOpen = true;
  const lines = new EventLines({
    names: new PeerNames(name),
    paintName,
    print: (line) => {
      // What waited for its turn may come after the end; writing it then would throw.
      if (isOpen) stream.write(`${painted(line)}\n`);
    },
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
    write: (text) => void stream.write(text),
    event: (event) => {
      if (!logger.isLevelEnabled(PRETTY_LEVELS[event.event] ?? LEVELS[event.event])) return;
      lines.hear(Date.now(), event.event === 'block.accepted' ? event : eventToJson(event));
    },
    status: (status) => {
      if (logger.isLevelEnabled('info')) lines.status(Date.now(), status);
    },
    close: () => {
      lines.flush(Date.now());
      isOpen = false;
      return closeStream(logger, stream);
    },
  };
}

/** Flushing synchronously would throw if the reader is gone, and never return if it has stopped reading. */
function closeStream(logger: Logger, stream: Destination): Promise<void> {
  // What is said from now on has no reader; writing it would throw.
  logger.level = 'silent';
  return new Promise((resolve) => {
    stream.once('close', resolve);
    stream.end();
    setTimeout(() => {
      // Or pino flushes once more as the process exits.
      stream.destroy();
      resolve();
    }, FLUSH_DEADLINE_MS);
  });
}

type EventLevel = 'debug' | 'info' | 'warn';

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
  'sync.progress': 'info',
};
/** Where many are told as one, each may be told. */
const PRETTY_LEVELS: Partial<Record<NodeEvent['event'], EventLevel>> = { 'transaction.accepted': 'info' };

/** A fetched block older than this is history: while catching up there are thousands of them. */
const NEWS_MS = 120_000;

/** What writes the events of a node for machines. */
export function eventLogger(logger: Logger): (event: NodeEvent) => void {
  return (event) => {
    const level = levelOf(event);
    if (!logger.isLevelEnabled(level)) return;
    const fields = eventToJson(event);
    logger[level](fields, describeEvent(fields));
  };
}

function levelOf(event: NodeEvent): EventLevel {
  const isHistory =
    event.event === 'block.accepted' && event.source === 'sync' && Date.now() - event.timestamp > NEWS_MS;
  return isHistory ? 'debug' : LEVELS[event.event];
}
