/** No wallet yet: make one, or bring one back. */
import { useMemo, useState } from 'preact/hooks';
import { KeyFile } from '../../client/key-file.ts';
import { Wallet } from '../../client/wallet.ts';
import { messageOf } from '../components/action.tsx';
import { FileChoice } from '../components/file-choice.tsx';
import { CopyButton } from '../components/identifier.tsx';
import { StepTitle } from '../components/step-title.tsx';
import { counted } from '../state/activity.ts';
import { keep } from './kept-wallet.ts';
import { NewPassphrase } from './passphrase.tsx';

/** Far longer than any key file. */
const MAX_FILE_BYTES = 1_048_576;

type Way = 'choice' | 'new' | 'words' | 'file';

export function Welcome() {
  const [way, setWay] = useState<Way>('choice');
  const back = () => setWay('choice');
  switch (way) {
    case 'new':
      return <NewWallet back={back} />;
    case 'words':
      return <FromWords back={back} />;
    case 'file':
      return <FromFile back={back} />;
    default:
      return (
        <section class="panel welcome">
          <h2>A wallet in this page</h2>
          <p>
            It holds the keys that sign your payments. They are made here, stay in this browser, encrypted by
            a passphrase, and never go to the daemon.
          </p>
          <div class="action">
            <button type="button" class="button primary" onClick={() => setWay('new')}>
              Make a wallet
            </button>
            <button type="button" class="button" onClick={() => setWay('words')}>
              Restore from 24 words
            </button>
            <button type="button" class="button" onClick={() => setWay('file')}>
              Restore from a key file
            </button>
          </div>
        </section>
      );
  }
}

function NewWallet({ back }: { readonly back: () => void }) {
  const wallet = useMemo(() => Wallet.create(), []);
  const { words } = wallet.exportWords();
  const [isWritten, setWritten] = useState(false);
  return (
    <section class="panel">
      <div class="panel-head">
        <StepTitle>Write these 24 words down</StepTitle>
        <CopyButton text={words} what="the words" />
      </div>
      <p class="muted">
        They are the wallet. Whoever has them can spend from it, and only they bring it back if this browser
        forgets. They are shown this once.
      </p>
      <ol class="words">
        {words.split(' ').map((word, index) => (
          <li key={index}>{word}</li>
        ))}
      </ol>
      <label class="tick">
        <input
          type="checkbox"
          checked={isWritten}
          onChange={(event) => setWritten(event.currentTarget.checked)}
        />
        I have written them down, in their order
      </label>
      <NewPassphrase
        action="Keep the wallet"
        isReady={isWritten}
        back={back}
        onChosen={(passphrase) => keep(wallet, passphrase)}
      />
    </section>
  );
}

function FromWords({ back }: { readonly back: () => void }) {
  const [words, setWords] = useState('');
  return (
    <section class="panel">
      <StepTitle>Restore from 24 words</StepTitle>
      <label class="field">
        <span>The words, in their order</span>
        <textarea
          rows={4}
          spellcheck={false}
          autoComplete="off"
          autoCapitalize="none"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <small>Its first account comes back; more can be added and are the same as before.</small>
      </label>
      <NewPassphrase
        action="Restore the wallet"
        isReady={words.trim() !== ''}
        back={back}
        onChosen={async (passphrase) => keep(Wallet.fromWords(words), passphrase)}
      />
    </section>
  );
}

function FromFile({ back }: { readonly back: () => void }) {
  const [file, setFile] = useState<{ readonly name: string; readonly keys: KeyFile }>();
  const [refusal, setRefusal] = useState('');
  const [given, setGiven] = useState('');
  const choose = async (one: File) => {
    setFile(undefined);
    setRefusal('');
    try {
      if (one.size > MAX_FILE_BYTES) throw new Error('this is no key file: it is far too long');
      setFile({ name: one.name, keys: new KeyFile(await one.text()) });
    } catch (error) {
      setRefusal(messageOf(error));
    }
  };
  return (
    <section class="panel">
      <StepTitle>Restore from a key file</StepTitle>
      <FileChoice
        label={file?.name ?? 'Choose a key file'}
        isChosen={file !== undefined}
        accept=".json"
        onChoose={(one) => void choose(one)}
      >
        {file === undefined
          ? 'the wallet.json of a data folder, or one downloaded here'
          : `${counted(file.keys.accounts.length, 'account')}, ${file.keys.encrypted ? 'encrypted' : 'not encrypted'}`}
      </FileChoice>
      {refusal !== '' && (
        <p class="refusal" role="alert">
          {refusal}
        </p>
      )}
      {file?.keys.encrypted === true && (
        <label class="field">
          <span>Its passphrase</span>
          <input
            type="password"
            autoComplete="off"
            value={given}
            onInput={(event) => setGiven(event.currentTarget.value)}
          />
        </label>
      )}
      <NewPassphrase
        action="Restore the wallet"
        isReady={file !== undefined}
        back={back}
        onChosen={async (passphrase) => {
          if (file !== undefined) await keep(await file.keys.unlock(given), passphrase);
        }}
      />
    </section>
  );
}
