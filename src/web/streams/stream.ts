/** A stream of events as a tab reads it, whether a worker holds it or the tab itself. */
import { ApiError, ConnectionError } from '../../client/errors.ts';
import type { StreamEvent } from '../../client/event-stream.ts';
import { connectToHolder, giveUpSharing } from './holder-port.ts';
import type { HolderMessage } from './messages.ts';
import { untilStreamIs, type WhileHidden } from './tab-life.ts';

/** Four beats of the holder missed: it is gone, and the browser did not say so. */
const SILENCE_MS = 20_000;
/** Its first word comes as soon as it runs; a browser does not always say that it cannot. */
const HELLO_MS = 10_000;
const SILENT = 'the browser’s worker that holds the stream says nothing';

export interface StreamOptions {
  /** Number of the last event seen; 0: none. */
  readonly after: number;
  readonly whileHidden: WhileHidden;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * The events, until the signal aborts. While the tab has no use for them it leaves the stream, and goes on where it was.
 *
 * @throws ApiError if the daemon refuses, ConnectionError if the stream is lost: call again
 */
export async function* readStream(url: string, options: StreamOptions): AsyncGenerator<StreamEvent> {
  const { signal, whileHidden } = options;
  let { after } = options;
  for (;;) {
    await untilStreamIs(true, whileHidden, signal);
    if (signal.aborted) return;
    const leaving = new AbortController();
    const isLeft = AbortSignal.any([signal, leaving.signal]);
    void untilStreamIs(false, whileHidden, isLeft).then(() => leaving.abort());
    try {
      for await (const event of listen(url, after, isLeft)) {
        if (event.id !== '') after = Number(event.id);
        yield event;
      }
    } finally {
      leaving.abort();
    }
  }
}

/** Ends when the signal aborts. */
async function* listen(url: string, after: number, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  const inbox: HolderMessage[] = [];
  let wake = (): void => {};
  const receive = (message: HolderMessage): void => {
    inbox.push(message);
    wake();
  };
  const port = connectToHolder((reason) => receive({ kind: 'lost', reason }));
  port.addEventListener('message', ({ data }) => receive(data as HolderMessage));
  port.start();
  port.postMessage({ kind: 'listen', url, after });
  signal.addEventListener('abort', () => wake());
  let wasHeard = false;
  try {
    while (!signal.aborted) {
      const message = inbox.shift();
      if (message === undefined) {
        const silence = setTimeout(
          () => receive({ kind: 'lost', reason: SILENT }),
          wasHeard ? SILENCE_MS : HELLO_MS,
        );
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        clearTimeout(silence);
      } else if (message.kind === 'lost') {
        if (!wasHeard) giveUpSharing();
        throw lossOf(message);
      } else {
        wasHeard = true;
        yield* message.events;
        port.postMessage({ kind: 'ready' });
      }
    }
  } finally {
    port.postMessage({ kind: 'leave' });
    port.close();
  }
}

function lossOf({ reason, refusal }: HolderMessage & { kind: 'lost' }): Error {
  return refusal === undefined
    ? new ConnectionError(reason)
    : new ApiError(refusal.status, refusal.code, reason);
}
