/** Every fork this daemon saw, the newest first, a page at a time. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AnswerOf } from '../../client/contract.ts';
import type { ForkJson } from '../../client/fork-schemas.ts';
import { Said, useAction } from '../components/action.tsx';
import { Age } from '../components/age.tsx';
import { Button } from '../components/button.tsx';
import { Notice, Waiting } from '../components/notices.tsx';
import { counted } from '../state/activity.ts';
import { forksVersion } from '../state/blocks.ts';
import { client } from '../state/daemon.ts';
import { useLoaded } from '../state/loaded.ts';
import '../style/forks.css';
import { ForkBadge } from './fork-badge.tsx';
import { ForkDrawing } from './fork-drawing.tsx';
import { Miners } from './fork-facts.tsx';
import { endOf, titleOf, transactionsText } from './fork-words.ts';

const PAGE = 20;
/** Where there are many blocks and few forks an answer may have none: so often it is asked again at once. */
const MOST_EMPTY_ANSWERS = 10;

type Answer = AnswerOf<'chainForks'>;

export function ForksPage() {
  const newest = useLoaded(
    (api, signal) => api.call('chainForks', { query: { limit: PAGE } }, { signal }),
    '',
    forksVersion.value,
  );
  const [older, setOlder] = useState<Answer>();
  const firstKey = newest.value?.forks.map(({ id }) => id).join();
  // Another fork on top has moved all others: the pages below no longer fit.
  useEffect(() => setOlder(undefined), [firstKey]);
  const current = useRef(firstKey);
  current.current = firstKey;
  const forks = [...(newest.value?.forks ?? []), ...(older?.forks ?? [])];
  const next = older === undefined ? newest.value?.next : older.next;
  const { isBusy, run, said } = useAction();
  const loadOlder = async () => {
    const found = await olderThan(next);
    // Meanwhile the list may have begun anew: what was found belongs to the one before.
    if (current.current === firstKey) {
      setOlder({ ...found, forks: [...(older?.forks ?? []), ...found.forks] });
    }
    return '';
  };
  return (
    <div class="page forks-page">
      <header class="page-head">
        <div>
          <p class="kicker">The chain</p>
          <h1>Forks</h1>
          <p class="fork-introduction">
            Two miners find a block on top of the same one, or a part of the network is cut off for a while:
            then the chain forks. Every daemon goes with the branch that has more work. The blocks of the
            other are left behind; their transactions are mined again.
          </p>
        </div>
      </header>
      {newest.value === undefined ? (
        newest.error === undefined ? (
          <Waiting />
        ) : (
          <Notice title="The daemon does not tell its forks.">
            <p>{newest.error.message}</p>
          </Notice>
        )
      ) : forks.length === 0 && next === undefined ? (
        <Notice title="No fork yet.">
          <p>
            Every block this daemon has ever seen is on the chain. The more miners there are, and the longer a
            block takes from one to the other, the more often two find one at the same moment.
          </p>
        </Notice>
      ) : (
        <section class="panel" aria-label="Forks, the newest first">
          {forks.length === 0 && <p class="empty">None among the newest blocks.</p>}
          <ol class="fork-list">
            {forks.map((fork) => (
              <ForkItem key={fork.id} fork={fork} />
            ))}
          </ol>
          {next !== undefined && (
            <Button class="more" isBusy={isBusy} onClick={() => run(loadOlder)}>
              Older forks
            </Button>
          )}
          <Said text={said} />
        </section>
      )}
    </div>
  );
}

async function olderThan(before: number | undefined): Promise<Answer> {
  let found: Answer = { forks: [], ...(before === undefined ? {} : { next: before }) };
  for (let asked = 0; asked < MOST_EMPTY_ANSWERS && found.forks.length === 0; asked++) {
    if (found.next === undefined) break;
    found = await client.value.call('chainForks', { query: { limit: PAGE, before: found.next } });
  }
  return found;
}

function ForkItem({ fork }: { readonly fork: ForkJson }) {
  const { branch, chain, id } = fork;
  return (
    <li>
      <ForkDrawing fork={fork} />
      <div>
        <h2>
          <a href={`#/fork/${id}`}>{titleOf(fork)}</a>
          <ForkBadge fork={fork} />
        </h2>
        <p class="fork-line-of-sides">
          {counted(branch.blocks, 'block')} by <Miners side={branch} /> against{' '}
          {counted(chain.blocks, 'block')}
          {chain.blocks > 0 && (
            <>
              {' '}
              by <Miners side={chain} />
            </>
          )}
        </p>
        <p>
          {endOf(fork)} {transactionsText(fork)}
        </p>
      </div>
      <Age ms={Date.parse(branch.last.timestamp)} />
    </li>
  );
}
