/** The daemon's log: JSON lines for machines, words on a terminal. Every event of the node is one line. */
import pino, { type DestinationStream, type Logger } from 'pino';
import { eventToJson } from '../client/live-event.ts';
import type { NodeEvent } from '../node/events.ts';
import { describeEvent } from './event-text.ts';
import type { LogLevel } from './log-levels.ts';

/** A reader that stops reading must not stop the daemon: beyond this, lines are dropped. */
const MAX_UNREAD_BYTES = 4 * 1_024 * 1_024;
/** A reader that is there takes a few milliseconds. */
const FLUSH_DEADLINE_MS = 300;

export interface Log {
  readonly logger: Logger;
  /** Writes what is still in memory, if somebody reads it; the last thing a process does. */
  close(): Promise<void>;
}

export async function openLog(level: LogLevel, onTerminal: boolean): Promise<Log> {
  if (onTerminal)
    return {
      logger: pino({ level, base: { pid: process.pid } }, await prettyStream()),
      close: async () => {},
    };
  const stream = pino.destination({ dest: 1, sync: false, maxLength: MAX_UNREAD_BYTES });
  return { logger: pino({ level, base: { pid: process.pid } }, stream), close: () => closeStream(stream) };
}

/** Flushing synchronously would throw if the reader is gone, and never return if it has stopped reading. */
function closeStream(stream: ReturnType<typeof pino.destination>): Promise<void> {
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

/** Written at once: in a worker thread the last lines before a crash would be lost. */
async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  const colorize = (process.env.NO_COLOR ?? '') === '';
  return pretty({
    colorize,
    sync: true,
    ignore: 'pid',
    translateTime: 'SYS:HH:MM:ss.l',
    // The words say it all; the fields are for machines.
    hideObject: true,
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
  'peer.disconnected': 'info',
  'peer.penalised': 'warn',
  'peer.clock': 'warn',
  'sync.progress': 'info',
};

/** A fetched block older than this is history: while catching up there are thousands of them. */
const NEWS_MS = 120_000;

/**
 * What writes the events of a node.
 *
 * @param onTerminal people are told of a block mined here once, machines twice (mined, accepted)
 */
export function eventLogger(logger: Logger, onTerminal: boolean): (event: NodeEvent) => void {
  return (event) => {
    const level = levelOf(event, onTerminal);
    if (!logger.isLevelEnabled(level)) return;
    const fields = eventToJson(event);
    logger[level](fields, describeEvent(fields));
  };
}

function levelOf(event: NodeEvent, onTerminal: boolean): EventLevel {
  if (event.event === 'block.accepted') {
    if (event.source === 'mined' && onTerminal) return 'debug';
    if (event.source === 'sync' && Date.now() - event.timestamp > NEWS_MS) return 'debug';
  }
  return LEVELS[event.event];
}
