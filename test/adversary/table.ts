/** Outcomes as a table: for terminals and, as Markdown, for `docs/security.md`. */
import type { Attack } from './attack.ts';
import { megabytes, missed, notJudged, type Outcome } from './bars.ts';

export interface Row {
  readonly attack: Attack;
  readonly outcome: Outcome;
}

const COLUMNS = [
  'attack',
  'blocks/s',
  'payments/s',
  'status p95',
  'submit p95',
  'memory',
  'disk',
  'attacker (processor time)',
  'missed',
] as const;

function stay({ doesWrong }: Attack, { conduct, longestHeldMs }: Outcome): string {
  return doesWrong
    ? `${Math.round(Math.max(conduct.longestMs, longestHeldMs) / 1_000)} s at most`
    : 'may stay';
}

/** What cannot be judged is told with what was seen. */
function verdict(bars: readonly string[], notJudged: string | undefined): string {
  const words = bars.length === 0 ? '–' : bars.join('; ');
  return notJudged === undefined ? words : `not judged (${notJudged}): ${words}`;
}

function cells({ attack, outcome }: Row): string[] {
  const { after, before, during, memoryGrowth, memoryLeft, diskGrowth } = outcome;
  const bars = missed(attack, outcome);
  return [
    outcome.attack,
    [before, during, after].map(({ blocks }) => blocks.toFixed(2)).join(' → '),
    [before, during, after].map(({ payments }) => payments.toFixed(1)).join(' → '),
    `${Math.round(before.statusMs)} → ${Math.round(during.statusMs)} ms`,
    `${Math.round(before.submitMs)} → ${Math.round(during.submitMs)} ms`,
    `+${megabytes(memoryGrowth)}, then ${memoryLeft < 0 ? '−' : '+'}${megabytes(Math.abs(memoryLeft))} MB`,
    `${diskGrowth < 0 ? '−' : '+'}${megabytes(Math.abs(diskGrowth))} MB`,
    `${stay(attack, outcome)} (${Math.round(outcome.cpuSeconds)} s)`,
    verdict(bars, notJudged(outcome)),
  ];
}

/** A line as soon as an attack is over. */
export function lineOf(row: Row): string {
  const [name = '', ...rest] = cells(row);
  return `${markOf(row)} ${name.padEnd(28)} ${rest.join(' | ')}`;
}

function markOf({ attack, outcome }: Row): string {
  if (notJudged(outcome) !== undefined) return '?';
  return missed(attack, outcome).length === 0 ? '✓' : '✗';
}

export function markdownOf(rows: readonly Row[], heading: string): string {
  const escaped = (text: string): string => text.replaceAll('|', '/').replaceAll('\n', ' ');
  const line = (parts: readonly string[]): string => `| ${parts.map(escaped).join(' | ')} |`;
  return [
    heading,
    '',
    line(COLUMNS),
    line(COLUMNS.map(() => '---')),
    ...rows.map((row) => {
      const [name = '', ...rest] = cells(row);
      return line([`\`${name}\``, ...rest]);
    }),
  ].join('\n');
}
