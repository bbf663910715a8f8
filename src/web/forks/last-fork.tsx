/** The line below the picture of the chain: what happened to it last, and the way to every fork. Never over a block. */
import { Age } from '../components/age.tsx';
import { reorganisationText } from '../state/activity.ts';
import {
  forksVersion,
  REORGANISATION_SHOWN_MS,
  type Reorganisation,
  reorganisation,
} from '../state/blocks.ts';
import { now } from '../state/clock.ts';
import { useLoaded } from '../state/loaded.ts';
import '../style/forks.css';
import { endOf, titleOf } from './fork-words.ts';

export function LastFork() {
  const turned = reorganisation.value;
  const isNews = turned !== undefined && now.value - turned.atMs < REORGANISATION_SHOWN_MS;
  return (
    <div class={`last-fork ${isNews ? 'is-news' : ''}`}>
      {isNews ? <Turned turned={turned} /> : <Newest />}
      <a class="all-forks" href="#/forks">
        All forks
      </a>
    </div>
  );
}

function Turned({ turned }: { readonly turned: Reorganisation }) {
  const winner = `the branch that ends in block ${turned.newHeight.toLocaleString('en')}`;
  return (
    <p>
      <strong>Reorganisation.</strong> {reorganisationText(turned, winner)}{' '}
      <a href={`#/fork/${turned.oldTip}`}>Show the fork</a>
    </p>
  );
}

function Newest() {
  const { value } = useLoaded(
    (client, signal) => client.call('chainForks', { query: { limit: 1 } }, { signal }),
    '',
    forksVersion.value,
  );
  if (value === undefined) return <p />;
  const [fork] = value.forks;
  if (fork === undefined) {
    return (
      <p class="muted">
        {value.next === undefined
          ? 'No fork yet: every block this daemon has seen is on the chain.'
          : 'No fork among the newest blocks.'}
      </p>
    );
  }
  return (
    <p>
      <a href={`#/fork/${fork.id}`}>{titleOf(fork)}</a>, <Age ms={Date.parse(fork.branch.last.timestamp)} />.{' '}
      <span class="muted">{endOf(fork)}</span>
    </p>
  );
}
