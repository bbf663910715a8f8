/** One block: its height, how old it is, who mined it, how full it is, and the line to its parent. */
import { AddressMark } from '../components/address-mark.tsx';
import { Age } from '../components/age.tsx';
import { shortAddress } from '../components/identifier.tsx';
import { NotchGauge } from '../components/notch-gauge.tsx';
import { type BlockView, type Reorganisation, tip } from '../state/blocks.ts';
import { maxBlockBytes } from '../state/status.ts';
import type { Geometry } from './geometry.ts';

interface Props {
  readonly block: BlockView;
  readonly lane: number;
  /** Undefined if it is not drawn. */
  readonly parentLane: number | undefined;
  readonly isHead: boolean;
  readonly isTip: boolean;
  readonly isSelected: boolean;
  /** It is of the branch that is looked at. */
  readonly isOfFork: boolean;
  readonly left: number;
  readonly geometry: Geometry;
  readonly reorganisation: Reorganisation | undefined;
}

export function BlockCard(props: Props) {
  const { block, geometry, isHead, isOfFork, isTip, isSelected, lane, left, reorganisation } = props;
  const kind = block.state === 'chain' ? 'chain' : block.state === 'invalid' ? 'invalid' : 'branch';
  const moved = reorganisation?.left.has(block.id)
    ? 'has-left'
    : hasJoined(block, reorganisation)
      ? 'has-joined'
      : '';
  const isNew = block.heardAtMs !== undefined && Date.now() - block.heardAtMs < 3_000;
  return (
    <div
      class={`block-place ${kind} ${moved} ${isOfFork ? 'of-fork' : ''}`}
      style={{ left: `${left}px`, transform: `translateY(${geometry.top + lane * geometry.lane}px)` }}
    >
      <ParentLine {...props} kind={kind} />
      {(isTip || (isHead && kind !== 'chain')) && (
        <span class={`head-flag ${kind}`}>{flagOf(block, isTip)}</span>
      )}
      <a
        class={`block-card ${isNew ? 'is-new' : ''} ${isTip ? 'is-tip' : ''}`}
        href={`#/block/${block.id}`}
        data-block={block.id}
        tabIndex={isSelected ? 0 : -1}
        style={{ width: `${geometry.card}px`, height: `${geometry.cardHeight}px` }}
        draggable={false}
      >
        <span class="block-head">
          <span class="hidden">Block </span>
          <span class="block-height">{block.height.toLocaleString('en')}</span>
          <span class="hidden">, {placeOf(block, isTip)}, </span>
          <AddressMark address={block.miner} size={22} />
        </span>
        <span class="block-age">
          <Age ms={block.timestampMs} />
          {block.latencyMs !== undefined && <span class="latency">{formatLatency(block.latencyMs)}</span>}
          {block.isMinedHere === true && <span class="latency here">mined here</span>}
        </span>
        <span class="block-miner">{block.height === 0 ? 'genesis' : shortAddress(block.miner)}</span>
        <span class="block-foot">
          <span class="block-count">
            {block.transactions === undefined ? '–' : block.transactions.toLocaleString('en')}
          </span>
          <span class="unit">tx</span>
          <span class="block-fill">{fillText(block)}</span>
        </span>
        <NotchGauge share={fillOf(block)} />
      </a>
    </div>
  );
}

const ARROW = 7;
const BRANCH_OFFSET = 34;

/** An arrow to the parent, which lies to the left, in this lane or another. */
function ParentLine({ geometry, kind, lane, parentLane }: Props & { readonly kind: string }) {
  if (parentLane === undefined) return null;
  const own = geometry.cardHeight / 2;
  const isStraight = parentLane === lane;
  // A branch leaves its parent below the line of the chain, so that both arrows are seen.
  const parent = own + (parentLane - lane) * geometry.lane + (isStraight ? 0 : BRANCH_OFFSET);
  const to = -geometry.gap;
  const bend = isStraight ? 0 : geometry.gap * 0.62;
  const end = to + ARROW;
  const path = `M 0 ${own} C ${-bend} ${own} ${end + bend} ${parent} ${end} ${parent}`;
  return (
    <svg class={`parent-line ${kind}`} width="1" height="1" aria-hidden="true">
      <path class="line" d={path} style={{ d: `path("${path}")` }} />
      <path
        class="arrow"
        d="M 0 -4.5 L -7 0 L 0 4.5 Z"
        style={{ transform: `translate(${end + 1}px, ${parent}px)` }}
      />
    </svg>
  );
}

function hasJoined({ height, state }: BlockView, reorganisation: Reorganisation | undefined): boolean {
  if (reorganisation === undefined || state !== 'chain') return false;
  return height > reorganisation.forkHeight && height <= reorganisation.newHeight;
}

/** Of a block nobody builds on. As high as the tip, it may still win. */
function flagOf(block: BlockView, isTip: boolean): string {
  if (isTip) return 'Tip';
  if (block.state === 'invalid') return 'Refused';
  if (block.state === 'header') return 'Header only';
  return block.height >= (tip.value?.height ?? 0) ? 'Rival' : 'Lost';
}

function placeOf(block: BlockView, isTip: boolean): string {
  if (block.state === 'chain') return isTip ? 'the tip of the chain' : 'on the chain';
  if (block.state === 'header') return 'only its header is here';
  return block.state === 'invalid' ? 'refused' : 'on a branch beside the chain';
}

function fillText(block: BlockView): string {
  if (block.size === undefined) return '';
  if (block.transactions === 0) return 'empty';
  const percent = 100 * fillOf(block);
  return percent < 1 ? '< 1 %' : `${Math.round(percent)} %`;
}

/** 0 to 1; a header alone fills nothing. */
function fillOf({ size = 0, transactions }: BlockView): number {
  return transactions === 0 ? 0 : size / maxBlockBytes.value;
}

export function formatLatency(ms: number): string {
  return ms < 1_000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
