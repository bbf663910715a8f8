/** How long ago, ticking; the time itself on pointing at it. */
import { now } from '../state/clock.ts';

export function Age({ ms }: { readonly ms: number }) {
  return (
    <time class="age" dateTime={new Date(ms).toISOString()} title={formatTime(ms)}>
      {formatAge(now.value - ms)}
    </time>
  );
}

const UNITS: readonly (readonly [limitS: number, lengthS: number, unit: string])[] = [
  [90, 1, 's'],
  [90 * 60, 60, 'min'],
  [36 * 3_600, 3_600, 'h'],
  [Number.POSITIVE_INFINITY, 86_400, 'd'],
];

function formatAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1_000));
  const [, length, unit] = UNITS.find(([limit]) => seconds < limit) ?? [0, 1, 's'];
  return seconds < 1 ? 'now' : `${Math.floor(seconds / length)} ${unit} ago`;
}

/** In the reader's own zone. */
export function formatTime(ms: number): string {
  return new Date(ms).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}
