/** A passphrase, chosen or asked for. Making a key of it takes about a second, in pieces that let the page go on. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { messageOf } from '../components/action.tsx';
import { Button } from '../components/button.tsx';

interface NewProps {
  readonly action: string;
  /** Whether everything else is there. */
  readonly isReady: boolean;
  readonly back: () => void;
  readonly onChosen: (passphrase: string) => Promise<void>;
}

export function NewPassphrase({ action, back, isReady, onChosen }: NewProps) {
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const differs = second !== '' && first !== second;
  return (
    <Working
      action={action}
      isReady={isReady && first !== '' && first === second}
      back={back}
      work={() => onChosen(first)}
    >
      <div class="pair">
        <Passphrase label="A passphrase for this browser" kind="new-password" value={first} set={setFirst} />
        <Passphrase label="Once more" kind="new-password" value={second} set={setSecond} />
      </div>
      <p class="muted" role="status">
        {differs ? 'The two are not the same yet.' : 'There is no way back in without it, but the words.'}
      </p>
    </Working>
  );
}

export function AskPassphrase({ onGiven }: { readonly onGiven: (passphrase: string) => Promise<void> }) {
  const [given, setGiven] = useState('');
  return (
    <Working action="Unlock" isReady={given !== ''} work={() => onGiven(given)}>
      <Passphrase label="Passphrase" kind="current-password" value={given} set={setGiven} />
    </Working>
  );
}

interface FieldProps {
  readonly label: string;
  readonly kind: 'new-password' | 'current-password';
  readonly value: string;
  readonly set: (text: string) => void;
}

function Passphrase({ kind, label, set, value }: FieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="password"
        autoComplete={kind}
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
    </label>
  );
}

interface WorkingProps {
  readonly action: string;
  readonly isReady: boolean;
  readonly back?: () => void;
  readonly work: () => Promise<void>;
  readonly children: ComponentChildren;
}

/** A form whose action takes a moment. */
function Working({ action, back, children, isReady, work }: WorkingProps) {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState('');
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setRefusal('');
    try {
      await work();
    } catch (error) {
      setRefusal(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      {children}
      {refusal !== '' && (
        <p class="refusal" role="alert">
          {refusal}
        </p>
      )}
      <div class="action">
        <Button type="submit" class="primary" isBusy={isBusy} isUnready={!isReady}>
          {isBusy ? 'Making the key…' : action}
        </Button>
        {back !== undefined && (
          <Button isBusy={isBusy} onClick={back}>
            Back
          </Button>
        )}
      </div>
    </form>
  );
}
