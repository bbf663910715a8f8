/** Plots as SVG text: axes with round numbers, lines, bars. They take their colours from the page. */

const WIDTH = 560;
const HEIGHT = 280;
const MARGIN = { left: 64, right: 16, top: 16, bottom: 48 };
/** About as many numbers as an axis has room for. */
const TICKS = 6;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** Dashed: what theory says, beside what was measured. */
  readonly isTheory?: boolean;
}

export interface Axes {
  readonly title: string;
  readonly x: string;
  readonly y: string;
}

/** Lines through points. */
export function linePlot(axes: Axes, series: readonly Series[]): string {
  const points = series.flatMap((each) => each.points);
  const frame = frameFor(axes, points, false);
  const lines = series.map((each, index) => {
    const path = each.points.map(
      (point, i) => `${i === 0 ? 'M' : 'L'}${frame.x(point.x)} ${frame.y(point.y)}`,
    );
    return `<path class="line s${index}${each.isTheory === true ? ' theory' : ''}" d="${path.join('')}"/>`;
  });
  return frame.draw([...lines, ...legend(series)]);
}

/** A bar at each point, `width` wide on the x axis; a line of theory over them if there is one. */
export function barPlot(axes: Axes, bars: readonly Point[], width: number, theory?: Series): string {
  const ends = bars.flatMap(({ x, y }) => [
    { x: x - width / 2, y },
    { x: x + width / 2, y },
  ]);
  const frame = frameFor(axes, [...ends, ...(theory?.points ?? [])], true);
  const drawn = bars.map(({ x, y }) => {
    const left = frame.x(x - width / 2);
    const right = frame.x(x + width / 2);
    const size = `width="${round(Math.max(1, right - left - 1))}" height="${round(frame.y(0) - frame.y(y))}"`;
    return `<rect class="bar" x="${left}" y="${frame.y(y)}" ${size}/>`;
  });
  const line = theory?.points.map(
    (point, i) => `${i === 0 ? 'M' : 'L'}${frame.x(point.x)} ${frame.y(point.y)}`,
  );
  if (line !== undefined) drawn.push(`<path class="line s1 theory" d="${line.join('')}"/>`);
  return frame.draw([
    ...drawn,
    ...(theory === undefined ? [] : legend([{ name: 'measured', points: [] }, theory])),
  ]);
}

interface Frame {
  x(value: number): number;
  y(value: number): number;
  draw(inside: readonly string[]): string;
}

function frameFor({ title, x: xName, y: yName }: Axes, points: readonly Point[], fromZero: boolean): Frame {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const xRange = rangeOf(xs, fromZero ? undefined : 0);
  const yRange = rangeOf(ys, 0);
  const x = (value: number): number =>
    round(
      MARGIN.left +
        ((value - xRange.low) / (xRange.high - xRange.low)) * (WIDTH - MARGIN.left - MARGIN.right),
    );
  const y = (value: number): number =>
    round(
      HEIGHT -
        MARGIN.bottom -
        ((value - yRange.low) / (yRange.high - yRange.low)) * (HEIGHT - MARGIN.top - MARGIN.bottom),
    );
  const bottom = HEIGHT - MARGIN.bottom;
  const marks = [
    ...ticks(xRange).map(
      (value) =>
        `<line class="grid" x1="${x(value)}" x2="${x(value)}" y1="${MARGIN.top}" y2="${bottom}"/><text x="${x(value)}" y="${bottom + 16}" text-anchor="middle">${label(value)}</text>`,
    ),
    ...ticks(yRange).map(
      (value) =>
        `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(value)}" y2="${y(value)}"/><text x="${MARGIN.left - 6}" y="${y(value) + 4}" text-anchor="end">${label(value)}</text>`,
    ),
    `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escapeHtml(xName)}</text>`,
    `<text transform="translate(14 ${(MARGIN.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(yName)}</text>`,
  ];
  return {
    x,
    y,
    draw: (inside) =>
      `<figure><figcaption>${escapeHtml(title)}</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`${title}: ${yName} against ${xName}`)}">${marks.join('')}${inside.join('')}</svg></figure>`,
  };
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function rangeOf(values: readonly number[], least: number | undefined): Range {
  let low = least ?? Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { low: 0, high: 1 };
  return high > low ? { low, high } : { low, high: low + 1 };
}

/** Round numbers in the range: 1, 2 or 5 times a power of ten apart. */
function ticks({ low, high }: Range): number[] {
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const found: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1_000; value += step)
    found.push(value);
  return found;
}

function legend(series: readonly Series[]): string[] {
  if (series.length < 2) return [];
  return series.map(
    ({ isTheory, name }, index) =>
      `<line class="line s${index}${isTheory === true ? ' theory' : ''}" x1="${WIDTH - 170}" x2="${WIDTH - 146}" y1="${MARGIN.top + 10 + 16 * index}" y2="${MARGIN.top + 10 + 16 * index}"/><text x="${WIDTH - 140}" y="${MARGIN.top + 14 + 16 * index}">${escapeHtml(name)}</text>`,
  );
}

function label(value: number): string {
  const rounded = Number(value.toPrecision(6));
  return Math.abs(rounded) >= 1_000_000 ? `${rounded / 1_000_000} M` : rounded.toLocaleString('en');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
