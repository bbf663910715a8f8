/** Says what a reorganisation did, beside the picture of it. */

import { counted } from '../state/activity.ts';
import type { Reorganisation } from '../state/blocks.ts';

export function ReorganisationNote({ shown }: { readonly shown: Reorganisation | undefined }) {
  if (shown === undefined) return null;
  const { forkHeight, joinedCount, leftCount, returned } = shown;
  return (
    <div class="reorganisation-note">
      <strong>Reorganisation after block {forkHeight.toLocaleString('en')}</strong>
      <p>
        Another branch has more work now, so it is the chain: {counted(joinedCount, 'block')} joined,{' '}
        {counted(leftCount, 'block')} left
        {returned === 0 ? '.' : `, and ${counted(returned, 'transaction')} went back to the pool.`}
      </p>
    </div>
  );
}
