/** Both sides of a fork in numbers: how long, how much work, who mined, when. */
import type { ForkJson, ForkSideJson } from '../../client/fork-schemas.ts';
import { formatTime } from '../components/age.tsx';
import { AddressLink, BlockLink } from '../components/identifier.tsx';
import { counted } from '../state/activity.ts';
import { workOf } from './fork-words.ts';

/** Of one side, by name; the others are counted. */
const MOST_MINERS = 3;

export function ForkSides({ fork }: { readonly fork: ForkJson }) {
  return (
    <div class="fork-sides">
      <Side name="The branch" kind="of-branch" fork={fork} side={fork.branch} />
      <Side
        name={fork.decided ? 'The chain, until it had more work' : 'The chain, up to its tip'}
        kind="of-chain"
        fork={fork}
        side={fork.chain}
      />
    </div>
  );
}

interface Props {
  readonly name: string;
  readonly kind: 'of-branch' | 'of-chain';
  readonly fork: ForkJson;
  readonly side: ForkSideJson;
}

function Side({ fork, kind, name, side }: Props) {
  const { blocks, first, last } = side;
  return (
    <section class={`fork-side ${kind}`} aria-label={name}>
      <h3>{name}</h3>
      <p class="fork-length">
        <strong>{counted(blocks, 'block')}</strong>, {counted(workOf(fork, side), 'hash', 'hashes')} of work
      </p>
      {first === undefined ? (
        <p class="muted">None yet.</p>
      ) : (
        <>
          <p>
            mined by <Miners side={side} />
          </p>
          <p class="muted">{spanOf(first.timestamp, last.timestamp)}</p>
          <p class="muted">
            ends in block {last.height.toLocaleString('en')}, <BlockLink id={last.id} />
          </p>
        </>
      )}
    </section>
  );
}

export function Miners({ side: { blocks, miners } }: { readonly side: ForkSideJson }) {
  const most = miners.toSorted((a, b) => b.blocks - a.blocks);
  const looked = miners.reduce((sum, miner) => sum + miner.blocks, 0);
  return (
    <span class="fork-miners">
      {most.slice(0, MOST_MINERS).map((miner) => (
        <span key={miner.address} class="fork-miner">
          <AddressLink address={miner.address} />
          {most.length > 1 && <span class="muted"> {counted(miner.blocks, 'block')}</span>}
        </span>
      ))}
      {most.length > MOST_MINERS && (
        <span class="muted">and {counted(most.length - MOST_MINERS, 'other')}</span>
      )}
      {looked < blocks && <span class="muted">(of the first {counted(looked, 'block')})</span>}
    </span>
  );
}

function spanOf(from: string, to: string): string {
  const [first, last] = [formatTime(Date.parse(from)), formatTime(Date.parse(to))];
  return first === last ? first : `${first} to ${last}`;
}
