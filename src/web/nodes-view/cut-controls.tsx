/** Cuts the network of a devnet in two, and heals it. */
import { useState } from 'preact/hooks';
import type { NodeJson } from '../../client/nodes-json.ts';
import { Button } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { pageUrl } from '../state/daemon.ts';
import { apart } from '../state/nodes.ts';
import { NodeNames } from './node-names.tsx';

export function CutControls({ shown }: { readonly shown: readonly NodeJson[] }) {
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [refusal, setRefusal] = useState('');
  const [isBusy, setBusy] = useState(false);
  const cut = apart.value;
  if (cut === undefined || shown.length < 2) return null;
  const order = async (what: 'cut' | 'heal', numbers: readonly number[] = []) => {
    setBusy(true);
    setRefusal(await post(what, numbers));
    setBusy(false);
  };
  if (cut.length > 0) {
    return (
      <section class="panel cut-controls is-cut" aria-label="The cut">
        <p>
          <Icon name="scissors" />
          <span>
            <strong>The network is cut.</strong>{' '}
            <NodeNames names={namesOf(shown, (number) => !cut.includes(number))} /> cannot reach{' '}
            <NodeNames names={namesOf(shown, (number) => cut.includes(number))} />.
            {minersApart(shown, cut) === 1 && ' Only one side mines, so only one branch grows.'}
          </span>
        </p>
        <Button class="primary" isBusy={isBusy} onClick={() => void order('heal')}>
          Heal
        </Button>
        <p class="refusal-text" role="alert">
          {refusal}
        </p>
      </section>
    );
  }
  const isCut = chosen.size > 0 && chosen.size < shown.length;
  return (
    <section class="panel cut-controls" aria-label="Cut the network">
      <p>
        <Icon name="scissors" />
        <span>
          <strong>Cut the network in two</strong> and watch both sides go on by themselves.
        </span>
      </p>
      <div class="cut-presets">
        <Button isBusy={isBusy} onClick={() => void order('cut', half(shown))}>
          Half and half
        </Button>
        <Button isBusy={isBusy} onClick={() => void order('cut', alone(shown))}>
          One alone
        </Button>
      </div>
      <details>
        <summary>Choose who is cut off</summary>
        <fieldset>
          <legend class="hidden">On the other side of the cut</legend>
          {shown.map(({ name, number }) => (
            <label key={number} class="pick">
              <input
                type="checkbox"
                checked={chosen.has(number)}
                onChange={({ currentTarget }) => {
                  const next = new Set(chosen);
                  if (currentTarget.checked) next.add(number);
                  else next.delete(number);
                  setChosen(next);
                }}
              />
              <span>{name}</span>
            </label>
          ))}
          <Button
            class="primary"
            isBusy={isBusy}
            isUnready={!isCut}
            onClick={() => void order('cut', [...chosen])}
          >
            Cut them off
          </Button>
        </fieldset>
      </details>
      <p class="refusal-text" role="alert">
        {refusal}
      </p>
    </section>
  );
}

/** @returns what went wrong; empty if nothing did */
async function post(what: 'cut' | 'heal', numbers: readonly number[]): Promise<string> {
  try {
    const response = await fetch(`${pageUrl}/nodes/${what}`, {
      method: 'POST',
      ...(what === 'cut'
        ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ apart: numbers }) }
        : {}),
    });
    if (response.ok) return '';
    const { error } = (await response.json()) as { error: { message: string } };
    return error.message;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Every other one, miners first: both sides mine, if two do. */
function half(shown: readonly NodeJson[]): number[] {
  return minersFirst(shown)
    .filter((_, index) => index % 2 === 1)
    .map(({ number }) => number);
}

/** The last miner, so that a branch grows there. */
function alone(shown: readonly NodeJson[]): number[] {
  const miner = shown.findLast(isMining) ?? shown.at(-1);
  return miner === undefined ? [] : [miner.number];
}

function minersFirst(shown: readonly NodeJson[]): NodeJson[] {
  return [...shown].sort((a, b) => Number(isMining(b)) - Number(isMining(a)) || a.number - b.number);
}

/** How many sides of the cut have a miner. */
function minersApart(shown: readonly NodeJson[], cut: readonly number[]): number {
  return new Set(shown.filter(isMining).map(({ number }) => cut.includes(number))).size;
}

function isMining({ status }: NodeJson): boolean {
  return status?.mining.active === true;
}

function namesOf(shown: readonly NodeJson[], isMeant: (number: number) => boolean): string[] {
  return shown.filter(({ number }) => isMeant(number)).map(({ name }) => name);
}
