/** What libp2p throws, made presentable. It rejects with plain events too, and hides causes in lists. */
import { OperationError } from '../node/ports.ts';

/** An Error for whatever was thrown: a stream that closes under a writer rejects with the event, not with an Error. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (thrown instanceof Event && 'error' in thrown && thrown.error instanceof Error) return thrown.error;
  return new Error(thrown instanceof Event ? 'the stream was closed' : String(thrown));
}

/** Whether this error, its cause, or one of several it stands for has this name. */
export function isCausedBy(thrown: unknown, name: string): boolean {
  if (!(thrown instanceof Error)) return false;
  if (thrown.name === name || isCausedBy(thrown.cause, name)) return true;
  return thrown instanceof AggregateError && thrown.errors.some((error) => isCausedBy(error, name));
}

/** One line for people: an error that stands for several tells the first. */
export function describeError(thrown: unknown): string {
  const error = asError(thrown);
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first === undefined ? error.message : asError(first).message;
}

/** libp2p tells every address with its stack; the system's words are in there. */
export function listenError(cause: unknown): OperationError {
  const text = describeError(cause);
  const [, reason = text.split('\n', 1)[0] ?? '', code] = /listen ((E[A-Z]+).*)$/m.exec(text) ?? [];
  const port = /:(\d+)$/.exec(reason)?.[1];
  if (code === 'EADDRINUSE' && port !== undefined) {
    return new OperationError(`port ${port} is taken: choose another with --p2p-port`, { cause });
  }
  return new OperationError(
    `cannot listen for peers (${reason}): choose another address with --p2p-host or --p2p-port`,
    { cause },
  );
}

/** What libp2p throws from an event handler, out of anybody's reach, when a stream ends while it is in use. */
const HARMLESS = new Set([
  'StreamStateError',
  'StreamResetError',
  'StreamAbortedError',
  'ConnectionClosedError',
  'MuxerClosedError',
]);

/**
 * Whether an uncaught exception only says that some peer's stream is gone. A peer can provoke it, so a
 * daemon goes on; any other uncaught exception is a bug and ends it.
 */
export function isHarmlessStreamError(thrown: unknown): boolean {
  return thrown instanceof Event || (thrown instanceof Error && HARMLESS.has(thrown.name));
}
