/**
 * Every block of all pages but the README, which has a test of its own. Commands are run as printed, but that a
 * simulation is made small: the page tells of minutes and gigabytes. What is different stands in the table.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultsOf, readComposeLog, storyOf } from '../../scripts/compose-log.ts';
import { createProgram } from '../../src/cli/program.ts';
import { commandsOf, figure, testBlocks, type Way, type Ways } from '../support/blocks.ts';
import { Machine } from '../support/machine.ts';
import { type Page, ROOT, readPages } from '../support/markdown.ts';
import type { Terminal } from '../support/terminal.ts';

const pages = readPages();
let machine: Machine;
let terminal: Terminal;

beforeAll(async () => {
  machine = await Machine.create();
  terminal = await machine.terminal();
});

afterAll(() => machine.close());

/** No daemon answers there, and the page is served all the same. */
const explore: Way = async ({ text }) => {
  await terminal.start(text, /http:\/\/127\.0\.0\.1:\d+/);
  await terminal.interrupt();
};

/** Of each option given twice the last counts. */
const simulate: Way = async (block) => {
  for (const command of commandsOf(block)) {
    const small = command.includes('--scenario') ? '' : ' --hours 0.25 --nodes 8 --seeds 1';
    const { stderr, stdout } = await terminal.run(
      command.replace('classroom ', 'classroom --nodes 8 ') + small,
    );
    expect(stdout, command).not.toBe('');
    expect(stderr, command).not.toMatch(/tally:/);
  }
};

/** Continuous integration runs the first, with numbers of its own. Bugs are planted for half an hour: by hand. */
const swarm: Way = async (block) => {
  const [many = '', again = '', planted = ''] = commandsOf(block);
  expect(many).toBe('npm run test:simulation -- --seeds 1000 --from 1');
  expect(planted).toBe('npm run test:planted');
  const integration = await readFile(join(ROOT, '.ci/run'), 'utf8');
  expect(integration).toMatch(/^npm run test:simulation -- --from \d+ --seeds \d+$/m);
  await terminal.run(again);
};

/** `npm run test:proxy` reads it out of the page and runs nginx with it; continuous integration runs that. */
const proxied: Way = async ({ language, text }) => {
  expect(language).toBe('nginx');
  expect(text).toMatch(/^location \/\S* \{$/m);
  expect(await readFile(join(ROOT, '.ci/run'), 'utf8')).toMatch(/^npm run test:proxy$/m);
};

/** As it was printed once: what stands there is a whole story, and no line of it is one that the daemon no longer says. */
const composeLog: Way = (block) => {
  figure(block);
  const lines = readComposeLog(block.text);
  expect(faultsOf(lines)).toEqual([]);
  const { confirmed, forkEnded, forked, paid, travelled } = storyOf(lines);
  expect({ confirmed, paid, travelled }).toEqual({ confirmed: 4, paid: 4, travelled: 3 });
  expect(forked).toBeGreaterThan(0);
  expect(forkEnded).toBeGreaterThan(0);
};

/** `test/fuzz` runs the command; here its options are those that it has. */
const fuzz: Way = async (block) => {
  const script = await readFile(join(ROOT, 'scripts/fuzz.ts'), 'utf8');
  for (const command of commandsOf(block)) {
    expect(command).toMatch(/^npm run fuzz -- /);
    for (const [, option = ''] of command.matchAll(/--([a-z]+)/g))
      expect(script).toContain(` ${option}: { type:`);
  }
};

const WAYS: Readonly<Record<string, Ways>> = {
  'docs/explorer.md': { Nodes: [explore], 'Behind a reverse proxy': [proxied, proxied] },
  'docs/fuzzing.md': { Fuzzing: [fuzz] },
  'docs/log.md': {
    'How to read it': [figure],
    'Half a minute of four daemons': [composeLog],
    'For machines': [figure],
  },
  'docs/protocol.md': {
    '1. Types': [figure],
    '6. Difficulty': [figure],
    '10. Records and receipts': [figure, figure],
    '13. A chain in a file': [figure],
  },
  'docs/simulation.md': { 'Try it': [simulate], 'Swarm testing': [swarm], Scale: [figure] },
};

for (const page of pages) {
  if (page.path !== 'README.md') testBlocks(page, WAYS[page.path] ?? {});
}

test('every page in the table is there', () => {
  expect(pages.map(({ path }) => path)).toEqual(expect.arrayContaining(Object.keys(WAYS)));
});

/** What stands within a sentence is not run, but what it names is there: the command, and each of its options. */
describe.each(pages.map((page) => [page.path, page] as const))('commands named in %s', (_, page) => {
  test('are commands, and take the options', () => {
    for (const words of namedIn(page)) {
      let command = createProgram();
      while (command.commands.length > 0) {
        const next = command.commands.find((one) => one.name() === words[0]);
        // `tally wallet` is a name for all of them.
        if (next === undefined && words.length === 0) break;
        expect(next, `tally … ${words.join(' ')}`).toBeDefined();
        if (next === undefined) break;
        command = next;
        words.shift();
      }
      const known = command.options.flatMap(({ long, short }) => [long, short]);
      for (const word of words) {
        if (/^--?[a-z]/.test(word)) expect(known, `tally ${command.name()} ${word}`).toContain(word);
      }
    }
  });
});

function namedIn({ prose }: Page): string[][] {
  return [...prose.matchAll(/`(?:npx )?tally ([^`]+)`/g)].map(([, words = '']) => words.split(/\s+/));
}
