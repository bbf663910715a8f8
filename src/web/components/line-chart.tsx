/** A line over the blocks' heights, drawn by uPlot in the colours of the theme. */
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { theme } from '../state/theme.ts';

const HEIGHT = 190;

interface Props {
  readonly title: string;
  /** What the picture says, for those who cannot see it. */
  readonly summary: string;
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  readonly format: (value: number) => string;
  /** Blocks as bars rather than a line. */
  readonly isBars?: boolean;
  /** There are no halves of what is counted. */
  readonly isWhole?: boolean;
}

/** Steps between the numbers at an axis of heights or counts. */
const WHOLE_STEPS = Array.from({ length: 12 }, (_, power) =>
  [1, 2, 5].map((one) => one * 10 ** power),
).flat();

export function LineChart({ format, isBars = false, isWhole = false, summary, title, x, y }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [failure, setFailure] = useState<unknown>();
  const currentTheme = theme.value;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    let leave = (): void => {};
    let hasLeft = false;
    // Half of all code: only whoever looks at charts waits for it.
    void import('uplot').then(({ default: Plot }) => {
      if (hasLeft) return;
      const options = optionsOf(Plot, element, { format, isBars, isWhole, title });
      const chart = new Plot(options, [[...x], [...y]], element);
      const observer = new ResizeObserver(() =>
        chart.setSize({ width: element.clientWidth, height: HEIGHT }),
      );
      observer.observe(element);
      leave = () => {
        observer.disconnect();
        chart.destroy();
      };
    }, setFailure);
    return () => {
      hasLeft = true;
      leave();
    };
  }, [x, y, currentTheme]);
  return (
    <figure class="chart">
      <figcaption>
        <h2>{title}</h2>
        <p>
          {summary}
          {failure !== undefined && '; the picture cannot be drawn here'}
        </p>
      </figcaption>
      <div ref={box} aria-hidden="true" />
    </figure>
  );
}

function optionsOf(
  Plot: typeof uPlot,
  element: HTMLElement,
  { format, isBars, isWhole, title }: Required<Pick<Props, 'format' | 'isBars' | 'isWhole' | 'title'>>,
): uPlot.Options {
  const colour = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--muted'),
    font: `12px ${colour('--sans')}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const bars = Plot.paths.bars?.({ size: [0.7, 24] });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    scales: {
      x: { time: false, range: (_, min, max) => [min - 0.5, max + 0.5] },
      // Of nothing but nulls there is neither.
      y: { range: (_, min, max) => [Math.min(0, min ?? 0), (max ?? 0) === 0 ? 1 : max * 1.12] },
    },
    cursor: { drag: { x: false, y: false } },
    series: [
      { label: 'Block', value: (_, value) => (value === null ? '–' : value.toLocaleString('en')) },
      {
        label: title,
        stroke: colour('--accent'),
        width: isBars ? 0 : 1.8,
        fill: colour(isBars ? '--accent' : '--accent-faint'),
        ...(isBars && bars !== undefined ? { paths: bars } : {}),
        points: { show: false },
        value: (_, value) => (value === null ? '–' : format(value)),
      },
    ],
    axes: [
      {
        ...axis,
        size: 30,
        space: 90,
        incrs: WHOLE_STEPS,
        values: (_, values) => values.map((value) => value.toLocaleString('en')),
      },
      {
        ...axis,
        size: 64,
        space: 40,
        values: (_, values) => values.map(format),
        ...(isWhole ? { incrs: WHOLE_STEPS } : {}),
      },
    ],
  };
}
