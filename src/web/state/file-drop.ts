/** What becomes of files that are dropped on the page. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { go } from '../routing.ts';
import { lookUpFile } from './file-search.ts';

interface DropTarget {
  /** Shown while files are held over the page. */
  readonly text: string;
  readonly take: (files: readonly File[]) => void;
}

/** What receipts are called, also when a browser has numbered them. */
const RECEIPT_NAME = /\.receipt( ?\(\d+\))?(\.json)?$/i;

export function isNamedReceipt({ name }: File): boolean {
  return RECEIPT_NAME.test(name);
}

const LOOK_UP: DropTarget = {
  text: 'Let go to look for this file on the ledger, or to verify a receipt. It stays on this machine.',
  take: (files) => {
    const [file] = files;
    if (files.some(isNamedReceipt)) handOver('/verify', files);
    else if (file !== undefined) lookUpFile(file);
  },
};

/** On their way to a page that is being opened. */
let handed: readonly File[] = [];

export function handOver(path: string, files: readonly File[]): void {
  handed = files;
  go(path);
}

export const dropTarget = signal(LOOK_UP);

/** While this page is shown, files that are dropped anywhere are for it. */
export function useDroppedFiles(text: string, take: (files: readonly File[]) => void): void {
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const target = { text, take: (files: readonly File[]) => latest.current(files) };
    dropTarget.value = target;
    if (handed.length > 0) target.take(handed);
    handed = [];
    return () => {
      if (dropTarget.value === target) dropTarget.value = LOOK_UP;
    };
  }, [text]);
}
