import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SHELLS, type Shell } from '../../src/cli/completion/scripts.ts';
import { completedCommands } from '../../src/cli/completion/words.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runTally } from '../support/run-tally.ts';

const scripts = new Map<Shell, string>();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tally-completion-'));
  for (const shell of SHELLS) {
    const ran = await runTally(['completion', shell]);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    scripts.set(shell, ran.stdout);
    await writeFile(join(folder, shell), ran.stdout);
  }
});

afterAll(() => rm(folder, { recursive: true }));

const has = (shell: Shell): boolean => spawnSync(shell, ['--version']).status === 0;

/** What bash offers for the last of these words. */
function offered(...words: string[]): string[] {
  const script = [
    `source '${join(folder, 'bash')}'`,
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})`,
    `COMP_CWORD=${words.length - 1}`,
    '_tally',
    `printf '%s\\n' "\${COMPREPLY[@]}"`,
  ].join('\n');
  const ran = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect(ran.stderr).toBe('');
  return ran.stdout.split('\n').filter((line) => line !== '');
}

describe.skipIf(!has('bash'))('in bash', () => {
  test.each<[string[], string[]]>([
    [
      ['tally', 'sta'],
      ['start', 'status'],
    ],
    [['tally', 'chain', 'ex'], ['export']],
    [
      ['tally', 'chain', ''],
      ['list', 'forks', 'verify', 'resolve', 'export', 'import'],
    ],
    [['tally', 'chain', 'export', '--o'], ['--offline']],
    [['tally', 'start', '--log-level', 'd'], ['debug']],
    [
      ['tally', 'start', '--log-level', 'debug', '--mi'],
      ['--mine', '--miner', '--min-fee-rate'],
    ],
    [
      ['tally', 'completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    // The value of an option is no command.
    [['tally', 'chain', 'list', '--api', 'export', '--li'], ['--limit']],
    // Names of files, which bash knows best.
    [['tally', 'start', '--data', ''], []],
    [['tally', 'chain', 'import', ''], []],
  ])('%j', (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  test('every command, every option and every choice of the program', () => {
    for (const { choices, commands, options, words } of completedCommands(createProgram())) {
      expect(offered(...words, '')).toEqual([...commands, ...choices]);
      expect(offered(...words, '-').toSorted()).toEqual(options.flatMap(({ flags }) => flags).toSorted());
      for (const option of options.filter((one) => one.choices.length > 0)) {
        for (const flag of option.flags) expect(offered(...words, flag, '')).toEqual(option.choices);
      }
    }
  });
});

test.skipIf(!has('zsh'))('zsh reads its script', () => {
  expect(spawnSync('zsh', ['-n', join(folder, 'zsh')])).toMatchObject({ status: 0 });
});

test.skipIf(!has('fish'))('fish reads its script', () => {
  expect(spawnSync('fish', ['--no-execute', join(folder, 'fish')])).toMatchObject({ status: 0 });
});

test('every shell knows every command and option', () => {
  for (const script of scripts.values()) {
    for (const { options, words } of completedCommands(createProgram())) {
      expect(script).toContain(words.at(-1));
      for (const { flags } of options)
        for (const flag of flags) expect(script).toContain(flag.replace(/^--?/, ''));
    }
  }
});
