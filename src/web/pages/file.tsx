/** Whether the ledger has a file's fingerprint, and since when. */
import { useEffect, useState } from 'preact/hooks';
import { Age, formatTime } from '../components/age.tsx';
import { Button } from '../components/button.tsx';
import { AddressLink, FullText, TransactionLink } from '../components/identifier.tsx';
import { Notice, Waiting } from '../components/notices.tsx';
import { tip } from '../state/blocks.ts';
import { client } from '../state/daemon.ts';
import { handOver } from '../state/file-drop.ts';
import { fileSearch, searchedFile } from '../state/file-search.ts';
import { type FoundRecord, findInBlocks, findInPool } from '../state/records.ts';

/** Looked through at a time: a second or two. */
const BLOCKS_AT_A_TIME = 2_000;

export function FilePage({ digest }: { readonly digest: string }) {
  const search = fileSearch.value;
  if (search?.error !== undefined) {
    return (
      <div class="page">
        <Notice title={`${search.name} cannot be read.`}>
          <p>{search.error}</p>
        </Notice>
      </div>
    );
  }
  if (digest !== '') return <Search key={digest} digest={digest} name={search?.name} />;
  if (search === undefined) {
    return (
      <div class="page">
        <Notice title="Drop a file anywhere on this page to look for it." />
      </div>
    );
  }
  const share = search.size === 0 ? 1 : search.done / search.size;
  return (
    <div class="page">
      <p class="kicker">File</p>
      <h1>{search.name}</h1>
      <label class="progress">
        Making its fingerprint: {Math.round(100 * share)} %
        <progress value={share} />
      </label>
    </div>
  );
}

interface State {
  readonly found: readonly FoundRecord[];
  readonly lowest: number | undefined;
  readonly isBusy: boolean;
  readonly error?: string;
}

function Search({ digest, name }: { readonly digest: string; readonly name: string | undefined }) {
  const [state, setState] = useState<State>({ found: [], lowest: undefined, isBusy: true });
  const isReady = tip.value !== undefined;
  const [round, setRound] = useState(1);
  useEffect(() => {
    if (!isReady) return;
    const leaving = new AbortController();
    const look = async () => {
      const below = state.lowest ?? (tip.value?.height ?? 0) + 1;
      setState((before) => ({ ...before, isBusy: true }));
      try {
        const waiting = round === 1 ? await findInPool(client.value, digest) : [];
        const onProgress = (lowest: number) => setState((before) => ({ ...before, lowest }));
        const { found, lowest } = await findInBlocks(
          client.value,
          digest,
          below,
          BLOCKS_AT_A_TIME,
          leaving.signal,
          onProgress,
        );
        setState((before) => ({ found: [...before.found, ...waiting, ...found], lowest, isBusy: false }));
      } catch (error) {
        if (leaving.signal.aborted) return;
        const message = error instanceof Error ? error.message : String(error);
        setState((before) => ({ ...before, isBusy: false, error: message }));
      }
    };
    void look();
    return () => leaving.abort();
  }, [digest, isReady, round]);
  const { error, found, isBusy, lowest } = state;
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <p class="kicker">File</p>
          <h1>{name ?? 'Fingerprint'}</h1>
        </div>
      </header>
      <p class="whole-address">
        <FullText text={digest} what="the fingerprint" />
      </p>
      {found.map(({ block, record, transaction }) => (
        <section key={transaction.id} class="panel found">
          <h2>{block === undefined ? 'On its way to the ledger' : 'On the ledger'}</h2>
          <p>
            {block === undefined ? (
              'It waits in the pool for a block.'
            ) : (
              <>
                Recorded {formatTime(Date.parse(block.timestamp))} (<Age ms={Date.parse(block.timestamp)} />)
                in block <a href={`#/block/${block.id}`}>{block.height.toLocaleString('en')}</a>
              </>
            )}
          </p>
          <p>
            By <AddressLink address={transaction.sender} /> in <TransactionLink id={transaction.id} />
            {record.note !== '' && <> with the note “{record.note}”</>}
          </p>
        </section>
      ))}
      {error !== undefined && <Notice title="The search broke off.">{error}</Notice>}
      {isBusy && round === 1 ? (
        <Waiting />
      ) : (
        <Notice title={found.length === 0 ? 'No record of it here.' : 'That is all there is here.'}>
          <p>
            {lowest === 0
              ? 'The whole chain and the pool were looked through.'
              : `The pool and all blocks from ${(lowest ?? 0).toLocaleString('en')} up were looked through.`}
          </p>
          {lowest !== undefined && lowest > 0 && (
            <Button isBusy={isBusy} onClick={() => setRound(round + 1)}>
              {isBusy
                ? 'Looking…'
                : `Look through ${Math.min(lowest, BLOCKS_AT_A_TIME).toLocaleString('en')} more`}
            </Button>
          )}
          {name !== undefined && found.length === 0 && <RecordIt />}
        </Notice>
      )}
    </div>
  );
}

function RecordIt() {
  const file = searchedFile();
  if (file === undefined) return null;
  return (
    <p>
      <button type="button" class="button" onClick={() => handOver('/wallet/record', [file])}>
        Put it on record
      </button>
    </p>
  );
}
