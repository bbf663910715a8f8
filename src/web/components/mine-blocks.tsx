/** Mines blocks now, one by one, for as long as somebody wants them. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { client } from '../state/daemon.ts';
import { Said, useAction } from './action.tsx';
import { Button } from './button.tsx';

interface Props {
  readonly blocks: number;
  readonly label: string;
  /** bech32m; default: the daemon's own. */
  readonly miner?: string;
  readonly isPrimary?: boolean;
  /** What to say when all are mined. */
  readonly done: string;
}

export function MineBlocks({ blocks, done, isPrimary = false, label, miner }: Props) {
  const { isBusy, run, said } = useAction();
  const [mined, setMined] = useState(0);
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);
  const mine = () => {
    leaving.current = new AbortController();
    const { signal } = leaving.current;
    setMined(0);
    run(async () => {
      try {
        for (let count = 0; count < blocks; count++) {
          const body = miner === undefined ? { blocks: 1 } : { blocks: 1, miner };
          await client.value.call('mine', { body }, { signal, timeoutMs: Number.POSITIVE_INFINITY });
          setMined(count + 1);
        }
      } catch (error) {
        if (!signal.aborted) throw error;
        return 'Stopped.';
      }
      return done;
    });
  };
  return (
    <div class="action">
      <Button class={isPrimary ? 'primary' : ''} isBusy={isBusy} onClick={mine}>
        {isBusy ? (blocks === 1 ? 'Searching…' : `Searching for ${mined + 1} of ${blocks}…`) : label}
      </Button>
      {isBusy && (
        <button type="button" class="button" onClick={() => leaving.current.abort()}>
          Stop
        </button>
      )}
      <Said text={said} />
    </div>
  );
}
