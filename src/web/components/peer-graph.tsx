/** The connections as a picture: the nearer, the quicker; the arrow from whoever dialled; the colour by conduct. */
import {
  forceCollide,
  forceManyBody,
  forceRadial,
  forceSimulation,
  type SimulationNodeDatum,
} from 'd3-force';
import { useMemo } from 'preact/hooks';
import type { PeerJson } from '../../client/contract.ts';

const WIDTH = 720;
const HEIGHT = 340;
const CENTRE = { x: WIDTH / 2, y: HEIGHT / 2 };
const NEAREST = 100;
const FARTHEST = 150;
/** A round trip of this and more is as far as it gets. */
const SLOW_MS = 250;
const SETTLING_TICKS = 160;
/** Wider than high, as the space is. */
const STRETCH = 1.9;

interface Place extends SimulationNodeDatum {
  readonly peer: PeerJson;
  readonly radius: number;
}

export function PeerGraph({ peers, self }: { readonly peers: readonly PeerJson[]; readonly self: string }) {
  const places = usePlaces(peers);
  return (
    <figure class="panel peer-graph">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summaryOf(peers)}>
        {places.map((place) => (
          <Line key={place.peer.id} place={place} />
        ))}
        <g transform={`translate(${CENTRE.x} ${CENTRE.y})`} class="self">
          <circle r="30" />
          <text y="5">this one</text>
        </g>
        {places.map((place) => (
          <PeerDot key={place.peer.id} place={place} />
        ))}
      </svg>
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

/** Kept while the same peers are there: positions do not jump when a figure changes. */
function usePlaces(peers: readonly PeerJson[]): (Place & { readonly x: number; readonly y: number })[] {
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
  return peers.map((peer) => {
    const { x, y } = settled.get(peer.id) ?? { x: 0, y: 0 };
    return {
      peer,
      radius: 0,
      x: clamp(CENTRE.x + x * STRETCH, 60, WIDTH - 60),
      y: clamp(CENTRE.y + y, 34, HEIGHT - 44),
    };
  });
}

function Line({
  place: { peer, x, y },
}: {
  readonly place: Place & { readonly x: number; readonly y: number };
}) {
  const length = Math.hypot(x - CENTRE.x, y - CENTRE.y);
  const unit = { x: (x - CENTRE.x) / length, y: (y - CENTRE.y) / length };
  const middle = { x: CENTRE.x + unit.x * (length * 0.56), y: CENTRE.y + unit.y * (length * 0.56) };
  const angle = (Math.atan2(unit.y, unit.x) * 180) / Math.PI + (peer.direction === 'inbound' ? 180 : 0);
  return (
    <g class={`connection-line ${standing(peer)}`}>
      <line x1={CENTRE.x} y1={CENTRE.y} x2={x} y2={y} />
      <path d="M -6 -6 L 6 0 L -6 6 Z" transform={`translate(${middle.x} ${middle.y}) rotate(${angle})`} />
      {peer.roundTripMs !== undefined && (
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

function PeerDot({
  place: { peer, x, y },
}: {
  readonly place: Place & { readonly x: number; readonly y: number };
}) {
  return (
    <g transform={`translate(${x} ${y})`} class={`peer-dot ${standing(peer)}`}>
      <title>{`${peer.id}\n${peer.address}\nscore ${Math.round(peer.score)}`}</title>
      <circle r="20" />
      <text y="4.5">{peer.id.slice(-4)}</text>
      <text y={y < CENTRE.y - 40 ? -28 : 37} class="peer-height">
        {peer.height?.toLocaleString('en') ?? ''}
      </text>
    </g>
  );
}

function standing({ score }: PeerJson): 'good' | 'poor' {
  return score < 0 ? 'poor' : 'good';
}

function summaryOf(peers: readonly PeerJson[]): string {
  const inbound = peers.filter(({ direction }) => direction === 'inbound').length;
  return `${peers.length} connections: ${inbound} dialled us, we dialled ${peers.length - inbound}. The table below has each.`;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
