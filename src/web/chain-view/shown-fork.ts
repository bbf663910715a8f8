/** Brings a fork into sight once it and the tip are known, and says which blocks are its branch's. */
import { useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ForkJson } from '../../client/fork-schemas.ts';
import { blockById, blocksVersion, tip, wantHeights } from '../state/blocks.ts';
import { heightsInView, lookAt, pause } from './camera.ts';

/** Heights of a deep branch that are asked for at once; of the rest what is seen. */
const MOST_HEIGHTS = 300;
/** Free at the right of what is looked at, so that one sees that the chain goes on. */
const MARGIN_HEIGHTS = 1;

/** @returns ids of the branch's blocks, as far as they are known; none without a fork */
export function useForkShown(fork: ForkJson | undefined): ReadonlySet<string> {
  const shown = useRef<string | undefined>(undefined);
  void blocksVersion.value;
  useSignalEffect(() => {
    if (fork === undefined || tip.value === undefined || shown.current === fork.id) return;
    shown.current = fork.id;
    const { ancestor, branch, chain } = fork;
    const end = Math.max(branch.last.height, chain.last.height);
    wantHeights(ancestor.height, Math.min(end, ancestor.height + MOST_HEIGHTS));
    // Where it parts, at the left; all of it, if that fits.
    const screen = Math.floor(heightsInView.value);
    lookAt(Math.min(end + 1 + MARGIN_HEIGHTS, ancestor.height + screen - 1));
    // New blocks must not carry the view away.
    pause();
  });
  const ids = new Set<string>();
  for (let id = fork?.branch.last.id; id !== undefined && id !== fork?.ancestor.id; ) {
    ids.add(id);
    id = blockById(id)?.parent;
  }
  return ids;
}
