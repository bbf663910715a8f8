/** Puts a file's fingerprint on the ledger; the file itself stays where it is. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatAddress } from '../../client/address.ts';
import { encodeRecord, MAX_NOTE_BYTES } from '../../client/record.ts';
import { messageOf, Said, useAction } from '../components/action.tsx';
import { Amount } from '../components/amount.tsx';
import { Button } from '../components/button.tsx';
import { FileChoice } from '../components/file-choice.tsx';
import { FullText } from '../components/identifier.tsx';
import { Notice } from '../components/notices.tsx';
import { counted } from '../state/activity.ts';
import { tip } from '../state/blocks.ts';
import { client } from '../state/daemon.ts';
import { useDroppedFiles } from '../state/file-drop.ts';
import { sha256Of } from '../state/fingerprint.ts';
import { type FoundRecord, findInBlocks, findInPool } from '../state/records.ts';
import { useBalance } from './balance.ts';
import { payer } from './kept-wallet.ts';
import { submit } from './submit.ts';
import { leastFee, shortfall } from './terms.ts';
import { TextField } from './text-field.tsx';

/** The newest ones, looked through for an earlier record: a second or two. */
const BLOCKS_LOOKED_THROUGH = 2_000;
const DEFAULT_CONFIRMATIONS = 3;
const MAX_CONFIRMATIONS = 1_000;

interface Chosen {
  readonly file: File;
  /** Bytes hashed so far. */
  readonly done: number;
  readonly sha256?: Uint8Array;
  readonly error?: string;
}

export function RecordFile() {
  const [chosen, choose] = useFingerprint();
  useDroppedFiles('Let go to put this file on record. It stays on this machine.', ([file]) => {
    if (file !== undefined) choose(file);
  });
  const share = chosen === undefined || chosen.file.size === 0 ? 1 : chosen.done / chosen.file.size;
  return (
    <div class="form">
      <FileChoice
        label={chosen?.file.name ?? 'Choose a file, or drop it here'}
        isChosen={chosen?.sha256 !== undefined}
        onChoose={choose}
      >
        {chosen === undefined
          ? 'Only its fingerprint goes to the ledger. Whoever has the file can show later that it was there today.'
          : counted(chosen.file.size, 'byte')}
      </FileChoice>
      {chosen?.error !== undefined && (
        <p class="refusal" role="alert">
          {chosen.file.name} cannot be read: {chosen.error}
        </p>
      )}
      {chosen !== undefined && chosen.sha256 === undefined && chosen.error === undefined && (
        <label class="progress">
          Making its fingerprint: {Math.round(100 * share)} %
          <progress value={share} />
        </label>
      )}
      {chosen?.sha256 !== undefined && (
        <Record
          key={bytesToHex(chosen.sha256)}
          name={chosen.file.name}
          sha256={chosen.sha256}
          onRecorded={() => choose(undefined)}
        />
      )}
    </div>
  );
}

function useFingerprint(): [Chosen | undefined, (file: File | undefined) => void] {
  const [chosen, setChosen] = useState<Chosen>();
  const current = useRef<File | undefined>(undefined);
  useEffect(
    () => () => {
      current.current = undefined;
    },
    [],
  );
  const choose = (file: File | undefined) => {
    current.current = file;
    setChosen(file === undefined ? undefined : { file, done: 0 });
    if (file === undefined) return;
    const isWanted = () => current.current === file;
    sha256Of(file, (done) => setChosen({ file, done }), isWanted).then(
      (sha256) => sha256 === undefined || setChosen({ file, done: file.size, sha256 }),
      (error: unknown) => isWanted() && setChosen({ file, done: 0, error: messageOf(error) }),
    );
  };
  return [chosen, choose];
}

interface RecordProps {
  readonly name: string;
  readonly sha256: Uint8Array;
  readonly onRecorded: () => void;
}

function Record({ name, onRecorded, sha256 }: RecordProps) {
  const from = payer.value;
  const address = from === undefined ? '' : formatAddress(from.address);
  const { value: account } = useBalance(address);
  const [note, setNote] = useState('');
  const [confirmations, setConfirmations] = useState(DEFAULT_CONFIRMATIONS);
  const { isBusy, run, said } = useAction();
  const bytes = new TextEncoder().encode(note).length;
  const isTooLong = bytes > MAX_NOTE_BYTES;
  const data = isTooLong ? undefined : encodeRecord({ sha256, note });
  const fee = leastFee(data?.length ?? 0);
  const lacking = account === undefined ? undefined : shortfall({ amount: 0n, fee }, account);
  const record = () =>
    run(async () => {
      if (from === undefined || data === undefined) return '';
      const file = { name, confirmations, hasReceipt: false };
      await submit(from, { to: address, amount: 0n, fee, data }, file);
      onRecorded();
      return '';
    });
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        record();
      }}
    >
      <p class="whole-address">
        <small class="muted">SHA-256</small>
        <br />
        <FullText text={bytesToHex(sha256)} what="the fingerprint" />
      </p>
      <Earlier digest={bytesToHex(sha256)} />
      <div class="pair">
        <TextField
          label="Note"
          value={note}
          set={setNote}
          refusal={isTooLong ? `it has ${counted(bytes, 'byte')}; at most ${MAX_NOTE_BYTES} fit` : undefined}
          hint="may be left out; everybody can read it, for good"
        />
        <label class="field">
          <span>Confirmations before the receipt</span>
          <input
            type="number"
            min={1}
            max={MAX_CONFIRMATIONS}
            required
            value={confirmations}
            onInput={(event) => setConfirmations(event.currentTarget.valueAsNumber)}
          />
          <small>the more, the harder to forge</small>
        </label>
      </div>
      {lacking !== undefined && (
        <p class="refusal" role="alert">
          {lacking}
        </p>
      )}
      <Said text={said} />
      <div class="action">
        <Button
          type="submit"
          class="primary"
          isBusy={isBusy}
          isUnready={isTooLong || account === undefined || lacking !== undefined}
        >
          {isBusy ? 'Recording…' : 'Put it on record'}
        </Button>
        <span class="muted">
          costs a fee of <Amount notches={fee} />
        </span>
      </div>
    </form>
  );
}

/** Whether somebody has recorded it already: then a second record adds little. */
function Earlier({ digest }: { readonly digest: string }) {
  const [found, setFound] = useState<FoundRecord>();
  useEffect(() => {
    const leaving = new AbortController();
    const look = async () => {
      const below = (tip.value?.height ?? 0) + 1;
      const [waiting] = await findInPool(client.value, digest);
      const { found: inBlocks } = await findInBlocks(
        client.value,
        digest,
        below,
        BLOCKS_LOOKED_THROUGH,
        leaving.signal,
        () => {},
      );
      if (!leaving.signal.aborted) setFound(inBlocks.at(-1) ?? waiting);
    };
    // Only a hint: without it a second record is made, which harms nobody.
    look().catch(() => {});
    return () => leaving.abort();
  }, [digest]);
  if (found === undefined) return null;
  return (
    <Notice title="It is on record already">
      <p>
        <a href={`#/file/${digest}`}>
          {found.block === undefined
            ? 'It waits for a block.'
            : `Since block ${found.block.height.toLocaleString('en')}.`}
        </a>{' '}
        Whoever has the file can make a receipt of that record.
      </p>
    </Notice>
  );
}
