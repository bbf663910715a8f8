/** Which of several daemons the pages look at. */
import { apiUrl } from '../state/daemon.ts';
import { chooseNode, chosenNode, nodes } from '../state/nodes.ts';

export function NodeSwitcher() {
  if (nodes.value.length < 2) return null;
  const chosen = chosenNode.value;
  return (
    <select
      class="node-switcher"
      aria-label="Daemon that the pages look at"
      value={chosen?.number ?? ''}
      onChange={({ currentTarget }) => chooseNode(Number(currentTarget.value))}
    >
      {chosen === undefined && <option value="">{new URL(apiUrl.value).host}</option>}
      {nodes.value.map(({ name, number, state }) => (
        <option key={number} value={number}>
          {name}
          {state === 'down' ? ' (down)' : ''}
        </option>
      ))}
    </select>
  );
}
