/** One field for everything: a height, an id, an address, or a file. */
import { useRef, useState } from 'preact/hooks';
import { go } from '../routing.ts';
import { lookUpFile } from '../state/file-search.ts';
import { Icon } from './icon.tsx';

export function SearchBox() {
  const [text, setText] = useState('');
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <search class="search-box">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === '') return;
          go(`/search/${encodeURIComponent(text.trim())}`);
          setText('');
        }}
      >
        <Icon name="search" />
        <input
          type="search"
          placeholder="Height, id or address"
          aria-label="Search by height, id or address"
          value={text}
          spellcheck={false}
          autoComplete="off"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button
          type="button"
          class="plain"
          onClick={() => chooser.current?.click()}
          aria-label="Search by file"
        >
          <Icon name="file" />
        </button>
        <input
          ref={chooser}
          type="file"
          hidden
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            if (file !== undefined) lookUpFile(file);
            event.currentTarget.value = '';
          }}
        />
      </form>
    </search>
  );
}
