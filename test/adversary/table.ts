/** Outcomes as a table: for terminals and, as Markdown, for `docs/security.md`. */
import type { Attack } from './attack.ts';
import { megabytes, missed, type Outcome } from './bars.ts';

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
  'attacker',
  'missed',
] as const;

function cells({ attack, outcome }: Row): string[] {
  const { before, conduct, during, memoryGrowth, memoryLeft, diskGrowth } = outcome;
  const bars = missed(attack, outcome);
  return [
    outcome.attack,
    `${before.blocks.toFixed(2)} → ${during.blocks.toFixed(2)}`,
    `${before.payments.toFixed(1)} → ${during.payments.toFixed(1)}`,
    `${Math.round(before.statusMs)} → ${Math.round(during.statusMs)} ms`,
    `${Math.round(before.submitMs)} → ${Math.round(during.submitMs)} ms`,
    `+${megabytes(memoryGrowth)}, then ${memoryLeft < 0 ? '−' : '+'}${megabytes(Math.abs(memoryLeft))} MB`,
    `${diskGrowth < 0 ? '−' : '+'}${megabytes(Math.abs(diskGrowth))} MB`,
    attack.doesWrong
      ? `${Math.round(Math.max(conduct.longestMs, outcome.longestHeldMs) / 1_000)} s at most`
      : 'may stay',
    bars.length === 0 ? '–' : bars.join('; '),
  ];
}

/** A line as soon as an attack is over. */
export function lineOf(row: Row): string {
  const [name = '', ...rest] = cells(row);
  const marked = missed(row.attack, row.outcome).length === 0 ? '✓' : '✗';
  return `${marked} ${name.padEnd(28)} ${rest.join(' | ')}`;
}

export function markdownOf(rows: readonly Row[], heading: string): string {
  const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
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
