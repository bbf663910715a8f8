/** A line of text to be typed. What is wrong with it is told once somebody has left it. */
import { useId, useState } from 'preact/hooks';

interface Props {
  readonly label: string;
  readonly value: string;
  readonly set: (text: string) => void;
  readonly refusal?: string | undefined;
  readonly hint?: string;
  readonly placeholder?: string;
}

export function TextField({ hint, label, placeholder, refusal, set, value }: Props) {
  const id = useId();
  const [wasLeft, setLeft] = useState(false);
  const isWrong = wasLeft && refusal !== undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        aria-describedby={`${id}-hint`}
        value={value}
        placeholder={placeholder}
        spellcheck={false}
        autoComplete="off"
        aria-invalid={isWrong}
        onInput={(event) => set(event.currentTarget.value)}
        onBlur={() => setLeft(value !== '')}
      />
      <small id={`${id}-hint`} class={isWrong ? 'wrong' : ''} role={isWrong ? 'alert' : undefined}>
        {isWrong ? refusal : hint}
      </small>
    </div>
  );
}
