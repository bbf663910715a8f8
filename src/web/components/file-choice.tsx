/** A place to choose a file for something; dropping it anywhere on the page does the same. */
import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';

interface Props {
  readonly label: string;
  /** What to say below, such as the name of the file that was chosen. */
  readonly children?: ComponentChildren;
  readonly accept?: string;
  readonly isChosen?: boolean;
  readonly onChoose: (file: File) => void;
}

export function FileChoice({ accept, children, isChosen = false, label, onChoose }: Props) {
  return (
    <label class={`file-choice ${isChosen ? 'is-chosen' : ''}`}>
      <Icon name={isChosen ? 'check' : 'file'} />
      <span>
        <strong>{label}</strong>
        <small>{children}</small>
      </span>
      <input
        type="file"
        class="hidden"
        accept={accept}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file !== undefined) onChoose(file);
          event.currentTarget.value = '';
        }}
      />
    </label>
  );
}
