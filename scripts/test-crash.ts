/**
 * Kills a daemon (SIGKILL) at random moments of its life (first start, start, sync, mining, short and
 * long reorganisation, moving the log, migration, import, stop): nothing it acknowledged may be lost. `npm run test:crash -- --kills 100 --seed 1`
 */
import '../src/native/hasher.ts';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runCrashes } from '../test/support/crash-run.ts';

const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } });
const kills = Number(values.kills ?? 100);
const seed = Number(values.seed ?? randomInt(2 ** 32));

console.log(`${kills} kills, seed ${seed}`);
const begun = performance.now();
try {
  const { blocks, height, killed, lost, reorganisations, transactions } = await runCrashes({
    kills,
    seed,
    progress: (line) => console.log(line),
  });
  for (const what of lost) console.error(`lost: ${what}`);
  const phases = Object.entries(killed).map(([phase, count]) => `${phase} ${count}`);
  console.log(
    `${kills} kills in ${Math.round((performance.now() - begun) / 1_000)} s (${phases.join(', ')}); ${reorganisations} reorganisations; acknowledged: ${transactions} transactions, ${blocks} blocks; valid at height ${height}; lost: ${lost.length}`,
  );
  if (lost.length > 0) process.exitCode = 1;
} catch (error) {
  console.error(`crash test failed (seed ${seed}): ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
