/** Several daemons side by side: who has which block, when, and on which branch. */
import type { NodeJson } from '../../client/nodes-json.ts';
import { Notice, Waiting } from '../components/notices.tsx';
import { type Branch, branchesOf } from '../nodes-view/agreement.ts';
import { BranchChip } from '../nodes-view/branch-chip.tsx';
import { BranchTree } from '../nodes-view/branch-tree.tsx';
import { CutControls } from '../nodes-view/cut-controls.tsx';
import { NodeNames } from '../nodes-view/node-names.tsx';
import { NodeTable } from '../nodes-view/node-table.tsx';
import { ReorganisationNotes } from '../nodes-view/reorganisation-notes.tsx';
import { Timeline } from '../nodes-view/timeline.tsx';
import { TravelTable } from '../nodes-view/travel-table.tsx';
import '../style/nodes-view.css';
import { counted } from '../state/activity.ts';
import { chosenNode, isNodesStreamOpen, nodes, sightings, sightingsVersion } from '../state/nodes.ts';

export function NodesPage() {
  void sightingsVersion.value;
  const shown = nodes.value;
  const up = shown.filter(({ state }) => state === 'up');
  const branches = branchesOf(
    sightings,
    up.map(({ number }) => number),
  );
  return (
    <div class="page nodes-page">
      <header class="page-head">
        <div>
          <p class="kicker">Nodes</p>
          <h1>{headline(shown, up, branches)}</h1>
          <Detail shown={shown} branches={branches} />
          {/* Without heights: a change of agreement is worth a word, each block is not. */}
          <p class="hidden" role="status">
            {spoken(shown, up, branches)}
          </p>
        </div>
      </header>
      {!isNodesStreamOpen.value && shown.length > 0 && (
        <Notice title="Nothing is heard of the nodes">
          <p>Whoever serves this page does not answer. It goes on as soon as that is back.</p>
        </Notice>
      )}
      {networksOf(shown).length > 1 && (
        <Notice title="These nodes are on different networks">
          <p>They never agree: {networksOf(shown).join(', ')}.</p>
        </Notice>
      )}
      {shown.length === 0 ? (
        <Waiting />
      ) : (
        <>
          <CutControls shown={shown} />
          <section class="panel" aria-labelledby="timeline-title">
            <div class="panel-head">
              <h2 id="timeline-title">One time, every node</h2>
              <Key />
            </div>
            <Timeline shown={shown} />
            <ReorganisationNotes shown={shown} />
          </section>
          <section class="panel" aria-labelledby="tree-title">
            <div class="panel-head">
              <h2 id="tree-title">Where each stands</h2>
              {chosenNode.value !== undefined && (
                <a href="#/forks">All forks that {chosenNode.value.name} saw</a>
              )}
            </div>
            <BranchTree branches={branches} shown={shown} />
          </section>
          <NodeTable shown={shown} />
          <TravelTable shown={shown} />
        </>
      )}
    </div>
  );
}

function Key() {
  return (
    <p class="timeline-key" aria-hidden="true">
      <span>
        <svg width="18" height="18" aria-hidden="true">
          <circle cx="9" cy="9" r="7" />
        </svg>
        mined there
      </span>
      <span>
        <svg width="12" height="18" aria-hidden="true">
          <circle cx="6" cy="9" r="4.5" />
        </svg>
        arrived
      </span>
      <span>
        <svg width="10" height="18" aria-hidden="true">
          <rect x="1" y="0" width="8" height="18" rx="4" />
        </svg>
        reorganisation
      </span>
    </p>
  );
}

function headline(shown: readonly NodeJson[], up: readonly NodeJson[], branches: readonly Branch[]): string {
  const [main] = branches;
  if (shown.length === 0) return 'Several nodes, side by side';
  if (main === undefined) return up.length === 0 ? 'Nobody answers' : 'Connecting';
  if (branches.length > 1) return `${counted(branches.length, 'branch', 'branches')}, no agreement`;
  if (shown.length === 1) return `One node, at block ${main.head.height.toLocaleString('en')}`;
  const who =
    up.length === shown.length
      ? `All ${counted(shown.length, 'node')}`
      : `${up.length} of ${counted(shown.length, 'node')}`;
  return `${who} agree on block ${main.head.height.toLocaleString('en')}`;
}

/** Name and some digits of the id of each. */
function networksOf(shown: readonly NodeJson[]): string[] {
  const names = shown.flatMap(({ status }) =>
    status === undefined ? [] : [`${status.network} (${status.networkId.slice(0, 6)})`],
  );
  return [...new Set(names)];
}

function Detail({
  branches,
  shown,
}: {
  readonly branches: readonly Branch[];
  readonly shown: readonly NodeJson[];
}) {
  const nameOf = (number: number) => shown.find((node) => node.number === number)?.name ?? '';
  const down = shown.filter(({ state }) => state === 'down').map(({ name }) => name);
  return (
    <div class="nodes-detail">
      {branches.length > 1 ? (
        <ul>
          {branches.map(({ head, nodes: on }) => (
            <li key={head.tone}>
              <BranchChip block={head} isShort /> <NodeNames names={on.map(nameOf)} />
            </li>
          ))}
        </ul>
      ) : (
        <p>One colour is one branch: where all lines have it, all agree.</p>
      )}
      {down.length > 0 && (
        <p class="nodes-down">
          <NodeNames names={down} /> {down.length > 1 ? 'are' : 'is'} down.
        </p>
      )}
    </div>
  );
}

function spoken(shown: readonly NodeJson[], up: readonly NodeJson[], branches: readonly Branch[]): string {
  if (branches.length === 0) return '';
  const agreement =
    branches.length === 1
      ? 'The nodes agree'
      : `The nodes are on ${counted(branches.length, 'branch', 'branches')}`;
  return up.length === shown.length ? `${agreement}.` : `${agreement}; ${shown.length - up.length} down.`;
}
