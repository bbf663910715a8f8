/** Whether this tab is there for a user: shown, hidden behind others, or put away to be gone back to. */
import { isShared } from './holder-port.ts';

/** The user went on to another page, and may come back to this one as it was. */
let isPutAway = false;

addEventListener('pagehide', () => {
  isPutAway = true;
});
addEventListener('pageshow', () => {
  isPutAway = false;
});

/** What a tab does with its stream while it is hidden. */
export type WhileHidden = 'listen' | 'leave';

/** Of six connections a hidden tab takes none for itself. */
function wantsStream(whileHidden: WhileHidden): boolean {
  return !isPutAway && (!document.hidden || (whileHidden === 'listen' && isShared()));
}

/** Resolves once the tab wants a stream, or does not any more; or when the signal aborts. */
export function untilStreamIs(wanted: boolean, whileHidden: WhileHidden, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const watching = new AbortController();
    const look = (): void => {
      if (!signal.aborted && wantsStream(whileHidden) !== wanted) return;
      watching.abort();
      resolve();
    };
    for (const name of ['pagehide', 'pageshow']) addEventListener(name, look, { signal: watching.signal });
    document.addEventListener('visibilitychange', look, { signal: watching.signal });
    signal.addEventListener('abort', look, { signal: watching.signal });
    look();
  });
}
