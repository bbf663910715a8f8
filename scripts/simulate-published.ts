/**
 * Published numbers, reproduced with the shipping code: double spends, selfish mining, stale rates.
 *
 *     node scripts/simulate-published.ts [double-spend|selfish|stale] [--quick] [--json]
 *
 * Every row: what the literature's closed form gives, what the simulation gave, with its 95 % interval. Exits with 1
 * if fewer rows than chance allows contain the closed form.
 */
import '../src/native/hasher.ts';
import { parseArgs } from 'node:util';
import { doubleSpend } from '../src/simulation/experiments/double-spend.ts';
import { selfishRevenue, thresholdOf } from '../src/simulation/experiments/selfish-revenue.ts';
import { REAL_NETWORKS, staleRate } from '../src/simulation/experiments/stale-rate.ts';
import { contains, type Estimate } from '../src/simulation/experiments/statistics.ts';

interface Row {
  readonly table: string;
  readonly cells: readonly string[];
  readonly simulated: Estimate;
  readonly closedForm: number;
}

/** Of 20 intervals of 95 % one misses: with luck or without, more than one in seven is a wrong model. */
const MAX_MISSED = 1 / 7;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const { quick } = values;
const rows: Row[] = [];

await table(
  'double-spend',
  ['attacker', 'confirmations', 'Nakamoto', 'Rosenfeld', 'simulated'],
  async (add) => {
    const trials = quick ? 200 : 1_000;
    for (const share of quick ? [0.3] : [0.1, 0.2, 0.3, 0.4]) {
      for (const confirmations of quick ? [1, 3] : [1, 2, 3, 4, 5, 6, 8, 10]) {
        const { nakamoto, rosenfeld, success } = await doubleSpend({ seed: 1, share, confirmations, trials });
        add(
          [percent(share, 0), String(confirmations), percent(nakamoto), percent(rosenfeld)],
          success,
          rosenfeld,
        );
      }
    }
  },
);

await table('selfish', ['α', 'γ', 'Eyal & Sirer', 'honest', 'simulated', 'it pays'], async (add) => {
  const blocks = quick ? 1_000 : 5_000;
  for (const gamma of quick ? [0.5] : [0, 0.5, 1]) {
    for (const alpha of quick ? [0.4] : [0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45]) {
      const { closedForm, effectiveGamma, revenue } = await selfishRevenue({ seed: 1, alpha, gamma, blocks });
      const pays = revenue.low > alpha ? 'yes' : revenue.high < alpha ? 'no' : 'not certain';
      add(
        [percent(alpha, 0), effectiveGamma.toFixed(1), percent(closedForm), percent(alpha)],
        revenue,
        closedForm,
        `${pays} (from ${percent(thresholdOf(effectiveGamma))})`,
      );
    }
  }
});

await table('stale', ['interval', 'delay', 'D / (T + D)', 'simulated'], async (add) => {
  const blocks = quick ? 1_000 : 5_000;
  for (const intervalMs of quick ? [2_000] : [1_000, 2_000, 5_000]) {
    for (const delayMs of quick ? [200] : [50, 100, 200, 500]) {
      const { closedForm, stale } = await staleRate({ seed: 1, miners: 10, intervalMs, delayMs, blocks });
      add([`${intervalMs / 1_000} s`, `${delayMs} ms`, percent(closedForm)], stale, closedForm);
    }
  }
});

await table(
  'real',
  ['network', 'interval', 'propagation', 'measured 2016', 'D / (T + D)', 'simulated'],
  async (add) => {
    // A hundredth of all times: only their ratio counts, and templates are made anew every second.
    const scale = 100;
    for (const network of REAL_NETWORKS) {
      const { intervalSeconds, miners, name, propagationSeconds } = network;
      const { closedForm, stale } = await staleRate({
        seed: 1,
        miners,
        intervalMs: (1_000 * intervalSeconds) / scale,
        delayMs: (1_000 * propagationSeconds) / scale,
        blocks: quick ? 500 : 10_000,
      });
      add(
        [
          name,
          `${intervalSeconds} s`,
          `${propagationSeconds} s`,
          percent(network.staleRate),
          percent(closedForm),
        ],
        stale,
        closedForm,
      );
    }
  },
);

if (values.json) console.log(JSON.stringify(rows, null, 2));
const missed = rows.filter(({ closedForm, simulated }) => !contains(simulated, closedForm)).length;
if (!values.json)
  console.log(`\n${rows.length - missed} of ${rows.length} intervals contain the closed form`);
if (missed > Math.max(1, MAX_MISSED * rows.length)) process.exitCode = 1;

type Add = (cells: readonly string[], simulated: Estimate, closedForm: number, last?: string) => void;

/** Prints a Markdown table, row by row as they come. */
async function table(
  name: string,
  head: readonly string[],
  fill: (add: Add) => Promise<void>,
): Promise<void> {
  const isAsked = positionals.length === 0 || positionals.includes(name === 'real' ? 'stale' : name);
  if (!isAsked) return;
  if (!values.json) console.log(`\n| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}`);
  await fill((cells, simulated, closedForm, last) => {
    rows.push({ table: name, cells, simulated, closedForm });
    const { high, low, value } = simulated;
    const shown = `${percent(value)} (${percent(low)} to ${percent(high)})`;
    const all = [...cells, shown, ...(last === undefined ? [] : [last])];
    if (!values.json) console.log(`| ${all.join(' | ')} |`);
  });
}

function percent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)} %`;
}
