/** The block that is not there yet: what waits to be in it. A notch for each share of the pool; mined ones fall away. */
import { pool } from '../state/pool.ts';
import { maxBlockBytes } from '../state/status.ts';
import type { Geometry } from './geometry.ts';

const NOTCHES = 60;

/** In the place of an id. */
export const NEXT = 'next';

interface Props {
  readonly geometry: Geometry;
  readonly left: number;
  readonly isSelected: boolean;
}

export function NextBlock({ geometry, isSelected, left }: Props) {
  const { bytes, count } = pool.value;
  const blocks = bytes / maxBlockBytes.value;
  // Few are told one by one; many by how full the next block will be.
  const lit = Math.min(
    NOTCHES,
    Math.max(count > 0 ? 1 : 0, Math.min(count, 12), Math.round(blocks * NOTCHES)),
  );
  return (
    <div class="block-place next" style={{ left: `${left}px`, transform: `translateY(${geometry.top}px)` }}>
      <a
        class="next-card"
        href="#/pool"
        data-block={NEXT}
        tabIndex={isSelected ? 0 : -1}
        style={{ width: `${geometry.card}px`, height: `${geometry.cardHeight}px` }}
        draggable={false}
      >
        <span class="next-title">Next block</span>
        <span class="next-notches" aria-hidden="true">
          {Array.from({ length: NOTCHES }, (_, index) => (
            <i key={index} class={index < lit ? 'lit' : ''} />
          ))}
        </span>
        <span class="next-count">
          <b>{count.toLocaleString('en')}</b> waiting
        </span>
        <span class="next-fill">
          {blocks > 1.05
            ? `${blocks.toFixed(1)} blocks' worth`
            : count === 0
              ? 'nobody pays'
              : `${percent(blocks)} full`}
        </span>
      </a>
    </div>
  );
}

function percent(share: number): string {
  return share < 0.01 ? '< 1 %' : `${Math.min(100, Math.round(100 * share))} %`;
}
