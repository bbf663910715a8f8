/** What this daemon does for the chain, and the switch for it. */
import { useState } from 'preact/hooks';
import { counted } from '../state/activity.ts';
import { client } from '../state/daemon.ts';
import { status } from '../state/status.ts';
import { Said, useAction } from './action.tsx';
import { Button } from './button.tsx';
import { MineBlocks } from './mine-blocks.tsx';

/** More is for the command line. */
const MAX_BLOCKS = 1_000;

export function MiningPanel() {
  const { isBusy, run, said } = useAction();
  const [blocks, setBlocks] = useState(1);
  const known = status.value;
  if (known === undefined) return null;
  const { active, hashrate, threads, waitingUntil } = known.mining;
  const toggle = () =>
    run(async () => {
      const mining = await client.value.call('mining', { body: { active: !active } });
      if (status.value !== undefined) status.value = { ...status.value, mining };
      return '';
    });
  return (
    <section class="panel mining">
      <div class="panel-head">
        <h2>Mining</h2>
        <Button isBusy={isBusy} onClick={toggle}>
          {active ? 'Stop mining' : 'Start mining'}
        </Button>
      </div>
      <p class="muted">
        {active
          ? `This daemon mines: ${formatHashRate(hashrate)} on ${counted(threads, 'thread')}.`
          : 'This daemon does not mine by itself. Blocks come from others, or when asked for.'}
      </p>
      {waitingUntil !== undefined && (
        <p role="alert">
          No block can follow the tip before {waitingUntil}: it is ahead of the clock of the daemon's machine.
          Is that clock right?
        </p>
      )}
      <Said text={said} />
      <div class="one-line">
        <label class="field">
          <span class="hidden">Blocks to mine now</span>
          <input
            type="number"
            min={1}
            max={MAX_BLOCKS}
            value={blocks}
            onInput={(event) =>
              setBlocks(Math.min(MAX_BLOCKS, Math.max(1, event.currentTarget.valueAsNumber || 1)))
            }
          />
        </label>
        <MineBlocks
          blocks={blocks}
          label={blocks === 1 ? 'Mine a block now' : `Mine ${counted(blocks, 'block')} now`}
          done={blocks === 1 ? 'Found.' : 'All found.'}
        />
      </div>
    </section>
  );
}

export function formatHashRate(perSecond: number): string {
  const units = ['H/s', 'kH/s', 'MH/s', 'GH/s', 'TH/s'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, perSecond)) / 3)));
  const value = perSecond / 1_000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
