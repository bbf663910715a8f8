/** Which daemons turned to another branch just now, in words. */
import type { NodeJson } from '../../client/nodes-json.ts';
import { reorganisationText } from '../state/activity.ts';
import { now } from '../state/clock.ts';
import { chooseNode, sightings, sightingsVersion } from '../state/nodes.ts';
import { toneLetter } from './agreement.ts';

const SHOWN_MS = 30_000;
const MOST = 4;

export function ReorganisationNotes({ shown }: { readonly shown: readonly NodeJson[] }) {
  void sightingsVersion.value;
  const recent = sightings.reorganisations
    .filter(({ atMs }) => now.value - atMs < SHOWN_MS)
    .slice(-MOST)
    .reverse();
  if (recent.length === 0) return null;
  return (
    <ul class="reorganisation-notes">
      {recent.map(({ atMs, depth, forkHeight, height, newTip, node, oldTip, returned }) => {
        const name = shown.find(({ number }) => number === node)?.name ?? `node ${node}`;
        const tone = sightings.block(newTip)?.tone ?? 0;
        return (
          <li key={`${node}-${atMs}`} class={`tone-${tone}`}>
            <strong>{name}</strong>:{' '}
            {reorganisationText(
              { forkHeight, joinedCount: height - forkHeight, leftCount: depth, returned },
              `branch ${toneLetter(tone)}`,
            )}{' '}
            <a href={`#/fork/${oldTip}`} onClick={() => chooseNode(node)}>
              Show the fork
            </a>
          </li>
        );
      })}
    </ul>
  );
}
