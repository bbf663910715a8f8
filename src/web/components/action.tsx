/** Something somebody asks the daemon to do, and what came of it. */
import { useState } from 'preact/hooks';
import { ApiError } from '../../client/tally-client.ts';
import { token } from '../state/daemon.ts';
import { askForToken } from './daemon-dialog.tsx';

interface Outcome {
  readonly text: string;
  readonly isRefusal: boolean;
}

const NOTHING: Outcome = { text: '', isRefusal: false };

/** Where a token is needed and missing, it is asked for. */
export function useAction() {
  const [said, setSaid] = useState(NOTHING);
  const [isBusy, setBusy] = useState(false);
  /** @param action resolves with what to say */
  const run = (action: () => Promise<string>): void => {
    setBusy(true);
    setSaid(NOTHING);
    action()
      .then(
        (text) => setSaid({ text, isRefusal: false }),
        (error: unknown) => setSaid(refusalOf(error)),
      )
      .finally(() => setBusy(false));
  };
  return { isBusy, run, said };
}

export function Said({ text: { isRefusal, text } }: { readonly text: Outcome }) {
  return <div role="status">{text !== '' && <p class={isRefusal ? 'refusal' : 'outcome'}>{text}</p>}</div>;
}

function refusalOf(error: unknown): Outcome {
  if (error instanceof ApiError && error.status === 401) {
    const text = token.value === undefined ? '' : 'The token is not this daemon’s.';
    askForToken();
    return { text, isRefusal: true };
  }
  return { text: messageOf(error), isRefusal: true };
}

/** As a sentence: errors are written as the middle of one. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`;
}
