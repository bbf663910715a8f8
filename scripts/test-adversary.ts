/**
 * Attacks three honest daemons that run as real processes, and measures what it does to them:
 * `npm run test:adversary [-- NAME…] [--short] [--list] [--json] [--record]`. Exit status 1 if a bar is missed, or, but for
 * `--short`, if the machine is too busy to tell. Linux.
 */
import '../src/native/hasher.ts';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs, promisify } from 'node:util';
import { ATTACKS, attackNamed } from '../test/adversary/attacks/index.ts';
import { missed, notJudged } from '../test/adversary/bars.ts';
import { runAttacks } from '../test/adversary/run.ts';
import { lineOf, markdownOf, type Row } from '../test/adversary/table.ts';

const PAGE = new URL('../docs/security.md', import.meta.url);
const BEGIN = '<!-- adversary: npm run test:adversary -- --record -->';
const END = '<!-- /adversary -->';
const QUIET_MS = 12_000;
const SHORT_QUIET_MS = 8_000;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

const names =
  positionals.length > 0
    ? positionals
    : Object.entries(ATTACKS)
        .filter(([, { isShort }]) => !values.short || isShort === true)
        .map(([name]) => name);
// A wrong name is told before anything is started.
for (const name of names) attackNamed(name);

if (values.list) {
  for (const name of names) console.log(`${name.padEnd(28)} ${attackNamed(name).what}`);
} else await run();

async function run(): Promise<void> {
  const begun = performance.now();
  const rows = await runAttacks({
    names,
    quietMs: values.short ? SHORT_QUIET_MS : QUIET_MS,
    told: (row) => console.log(values.json ? JSON.stringify(withMissed(row)) : lineOf(row)),
    progress: (line) => console.error(line),
  });
  const unknown = rows.filter(({ outcome }) => notJudged(outcome) !== undefined);
  const failed = rows.filter(
    ({ attack, outcome }) => notJudged(outcome) === undefined && missed(attack, outcome).length > 0,
  );
  const { stdout } = await promisify(execFile)('git', ['rev-parse', '--short', 'HEAD']).catch(() => ({
    stdout: 'an unknown commit',
  }));
  const minutes = Math.round((performance.now() - begun) / 60_000);
  const heading = `${rows.length} attacks on commit ${stdout.trim()} in ${minutes} minutes; ${failed.length} missed a bar, ${unknown.length} could not be judged.`;
  if (!values.json) console.log(`\n${markdownOf(rows, heading)}`);
  if (values.record) await record(markdownOf(rows, heading));
  // Continuous integration runs the short form, on machines that may be busy with something else.
  if (failed.length > 0 || (unknown.length > 0 && !values.short)) process.exitCode = 1;
}

function withMissed(row: Row): object {
  return { ...row.outcome, missed: missed(row.attack, row.outcome), notJudged: notJudged(row.outcome) };
}

async function record(table: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const start = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`docs/security.md has no place for the table: ${BEGIN}`);
  await writeFile(PAGE, `${page.slice(0, start + BEGIN.length)}\n\n${table}\n\n${page.slice(end)}`);
}
