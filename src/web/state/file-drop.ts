/** What becomes of files that are dropped on the page. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { lookUpFile } from './file-search.ts';

interface DropTarget {
  /** Shown while files are held over the page. */
  readonly text: string;
  readonly take: (files: readonly File[]) => void;
}

const LOOK_UP: DropTarget = {
  text: 'Let go to look for this file on the ledger. It stays on this machine.',
  take: ([file]) => {
    if (file !== undefined) lookUpFile(file);
  },
};

export const dropTarget = signal(LOOK_UP);

/** While this page is shown, files that are dropped anywhere are for it. */
export function useDroppedFiles(text: string, take: (files: readonly File[]) => void): void {
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const target = { text, take: (files: readonly File[]) => latest.current(files) };
    dropTarget.value = target;
    return () => {
      if (dropTarget.value === target) dropTarget.value = LOOK_UP;
    };
  }, [text]);
}
