/** The ledger, live: where it stands, the chain as it grows, and what happened last. */

import { formatLatency } from '../chain-view/block-card.tsx';
import { ChainView } from '../chain-view/chain-view.tsx';
import { Age } from '../components/age.tsx';
import { Figure } from '../components/facts.tsx';
import { AddressLink, BlockLink } from '../components/identifier.tsx';
import { Invitation } from '../components/invitation.tsx';
import { formatHashRate, MiningPanel } from '../components/mining-panel.tsx';
import { Empty } from '../components/notices.tsx';
import { LastFork } from '../forks/last-fork.tsx';
import { activity, nounFor } from '../state/activity.ts';
import { blocksAt, blocksVersion, tip } from '../state/blocks.ts';
import { pool } from '../state/pool.ts';
import { status } from '../state/status.ts';

const LATEST_BLOCKS = 10;

export function HomePage() {
  return (
    <div class="home">
      <h1 class="hidden">The chain</h1>
      <Invitation />
      <Figures />
      <ChainView>
        <LastFork />
      </ChainView>
      <div class="columns">
        <div class="side">
          <LatestBlocks />
        </div>
        <div class="side">
          <MiningPanel />
          <Happenings />
        </div>
      </div>
    </div>
  );
}

function Figures() {
  const known = status.value;
  const newest = tip.value;
  const blocks = newest === undefined ? undefined : newest.height + 1;
  return (
    <div class="figures">
      <Figure name={nounFor(blocks ?? 0, 'block')}>{blocks?.toLocaleString('en') ?? '–'}</Figure>
      <Figure name="last block">
        {newest === undefined ? '–' : newest.height === 0 ? 'none yet' : <Age ms={newest.timestampMs} />}
      </Figure>
      <Figure name="waiting">{pool.value.count.toLocaleString('en')}</Figure>
      <Figure name={nounFor(known?.peers ?? 0, 'peer')}>
        {known === undefined ? '–' : known.peers.toLocaleString('en')}
      </Figure>
      {known?.mining.active === true && (
        <Figure name="hash rate of this node">{formatHashRate(known.mining.hashrate)}</Figure>
      )}
    </div>
  );
}

function LatestBlocks() {
  void blocksVersion.value;
  const top = tip.value?.height ?? -1;
  const latest = Array.from({ length: Math.min(LATEST_BLOCKS, top + 1) }, (_, back) =>
    blocksAt(top - back).find(({ state }) => state === 'chain'),
  ).filter((block) => block !== undefined);
  return (
    <section class="panel">
      <h2>Latest blocks</h2>
      {top === 0 && (
        <p class="muted">
          The chain is new: its genesis is all there is. Start mining here, or wait for a peer to find a
          block.
        </p>
      )}
      {latest.length === 0 ? (
        <Empty>No block yet.</Empty>
      ) : (
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Height</th>
              <th scope="col" class="wide-only">
                Block
              </th>
              <th scope="col">Miner</th>
              <th scope="col" class="number roomy-only">
                Transactions
              </th>
              <th scope="col" class="number wide-only">
                Reached us in
              </th>
              <th scope="col" class="number">
                Age
              </th>
            </tr>
          </thead>
          <tbody>
            {latest.map((block) => (
              <tr key={block.id}>
                <td>
                  <a href={`#/block/${block.height}`}>{block.height.toLocaleString('en')}</a>
                </td>
                <td class="wide-only">
                  <BlockLink id={block.id} />
                </td>
                <td>{block.height === 0 ? 'genesis' : <AddressLink address={block.miner} />}</td>
                <td class="number roomy-only">{block.transactions?.toLocaleString('en') ?? '–'}</td>
                <td class="number wide-only">
                  {block.isMinedHere === true
                    ? 'mined here'
                    : block.latencyMs === undefined
                      ? '–'
                      : formatLatency(block.latencyMs)}
                </td>
                <td class="number">
                  <Age ms={block.timestampMs} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

const SHOWN_HAPPENINGS = 12;

function Happenings() {
  const shown = activity.value.slice(0, SHOWN_HAPPENINGS);
  return (
    <section class="panel">
      <h2>What happened</h2>
      {shown.length === 0 && <Empty>Nothing since this page was opened.</Empty>}
      <ol class="happenings">
        {shown.map(({ atMs, href, key, kind, text }) => (
          <li key={key} class={kind}>
            <span>{href === undefined ? text : <a href={href}>{text}</a>}</span>
            <Age ms={atMs} />
          </li>
        ))}
      </ol>
    </section>
  );
}
