/** What a block's page says of one that is not on the chain, and the way to the fork it is part of. */
import type { ForkJson } from '../../client/fork-schemas.ts';
import { Notice, Waiting } from '../components/notices.tsx';
import { forksVersion } from '../state/blocks.ts';
import { type Loaded, useLoaded } from '../state/loaded.ts';
import { endOf, titleOf } from './fork-words.ts';

/** Of a block that is all here. */
export function LostBlock({ height, id }: { readonly height: number; readonly id: string }) {
  const { value: fork } = useFork(id);
  const isOpen = fork?.state === 'open';
  return (
    <Notice title={isOpen ? 'This block is on a branch that may still win.' : 'This block lost.'}>
      <p>
        Another block of height <a href={`#/block/${height}`}>{height.toLocaleString('en')}</a> is on the
        chain, because its branch {isOpen ? 'came first' : 'has more work'}. What this one holds waits in the
        pool or was mined again, unless the other has it too.
      </p>
      {fork !== undefined && <p>{endOf(fork)}</p>}
      <ForkLink id={id} fork={fork} />
    </Notice>
  );
}

/** Of one whose body is not here: a header alone, a block that was refused, or one this daemon never heard of. */
export function BlockWithoutBody({ name }: { readonly name: string }) {
  const { error, value: fork } = useFork(name);
  if (fork === undefined && error === undefined) return <Waiting />;
  if (fork === undefined) {
    return (
      <div class="page">
        <h1>No such block</h1>
        <Notice title={`This daemon knows no block ${name}.`}>
          <p>It may be known to others only, or not be mined yet.</p>
        </Notice>
      </div>
    );
  }
  const isRefused = fork.state === 'invalid';
  return (
    <div class="page">
      <h1>{isRefused ? 'A block that was refused' : 'A block of which only the header is here'}</h1>
      <Notice
        title={isRefused ? 'It is of a branch that broke a rule.' : 'It is on a branch beside the chain.'}
      >
        <p>{endOf(fork)}</p>
        <ForkLink id={name} fork={fork} />
      </Notice>
    </div>
  );
}

function ForkLink({ fork, id }: { readonly fork: ForkJson | undefined; readonly id: string }) {
  return (
    <p>
      <a href={`#/fork/${id}`}>
        {fork === undefined ? 'Show the fork' : `Show the ${lowerFirst(titleOf(fork))}`}
      </a>
    </p>
  );
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

const IS_ID = /^[0-9a-f]{64}$/i;

/** Nothing for a height that is not there: no fork is named by one. */
function useFork(id: string): Loaded<ForkJson> {
  return useLoaded(
    (client, signal) =>
      IS_ID.test(id)
        ? client.call('chainFork', { params: { block: id } }, { signal })
        : Promise.reject(new Error('a height names no fork')),
    id,
    forksVersion.value,
  );
}
