/** The connections as a picture: the nearer, the quicker; the arrow from whoever dialled; the colour by conduct. */
import {
  forceCollide,
  forceManyBody,
  forceRadial,
  forceSimulation,
  type SimulationNodeDatum,
} from 'd3-force';
import { useMemo, useRef } from 'preact/hooks';
import type { PeerJson } from '../../client/contract.ts';
import { counted } from '../state/activity.ts';
import { useWidth } from './width.ts';

/** Of a peer's name; a longer one leaves its dot. */
const MOST_LETTERS = 7;
/** As drawn; below the least the whole picture shrinks. */
const MOST_WIDTH = 720;
const LEAST_WIDTH = 260;
/** Half of what the outermost dot and its label need. */
const EDGE = { x: 60, top: 50, bottom: 56 };
const NEAREST = 100;
const FARTHEST = 150;
/** A round trip of this and more is as far as it gets. */
const SLOW_MS = 250;
const SETTLING_TICKS = 160;
/** With less room for each, only the dots are drawn: the table has the numbers. */
const ROOM_FOR_LABELS = 60;
/** Wider than high, where the space is. */
const MOST_STRETCH = 1.9;

interface Place extends SimulationNodeDatum {
  readonly peer: PeerJson;
  readonly radius: number;
}

export function PeerGraph({ peers, self }: { readonly peers: readonly PeerJson[]; readonly self: string }) {
  const figure = useRef<HTMLDivElement>(null);
  const room = useWidth(figure);
  const width = Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, room.value));
  const places = usePlaces(peers, width);
  const isCrowded = peers.length * ROOM_FOR_LABELS > width;
  const heights = [0, ...places.map(({ y }) => y)];
  const top = Math.min(...heights) - EDGE.top;
  const height = Math.max(...heights) + EDGE.bottom - top;
  return (
    <figure class="panel peer-graph">
      <div ref={figure}>
        <svg
          viewBox={`${-width / 2} ${top} ${width} ${height}`}
          role="img"
          aria-label={summaryOf(peers)}
          style={{ maxHeight: `${height * 1.3}px` }}
        >
          {places.map((place) => (
            <Line key={place.peer.id} place={place} isCrowded={isCrowded} />
          ))}
          <g class="self">
            <circle r="30" />
            <text y="5">this one</text>
          </g>
          {places.map((place) => (
            <PeerDot key={place.peer.id} place={place} isCrowded={isCrowded} />
          ))}
        </svg>
      </div>
      <figcaption>
        <span>
          <i class="key-arrow" /> from who dialled
        </span>
        <span>
          <i class="key-good" /> in good standing
        </span>
        <span>
          <i class="key-poor" /> points lost
        </span>
        <span>nearer is quicker; we are …{self.slice(-8)}</span>
      </figcaption>
    </figure>
  );
}

/** Around this daemon, which is at 0. Kept while the same peers are there: positions do not jump when a figure changes. */
function usePlaces(
  peers: readonly PeerJson[],
  width: number,
): (Place & { readonly x: number; readonly y: number })[] {
  const ids = peers.map(({ id }) => id).join();
  const settled = useMemo(() => {
    const places: Place[] = peers.map((peer, index) => {
      const angle = (2 * Math.PI * index) / peers.length - Math.PI / 2;
      const slow = Math.min(1, (peer.roundTripMs ?? SLOW_MS) / SLOW_MS);
      const radius = NEAREST + Math.sqrt(slow) * (FARTHEST - NEAREST);
      return { peer, radius, x: Math.cos(angle) * radius, y: Math.sin(angle) * radius };
    });
    forceSimulation(places)
      .force('distance', forceRadial<Place>(({ radius }) => radius).strength(0.9))
      .force('apart', forceManyBody<Place>().strength(-180))
      .force('room', forceCollide<Place>(34))
      .stop()
      .tick(SETTLING_TICKS);
    return new Map(places.map(({ peer, x = 0, y = 0 }) => [peer.id, { x, y }]));
  }, [ids]);
  const stretch = Math.min(MOST_STRETCH, (width / 2 - EDGE.x) / NEAREST);
  const most = width / 2 - EDGE.x;
  return peers.map((peer) => {
    const { x, y } = settled.get(peer.id) ?? { x: 0, y: 0 };
    return {
      peer,
      radius: 0,
      x: Math.min(most, Math.max(-most, x * stretch)),
      // What is missing at the sides is taken above and below.
      y: y * Math.max(1, 1 / stretch),
    };
  });
}

interface DrawnProps {
  readonly place: Place & { readonly x: number; readonly y: number };
  readonly isCrowded: boolean;
}

function Line({ isCrowded, place: { peer, x, y } }: DrawnProps) {
  const length = Math.max(1, Math.hypot(x, y));
  const unit = { x: x / length, y: y / length };
  const middle = { x: unit.x * length * 0.56, y: unit.y * length * 0.56 };
  const angle = (Math.atan2(unit.y, unit.x) * 180) / Math.PI + (peer.direction === 'inbound' ? 180 : 0);
  return (
    <g class={`connection-line ${standing(peer)}`}>
      <line x1={0} y1={0} x2={x} y2={y} />
      <path d="M -6 -6 L 6 0 L -6 6 Z" transform={`translate(${middle.x} ${middle.y}) rotate(${angle})`} />
      {peer.roundTripMs !== undefined && !isCrowded && (
        <text
          x={middle.x + (Math.abs(unit.x) < 0.3 ? 30 : 0)}
          y={middle.y + (Math.abs(unit.x) < 0.3 ? 4 : -12)}
        >
          {Math.max(1, Math.round(peer.roundTripMs))} ms
        </text>
      )}
    </g>
  );
}

function PeerDot({ isCrowded, place: { peer, x, y } }: DrawnProps) {
  return (
    <g transform={`translate(${x} ${y})`} class={`peer-dot ${standing(peer)}`}>
      <title>{`${peer.name === undefined ? '' : `${peer.name}\n`}${peer.id}\n${peer.address}\nscore ${Math.round(peer.score)}`}</title>
      <circle r="20" />
      <text y="4.5">{peer.name?.slice(0, MOST_LETTERS) ?? peer.id.slice(-4)}</text>
      <text y={y < -40 ? -28 : 37} class="peer-height">
        {isCrowded ? '' : (peer.height?.toLocaleString('en') ?? '')}
      </text>
    </g>
  );
}

function standing({ score }: PeerJson): 'good' | 'poor' {
  return score < 0 ? 'poor' : 'good';
}

function summaryOf(peers: readonly PeerJson[]): string {
  const inbound = peers.filter(({ direction }) => direction === 'inbound').length;
  return `${counted(peers.length, 'connection')}: ${inbound} dialled us, we dialled ${peers.length - inbound}. The table below has each.`;
}
