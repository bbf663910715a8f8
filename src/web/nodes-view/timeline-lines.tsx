/** What is drawn of each daemon on the timeline: its line, the blocks on it, and how those came there. */
import type { NodeJson } from '../../client/nodes-json.ts';
import { sightings } from '../state/nodes.ts';
import { inOrder, type Outage } from './sightings.ts';

/** What takes longer did not travel: it waited for a cut to heal, or for the daemon to start. */
const LATE_MS = 2_500;
/** Lines reach beyond now, for they glide until they are drawn again. */
const DRAWN_AHEAD_MS = 5_000;
/** Heights are written no closer than this. */
const LABEL_ROOM = 34;

export interface Row {
  readonly node: NodeJson;
  readonly y: number;
}

interface DrawnProps {
  readonly x: (atMs: number) => number;
  /** What is older is not seen. */
  readonly fromMs: number;
}

/** Where a daemon stood, and what reached it. */
export function NodeLine({
  drawnAtMs,
  fromMs,
  row,
  x,
}: DrawnProps & { readonly row: Row; readonly drawnAtMs: number }) {
  const { node, y } = row;
  const turns = sightings.turnsOf(node.number);
  const soonMs = drawnAtMs + DRAWN_AHEAD_MS;
  const outages = sightings.outagesOf(node.number).filter(({ untilMs = soonMs }) => untilMs > fromMs);
  const stretches = turns.flatMap((turn, index) => {
    const tone = sightings.block(turn.id)?.tone;
    const untilMs = turns[index + 1]?.atMs ?? soonMs;
    // The first is as old as anybody knows.
    const sinceMs = index === 0 ? Math.min(turn.atMs, fromMs) : turn.atMs;
    if (tone === undefined || untilMs < fromMs) return [];
    return answeredParts({ fromMs: Math.max(sinceMs, fromMs), untilMs }, outages).map((part) => ({
      ...part,
      tone,
    }));
  });
  const marks = [...sightings.blocks].flatMap((block) => {
    const arrival = block.arrivals.get(node.number);
    return arrival === undefined || arrival.atMs < fromMs ? [] : [{ block, arrival }];
  });
  let lastLabel = Number.NEGATIVE_INFINITY;
  marks.sort((a, b) => a.arrival.atMs - b.arrival.atMs);
  return (
    <g class="timeline-row" style={{ transform: `translateY(${y}px)` }}>
      {outages.map((outage) => (
        <line
          key={outage.fromMs}
          class="timeline-down"
          x1={x(Math.max(outage.fromMs, fromMs))}
          x2={x(outage.untilMs ?? soonMs)}
        />
      ))}
      {stretches.map((part) => (
        <line
          key={part.fromMs}
          class={`timeline-line tone-${part.tone}`}
          x1={x(part.fromMs)}
          x2={x(part.untilMs)}
        />
      ))}
      {turns
        .filter(({ atMs, left }) => left > 0 && atMs > fromMs)
        .map(({ atMs, id, left }) => (
          <g
            key={atMs}
            class={`timeline-turn tone-${sightings.block(id)?.tone ?? 0}`}
            transform={`translate(${x(atMs)} 0)`}
          >
            <rect x="-4" y="-15" width="8" height="30" rx="4" />
            <text y="27">−{left}</text>
          </g>
        ))}
      {marks.map(({ arrival, block }) => {
        const at = x(arrival.atMs);
        const isNamed = arrival.isMined && at - lastLabel > LABEL_ROOM;
        if (isNamed) lastLabel = at;
        return (
          <g key={block.id} class={`timeline-mark tone-${block.tone}`} transform={`translate(${at} 0)`}>
            <circle
              class={arrival.isMined ? 'is-mined' : arrival.onChain ? '' : 'is-beside'}
              r={arrival.isMined ? 8 : 4.5}
            />
            {isNamed && <text y="-14">{block.height.toLocaleString('en')}</text>}
          </g>
        );
      })}
    </g>
  );
}

/** What is left of a stretch of time without those in which the daemon did not answer. */
function answeredParts(stretch: Required<Outage>, outages: readonly Outage[]): Required<Outage>[] {
  return outages.reduce<Required<Outage>[]>(
    (parts, { fromMs, untilMs = Number.POSITIVE_INFINITY }) =>
      parts.flatMap((part) =>
        [
          { fromMs: part.fromMs, untilMs: Math.min(part.untilMs, fromMs) },
          { fromMs: Math.max(part.fromMs, untilMs), untilMs: part.untilMs },
        ].filter((one) => one.fromMs < one.untilMs),
      ),
    [stretch],
  );
}

/** From whoever had a block first to all others. */
export function Travels({ fromMs, rows, x }: DrawnProps & { readonly rows: readonly Row[] }) {
  const yOf = new Map(rows.map(({ node, y }) => [node.number, y]));
  // Others where the lines change places: they appear anew.
  const order = rows.map(({ node }) => node.number).join();
  return (
    <g key={order} class="timeline-travels">
      {[...sightings.blocks].flatMap((block) => {
        const [first, ...others] = inOrder(block);
        const y1 = first === undefined ? undefined : yOf.get(first.node);
        if (first === undefined || y1 === undefined) return [];
        return others.flatMap(({ atMs, node }) => {
          const y2 = yOf.get(node);
          return y2 === undefined || atMs < fromMs
            ? []
            : [
                <line
                  key={`${block.id}-${node}`}
                  class={`timeline-travel tone-${block.tone} ${atMs - first.atMs > LATE_MS ? 'is-late' : ''}`}
                  pathLength="1"
                  x1={x(first.atMs)}
                  y1={y1}
                  x2={x(atMs)}
                  y2={y2}
                />,
              ];
        });
      })}
    </g>
  );
}
