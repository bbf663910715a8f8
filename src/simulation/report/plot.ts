/** Plots as SVG text: axes with round numbers, lines, bars. They take their colours from the page. */

const WIDTH = 560;
const HEIGHT = 280;
/** Room for the text of a phone, which is larger. */
const MARGIN = { left: 60, right: 16, top: 30, bottom: 46 };
/** About as many numbers as an axis has room for. */
const TICKS = 6;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Plot {
  readonly title: string;
  /** What is to be seen, in a sentence: for who does not see it, and who does not want to look for it. */
  readonly gist: string;
  /** Names of the axes, with units. */
  readonly x: string;
  readonly y: string;
  /** Where the y axis ends. Default: at the next round number. */
  readonly yMost?: number;
  /** The x axis counts: no fractions. */
  readonly isCount?: boolean;
}

/** A curve of theory over what was measured. */
export interface Theory {
  readonly name: string;
  readonly points: readonly Point[];
}

/** A line through points. */
export function linePlot(plot: Plot, points: readonly Point[]): string {
  if (points.length === 0) return emptyPlot(plot);
  const frame = frameFor(plot, [{ x: 0, y: 0 }, ...points]);
  return frame.draw([`<path class="line" d="${pathOf(frame, points)}"/>`]);
}

/** A bar at each point, `width` wide on the x axis. */
export function barPlot(plot: Plot, bars: readonly Point[], width: number, theory?: Theory): string {
  if (bars.length === 0) return emptyPlot(plot);
  const ends = bars.flatMap(({ x, y }) => [
    { x: x - width / 2, y },
    { x: x + width / 2, y },
  ]);
  const frame = frameFor(plot, [...ends, ...(theory?.points ?? [])]);
  const drawn = bars.map(({ x, y }) => {
    const left = frame.x(x - width / 2);
    const size = `width="${round(Math.max(1, frame.x(x + width / 2) - left - 1))}" height="${round(frame.y(0) - frame.y(y))}"`;
    return `<rect class="bar" x="${left}" y="${frame.y(y)}" ${size}/>`;
  });
  if (theory !== undefined) {
    drawn.push(`<path class="theory" d="${pathOf(frame, theory.points)}"/>`, legend(theory.name));
  }
  return frame.draw(drawn);
}

/** A figure around a picture. */
export function figure(title: string, gist: string, svg: string): string {
  return `<figure><h3>${escapeHtml(title)}</h3>${svg}<figcaption>${escapeHtml(gist)}</figcaption></figure>`;
}

function emptyPlot({ title }: Plot): string {
  return figure(title, 'There was none.', '');
}

interface Frame {
  x(value: number): number;
  y(value: number): number;
  draw(inside: readonly string[]): string;
}

function frameFor(plot: Plot, points: readonly Point[]): Frame {
  const xRange = rangeOf(points.map(({ x }) => x));
  const ys = rangeOf([0, ...points.map(({ y }) => y)]);
  const yStep = stepFor(ys);
  const yRange = { low: 0, high: plot.yMost ?? Math.ceil(ys.high / yStep - 1e-9) * yStep };
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const scale =
    ({ low, high }: Range, from: number, to: number) =>
    (value: number) =>
      round(from + ((value - low) / (high - low)) * (to - from));
  const x = scale(xRange, MARGIN.left, right);
  const y = scale(yRange, bottom, MARGIN.top);
  const xMarks = ticks(xRange, plot.isCount).map(
    (value) =>
      `<line class="grid" x1="${x(value)}" x2="${x(value)}" y1="${bottom}" y2="${bottom + 5}"/>` +
      `<text x="${x(value)}" y="${bottom + 18}" text-anchor="middle">${label(value)}</text>`,
  );
  const yMarks = ticks(yRange).map(
    (value) =>
      `<line class="grid" x1="${MARGIN.left}" x2="${right}" y1="${y(value)}" y2="${y(value)}"/>` +
      `<text x="${MARGIN.left - 6}" y="${round(y(value) + 4)}" text-anchor="end">${label(value)}</text>`,
  );
  const names =
    `<text class="name" x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(plot.x)}</text>` +
    `<text class="name" x="4" y="14">${escapeHtml(plot.y)}</text>`;
  return {
    x,
    y,
    draw(inside) {
      const spoken = escapeHtml(`${plot.title}: ${plot.y} against ${plot.x}. ${plot.gist}`);
      const svg = `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${spoken}">${yMarks.join('')}${xMarks.join('')}${names}${inside.join('')}</svg>`;
      return figure(plot.title, plot.gist, svg);
    },
  };
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function rangeOf(values: readonly number[]): Range {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high > low ? { low, high } : { low, high: low + 1 };
}

/** 1, 2 or 5 times a power of ten. */
function stepFor({ high, low }: Range, isCount = false): number {
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  return isCount ? Math.max(1, step) : step;
}

function ticks(range: Range, isCount = false): number[] {
  const step = stepFor(range, isCount);
  const found: number[] = [];
  for (let i = Math.ceil(range.low / step - 1e-9); i * step <= range.high + step / 1_000; i++)
    found.push(i * step);
  return found;
}

function pathOf({ x, y }: Frame, points: readonly Point[]): string {
  return points.map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.y)}`).join('');
}

function legend(theory: string): string {
  const left = WIDTH - MARGIN.right - 150;
  return (
    `<rect class="bar" x="${left}" y="${MARGIN.top + 2}" width="24" height="10"/><text x="${left + 30}" y="${MARGIN.top + 12}">measured</text>` +
    `<path class="theory" d="M${left} ${MARGIN.top + 26}h24"/><text x="${left + 30}" y="${MARGIN.top + 30}">${escapeHtml(theory)}</text>`
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
