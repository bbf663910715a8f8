/** Rows as people read them. */
import { isReached, type Row } from './case.ts';

const NAME_WIDTH = 58;

export function asLine(row: Row): string {
  const { limit, name, ratio, runs, unit, value } = row;
  const spread = runs.length > 1 ? ` (${short(Math.min(...runs))} to ${short(Math.max(...runs))})` : '';
  const bound = limit === null || ratio === null ? '' : `  limit ${short(limit)}  ratio ${ratio.toFixed(2)}`;
  return `${name.padEnd(NAME_WIDTH)} ${short(value)} ${unit}${spread}${bound}${verdict(row)}`;
}

function verdict(row: Row): string {
  const { goal } = row;
  if (goal === undefined) return '';
  const bound = 'atLeast' in goal ? `≥ ${short(goal.atLeast)}` : `≤ ${short(goal.atMost)}`;
  return `  goal ${bound}: ${isReached(row) ? 'reached' : 'MISSED'}`;
}

/** Three digits that matter, thousands apart. */
function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-9))));
  return value.toLocaleString('en', { maximumFractionDigits: Math.min(digits, 4) });
}
