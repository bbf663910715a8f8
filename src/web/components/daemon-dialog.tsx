/** Which daemon the page talks to, and the token for what changes what a daemon does. */
import { signal } from '@preact/signals';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { apiUrl, chooseDaemon, isHttpUrl, keepToken, token } from '../state/daemon.ts';
import { connection, retryNow } from '../state/live.ts';
import { status } from '../state/status.ts';
import { Icon } from './icon.tsx';

const isOpen = signal(false);
const wasRefused = signal(false);

export function openDaemonDialog(): void {
  wasRefused.value = false;
  isOpen.value = true;
}

/** The daemon refused for want of a token. */
export function askForToken(): void {
  wasRefused.value = true;
  isOpen.value = true;
}

export function DaemonDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  // After every drawing: it may be asked for again before one tells that it was closed.
  useLayoutEffect(() => {
    if (dialog.current === null || dialog.current.open === isOpen.value) return;
    if (isOpen.value) dialog.current.showModal();
    else dialog.current.close();
  });
  const close = () => {
    isOpen.value = false;
  };
  return (
    <dialog
      ref={dialog}
      class="dialog"
      // The browser tells of a close later than it closes: by then the user may have opened it again.
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClose={({ currentTarget }) => {
        if (!currentTarget.open) close();
      }}
      aria-labelledby="daemon-title"
    >
      <header>
        <h2 id="daemon-title">This daemon</h2>
        <button type="button" class="plain" onClick={close} aria-label="Close">
          <Icon name="close" />
        </button>
      </header>
      {isOpen.value && <Contents close={close} />}
    </dialog>
  );
}

function Contents({ close }: { readonly close: () => void }) {
  const [url, setUrl] = useState(apiUrl.value);
  const [given, setGiven] = useState(token.value ?? '');
  const state = connection.value;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        keepToken(given);
        if (isHttpUrl(url) && url !== apiUrl.value) chooseDaemon(url);
        close();
      }}
    >
      {state.kind === 'lost' && (
        <p class="refusal">
          No answer: {state.reason}.{' '}
          <button type="button" class="link" onClick={retryNow}>
            Try now
          </button>
        </p>
      )}
      {status.value !== undefined && (
        <p class="muted">
          {status.value.name !== undefined && <strong>{status.value.name}: </strong>}
          Tallystick {status.value.version}, network {status.value.network}, peer …
          {status.value.peerId.slice(-8)}
        </p>
      )}
      <label class="field">
        <span>Address of its HTTP API</span>
        <input type="url" required value={url} onInput={(event) => setUrl(event.currentTarget.value)} />
        <small>
          A daemon elsewhere lets this page in only if it was started with{' '}
          <code>--allow-origin {location.origin}</code>
        </small>
      </label>
      {wasRefused.value && (
        <p class="refusal" role="alert">
          You come from beyond the daemon’s machine, so this needs its token.
        </p>
      )}
      <label class="field">
        <span>Token</span>
        <input
          type="password"
          autoComplete="off"
          value={given}
          onInput={(event) => setGiven(event.currentTarget.value)}
        />
        <small>
          In the file <code>api-token</code> of its data folder; with Docker,{' '}
          <code>docker compose exec node-1 cat /data/api-token</code> prints node-1’s. Not needed to look, nor
          on the daemon’s own machine. Forgotten when this tab is closed.
        </small>
      </label>
      <footer>
        <button type="submit" class="button primary">
          Use
        </button>
      </footer>
    </form>
  );
}
