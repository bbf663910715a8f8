import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { runTally } from '../support/run-tally.ts';

const MAX_COLUMNS = 80;
const MAX_LINES = 40;
/** Print no data: one runs, the other writes a script. */
const WITHOUT_JSON = ['tally start', 'tally completion'];

function all(command: Command, words: string): [string, Command][] {
  return [[words, command], ...command.commands.flatMap((below) => all(below, `${words} ${below.name()}`))];
}

const commands = all(createProgram(), 'tally');

/** As somebody sees it who asks for it. */
function helpOf(command: Command): string {
  let text = '';
  command
    .configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => MAX_COLUMNS })
    .outputHelp();
  return text;
}

describe.each(commands)('%s --help', (words, command) => {
  const help = helpOf(command);

  test('fits a screen', () => {
    const lines = help.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(MAX_LINES);
    for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(MAX_COLUMNS);
  });

  test('has an example, which is one of this command or one below it', () => {
    const [, examples = ''] = help.split(/\nExamples?:\n/);
    expect(examples).toMatch(new RegExp(`(^|\\(|\\s)${words}\\b`));
  });

  test('offers JSON wherever data is printed', () => {
    if (command.commands.length > 0 || WITHOUT_JSON.includes(words)) return;
    expect(help).toContain('--json');
  });
});

test('examples name options there are', () => {
  for (const [words, command] of commands) {
    const [, examples = ''] = helpOf(command).split(/\nExamples?:\n/);
    for (const line of examples.split('\n')) {
      const [, used] = commands.filter(([name]) => `${line.trim()} `.startsWith(`${name} `)).at(-1) ?? [];
      const below = used?.commands.find((one) => one.name() === 'list');
      const known = [...(used?.options ?? []), ...(below?.options ?? [])].flatMap(({ long, short }) => [
        long,
        short,
      ]);
      for (const [option] of line.matchAll(/(?<=\s)--?[a-z][a-z-]*/g)) {
        if (line.includes('|') || used === undefined) continue;
        expect(known, `${words}: ${line}`).toContain(option);
      }
    }
  }
});

test('tally --help says what it is, and groups its commands', () => {
  const help = helpOf(createProgram());
  expect(help.split('\n')[0]).toMatch(/^Tallystick: /);
  const groups = [...help.matchAll(/^(\S.*):$/gm)].map(([, title]) => title);
  expect(groups).toEqual([
    ...['Options', 'Run', 'Look', 'Pay and record', 'Ledger files', 'More', 'Example'],
  ]);
});

test.each([
  [['stats'], /unknown command 'stats'.*Did you mean status\?/],
  [['chain', 'exprot'], /unknown command 'exprot': tally chain has list, .*export/],
  [['start', '--netwrok', 'x'], /Did you mean --network\?/],
])('tally %j is answered with what was meant', async (args, message) => {
  const ran = await runTally(args);
  expect(ran).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/^tally: [^\n]+\n$/) });
  expect(ran.stderr).toMatch(message);
});
