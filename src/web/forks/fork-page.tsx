/** One fork, shown again in the picture of the chain, with what became of it. */
import { useEffect } from 'preact/hooks';
import type { ForkJson } from '../../client/fork-schemas.ts';
import { follow, heightsInView, lookAt } from '../chain-view/camera.ts';
import { ChainView } from '../chain-view/chain-view.tsx';
import { Age } from '../components/age.tsx';
import { Icon } from '../components/icon.tsx';
import { Notice, Waiting } from '../components/notices.tsx';
import { forksVersion } from '../state/blocks.ts';
import { isNotFound, useLoaded } from '../state/loaded.ts';
import '../style/forks.css';
import { ForkBadge } from './fork-badge.tsx';
import { ForkSides } from './fork-facts.tsx';
import { endOf, titleOf, transactionsText } from './fork-words.ts';

/** @param argument the id of any block of the branch; its last names the fork */
export function ForkPage({ argument: id }: { readonly argument: string }) {
  const { error, value: fork } = useLoaded(
    (client, signal) => client.call('chainFork', { params: { block: id } }, { signal }),
    id,
    forksVersion.value,
  );
  useEffect(() => follow, []);
  if (isNotFound(error)) return <NoFork id={id} />;
  if (fork === undefined) return <Waiting />;
  return <Shown fork={fork} />;
}

function Shown({ fork }: { readonly fork: ForkJson }) {
  const isDeep = highestOf(fork) - fork.ancestor.height + 2 > heightsInView.value;
  return (
    <div class="home fork-page">
      <header class="page-head">
        <div>
          <p class="kicker">
            <a href="#/forks">Forks</a>
          </p>
          <h1>
            {titleOf(fork)}
            <ForkBadge fork={fork} />
          </h1>
          <p class="muted">
            <Age ms={Date.parse(fork.branch.last.timestamp)} />
          </p>
        </div>
        {isDeep && (
          <div class="fork-steps">
            <button type="button" class="button" onClick={() => lookAt(startOf(fork))}>
              <Icon name="back" /> Where it parts
            </button>
            <button type="button" class="button" onClick={() => lookAt(highestOf(fork) + 1)}>
              Where it ends <Icon name="arrow" />
            </button>
          </div>
        )}
      </header>
      <ChainView fork={fork} />
      <div class="fork-told">
        <section class="panel">
          <h2>What happened</h2>
          <p>{endOf(fork)}</p>
          {transactionsText(fork) !== undefined && <p>{transactionsText(fork)}</p>}
          <ForkSides fork={fork} />
          <p>
            <a href="#/forks">All forks</a>
          </p>
        </section>
      </div>
    </div>
  );
}

/** With the common ancestor at the left. */
function startOf({ ancestor }: ForkJson): number {
  return ancestor.height + Math.floor(heightsInView.value) - 1;
}

function highestOf({ branch, chain }: ForkJson): number {
  return Math.max(branch.last.height, chain.last.height);
}

/** A link that was shared may name a branch that became the chain meanwhile, or another daemon's. */
function NoFork({ id }: { readonly id: string }) {
  const { value: block } = useLoaded(
    (client, signal) => client.call('block', { params: { block: id } }, { signal }),
    id,
  );
  const isOnChain = block !== undefined && block.confirmations > 0;
  return (
    <div class="page">
      <h1>No fork here</h1>
      <Notice title={isOnChain ? 'This branch is the chain.' : 'This daemon knows no such fork.'}>
        <p>
          {isOnChain ? (
            <>
              <a href={`#/block/${id}`}>Block {block.header.height.toLocaleString('en')}</a>, which the link
              names, is on the chain of this daemon: what was beside it then is a fork of its own now.
            </>
          ) : (
            'Other daemons may have seen it. One that was not connected then did not.'
          )}{' '}
          <a href="#/forks">All forks this daemon saw</a>
        </p>
      </Notice>
    </div>
  );
}
