/**
 * The last minute of every daemon, one line each: its colour is the branch the daemon stands on, a dot is a block that
 * reached it. Time goes from left to right and ends now.
 */
import { useEffect, useRef } from 'preact/hooks';
import type { NodeJson } from '../../client/nodes-json.ts';
import { useWidth } from '../components/width.ts';
import { counted } from '../state/activity.ts';
import { now } from '../state/clock.ts';
import { apart, sightings, sightingsVersion } from '../state/nodes.ts';
import { calm } from '../state/theme.ts';
import { BranchChip } from './branch-chip.tsx';
import { NodeLine, type Row, Travels } from './timeline-lines.tsx';

/** What is seen at once, in intervals of blocks, but at least a minute. */
const INTERVALS_SHOWN = 14;
const LEAST_MS = 60_000;
/** A phone shows half of it, as large. */
const NARROW_BELOW = 560;
/** Of the first row, and below the last, for the times. */
const TOP = 8;
const BOTTOM = 30;
/** One row, and where in it the line is. On a phone the name stands above the line, not beside it. */
const WIDE = { row: 62, line: 42 };
const NARROW = { row: 84, line: 58 };
/** Between the sides of a cut. */
const CUT_GAP = 34;
const RIGHT = 14;
export function Timeline({ shown }: { readonly shown: readonly NodeJson[] }) {
  const field = useRef<HTMLDivElement>(null);
  const moving = useRef<SVGGElement>(null);
  const width = useWidth(field);
  void sightingsVersion.value;
  void now.value;
  const drawnAtMs = Date.now();
  const spanMs = spanOf(shown, width.value);
  const perMs = (width.value - RIGHT) / spanMs;
  const x = (atMs: number) => width.value - RIGHT - (drawnAtMs - atMs) * perMs;
  useDrift(moving, drawnAtMs, perMs);

  const size = width.value < NARROW_BELOW ? NARROW : WIDE;
  const { cutAt, height, rows } = rowsOf(shown, size);
  const fromMs = drawnAtMs - spanMs;
  return (
    <div class="timeline">
      <ol class="timeline-names">
        {rows.map(({ node, y }) => (
          <RowName key={node.number} node={node} top={y - size.line} height={size.row} />
        ))}
      </ol>
      <div ref={field} class="timeline-field" style={{ height: `${height}px` }}>
        <svg width={width.value} height={height} role="img" aria-label={summaryOf(shown, spanMs)}>
          <defs>
            <clipPath id="timeline-clip">
              <rect x="0" y="0" width={Math.max(0, width.value - RIGHT)} height={height} />
            </clipPath>
          </defs>
          <Ticks spanMs={spanMs} width={width.value} height={height} />
          {cutAt !== undefined && (
            <g class="timeline-cut">
              <line x1="0" x2={width.value} y1={cutAt} y2={cutAt} />
              <text x={width.value - RIGHT} y={cutAt - 6}>
                cut
              </text>
            </g>
          )}
          <g clip-path="url(#timeline-clip)">
            <g ref={moving}>
              <Travels rows={rows} x={x} fromMs={fromMs} />
              {rows.map((row) => (
                <NodeLine key={row.node.number} row={row} x={x} fromMs={fromMs} drawnAtMs={drawnAtMs} />
              ))}
            </g>
          </g>
          {rows.map(({ node, y }) => (
            <circle
              key={node.number}
              class={`timeline-now ${toneOf(node)}`}
              cx={width.value - RIGHT}
              cy={y}
              r="5"
            />
          ))}
        </svg>
      </div>
    </div>
  );
}

/** Sides of a cut stand together, and stay so when it has healed: nothing is to jump when their blocks meet. */
let lastApart: readonly number[] = [];

function rowsOf(
  shown: readonly NodeJson[],
  size: typeof WIDE,
): { rows: Row[]; cutAt: number | undefined; height: number } {
  const cut = apart.value ?? [];
  if (cut.length > 0) lastApart = cut;
  const isApart = ({ number }: NodeJson) => lastApart.includes(number);
  const sorted = [...shown].sort((a, b) => Number(isApart(a)) - Number(isApart(b)) || a.number - b.number);
  const first = sorted.filter((node) => !isApart(node)).length;
  const gap = cut.length > 0 && first < sorted.length ? CUT_GAP : 0;
  const rows = sorted.map((node, index) => ({
    node,
    y: TOP + index * size.row + size.line + (index >= first ? gap : 0),
  }));
  const cutAt = gap === 0 ? undefined : TOP + first * size.row + gap / 2 + 4;
  return { rows, cutAt, height: TOP + sorted.length * size.row + gap + BOTTOM };
}

function spanOf(shown: readonly NodeJson[], width: number): number {
  const interval = Math.max(0, ...shown.map(({ status }) => status?.targetIntervalMs ?? 0));
  const full = Math.max(LEAST_MS, INTERVALS_SHOWN * interval);
  return width < NARROW_BELOW ? full / 2 : full;
}

/** Between two drawings everything glides on, unless motion is to be left out. */
function useDrift(moving: { readonly current: SVGGElement | null }, drawnAtMs: number, perMs: number): void {
  useEffect(() => {
    moving.current?.style.setProperty('transform', 'none');
    if (calm.value) return;
    const drift = () => {
      const moved = Math.max(0, Date.now() - drawnAtMs) * perMs;
      moving.current?.style.setProperty('transform', `translateX(${-moved}px)`);
      frame = requestAnimationFrame(drift);
    };
    let frame = requestAnimationFrame(drift);
    return () => cancelAnimationFrame(frame);
  });
}

function RowName({
  height,
  node,
  top,
}: {
  readonly height: number;
  readonly node: NodeJson;
  readonly top: number;
}) {
  const tip = sightings.tipOf(node.number);
  return (
    <li style={{ top: `${top}px`, height: `${height}px` }}>
      <span class={`node-lamp ${node.state}`} aria-hidden="true" />
      <strong>{node.name}</strong>
      {node.state === 'up' && tip !== undefined ? (
        <BranchChip block={tip} />
      ) : (
        <span class="muted">{node.state === 'down' ? 'down' : 'connecting'}</span>
      )}
    </li>
  );
}

const TICK_STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];
const TICK_ROOM = 92;

function Ticks({
  height,
  spanMs,
  width,
}: {
  readonly height: number;
  readonly spanMs: number;
  readonly width: number;
}) {
  if (width === 0) return null;
  const spanS = spanMs / 1_000;
  const most = Math.max(2, Math.floor(width / TICK_ROOM));
  const step = TICK_STEPS_S.find((one) => spanS / one <= most) ?? 3_600;
  const ticks = Array.from({ length: Math.floor(spanS / step) + 1 }, (_, index) => index * step);
  return (
    <g class="timeline-ticks">
      {ticks.map((ago) => {
        const at = width - RIGHT - (ago / spanS) * (width - RIGHT);
        return (
          <g key={ago}>
            <line x1={at} x2={at} y1={TOP} y2={height - BOTTOM + 6} />
            {at > 24 && (
              <text x={ago === 0 ? width : at} y={height - 8} text-anchor={ago === 0 ? 'end' : 'middle'}>
                {ago === 0 ? 'now' : ago < 120 ? `−${ago} s` : `−${ago / 60} min`}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

function toneOf(node: NodeJson): string {
  if (node.state !== 'up') return 'is-down';
  const tip = sightings.tipOf(node.number);
  return tip === undefined ? '' : `tone-${tip.tone}`;
}

function summaryOf(shown: readonly NodeJson[], spanMs: number): string {
  return `The last ${counted(Math.round(spanMs / 1_000), 'second')} of ${counted(shown.length, 'daemon')}, a line each. The tables below have the same in words.`;
}
