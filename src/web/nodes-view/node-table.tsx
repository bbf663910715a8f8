/** Every daemon as it stands now. */
import type { NodeJson } from '../../client/nodes-json.ts';
import { formatLatency } from '../chain-view/block-card.tsx';
import { Age } from '../components/age.tsx';
import { formatHashRate } from '../components/mining-panel.tsx';
import { chooseNode, chosenNode, sightings, sightingsVersion } from '../state/nodes.ts';
import { BranchChip } from './branch-chip.tsx';

export function NodeTable({ shown }: { readonly shown: readonly NodeJson[] }) {
  void sightingsVersion.value;
  return (
    <section class="panel node-table">
      <h2>Each as it stands</h2>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">State</th>
            <th scope="col">Tip</th>
            <th scope="col" class="number">
              Peers
            </th>
            <th scope="col" class="number">
              Round trip
            </th>
            <th scope="col" class="number">
              Pool
            </th>
            <th scope="col" class="number">
              Mining
            </th>
            <th scope="col">
              <span class="hidden">Choose</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((node) => (
            <NodeRow key={node.number} node={node} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function NodeRow({ node }: { readonly node: NodeJson }) {
  const { name, number, peers, sinceMs, state, status, url } = node;
  const tip = sightings.tipOf(number);
  const isUp = state === 'up' && status !== undefined;
  const isChosen = chosenNode.value?.number === number;
  return (
    <tr class={state}>
      <th scope="row">
        <strong>{name}</strong>
        <small>{new URL(url).host}</small>
      </th>
      <td data-name="State">
        <span class={`node-state ${state}`} title={node.reason}>
          <span class="node-lamp" aria-hidden="true" />
          {state === 'down' ? (
            <span>
              Down, <Age ms={sinceMs} />
            </span>
          ) : (
            stateText(node)
          )}
        </span>
      </td>
      <td data-name="Tip">{tip === undefined ? '–' : <BranchChip block={tip} />}</td>
      <td data-name="Peers" class="number">
        {isUp ? status.peers : '–'}
      </td>
      <td data-name="Round trip" class="number">
        {isUp ? roundTrip(peers ?? []) : '–'}
      </td>
      <td data-name="Pool" class="number">
        {isUp ? status.pool.count.toLocaleString('en') : '–'}
      </td>
      <td data-name="Mining" class="number">
        {isUp && status.mining.active ? formatHashRate(status.mining.hashrate) : '–'}
      </td>
      <td class="number">
        <button
          type="button"
          class="button small"
          aria-disabled={isChosen}
          onClick={() => chooseNode(number)}
        >
          {isChosen ? 'Looking' : 'Look'}
          <span class="hidden">
            {isChosen ? ' at' : ' at'} {name}
          </span>
        </button>
      </td>
    </tr>
  );
}

function stateText({ state, status }: NodeJson): string {
  if (state === 'connecting') return 'Connecting';
  const sync = status?.sync;
  return sync === undefined || sync.state === 'idle'
    ? 'Up'
    : `Fetching to ${sync.targetHeight.toLocaleString('en')}`;
}

/** Of the slowest: that is who blocks wait for. */
function roundTrip(peers: NonNullable<NodeJson['peers']>): string {
  const known = peers.flatMap(({ roundTripMs }) => roundTripMs ?? []);
  return known.length === 0 ? '–' : formatLatency(Math.max(1, ...known));
}
