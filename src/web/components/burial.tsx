/** How safe a transaction is by now: whether it is in a block, and how many lie on top. */
import type { LookupJson } from '../../client/contract.ts';
import { counted } from '../state/activity.ts';

/** By then nothing short of an attack takes it back; see the published numbers of the simulator. */
export const WELL_BURIED = 6;

type Confirmed = Pick<LookupJson, 'status' | 'confirmations'>;

export function ConfirmationState({ confirmations, status }: Confirmed) {
  if (status === 'pending') return <span class="state waiting-state">waiting</span>;
  return <span class="state good">{counted(confirmations, 'confirmation')}</span>;
}

/** A notch for each block. */
export function Burial({ confirmations, status }: Confirmed) {
  const depth = Math.min(WELL_BURIED, confirmations);
  return (
    <div class="burial">
      <span class="burial-notches" aria-hidden="true">
        {Array.from({ length: WELL_BURIED }, (_, index) => (
          <i key={index} class={index < depth ? 'lit' : ''} />
        ))}
      </span>
      <span class="muted">
        {status === 'pending'
          ? 'In the pool: it waits for a miner to take it into a block.'
          : depth < WELL_BURIED
            ? `Each block on top makes it harder to take back; after ${WELL_BURIED} it is well buried.`
            : 'Well buried: to take it back, somebody would have to redo the work of all blocks on top.'}
      </span>
    </div>
  );
}
