/** Whether what the page shows is what is: always true, and a button to what can be done about it. */
import { type Connection, connection } from '../state/live.ts';
import { openDaemonDialog } from './daemon-dialog.tsx';

export function ConnectionBadge() {
  const { kind } = connection.value;
  return (
    <button type="button" class={`connection ${kind}`} onClick={openDaemonDialog}>
      <span class="lamp" aria-hidden="true" />
      <span>{textOf(connection.value)}</span>
    </button>
  );
}

function textOf(state: Connection): string {
  switch (state.kind) {
    case 'connecting':
      return 'Connecting';
    case 'live':
      return 'Live';
    case 'catching-up':
      return `Catching up: ${state.height.toLocaleString('en')} of ${state.target.toLocaleString('en')}`;
    case 'stale':
      return `Stale for ${state.seconds} s`;
    case 'lost':
      return state.retrySeconds === 0
        ? 'Disconnected, trying'
        : `Disconnected, retry in ${state.retrySeconds} s`;
  }
}
