/** A simulation as one HTML page that needs nothing else: the summary and the plots. */
import type { Figures } from '../measurements.ts';
import type { SimulationResult } from '../simulation.ts';
import { chainPicture } from './chain-picture.ts';
import { escapeHtml } from './plot.ts';
import { plotsOf } from './plots.ts';

/** Colours of blue and orange that hold on both grounds, for every kind of eye. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #56606e; --paper: #fff; --faint: #d8dee6; --blue: #2563c9; --orange: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #a4afbd; --paper: #141a22; --faint: #323d4b; --blue: #7db3ff; --orange: #ff9d66; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1180px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; } h3 { font-size: 1rem; margin: 0 0 .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; } dt { font-weight: 600; } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }

.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 1rem; margin: 1.5rem 0; }
figure { margin: 0; border: 1px solid var(--faint); border-radius: 8px; padding: .75rem; min-width: 0; } .fork figure { margin-top: 1rem; }
figcaption { color: var(--soft); font-size: .9rem; } .plots svg { width: 100%; height: auto; display: block; } .wide { overflow-x: auto; }
svg text { font-size: 13px; fill: var(--soft); } svg .name { fill: var(--ink); } .grid { stroke: var(--faint); }
.line { fill: none; stroke: var(--blue); stroke-width: 2; stroke-linejoin: round; } .theory { fill: none; stroke: var(--orange); stroke-width: 2; stroke-dasharray: 6 4; } .bar { fill: var(--blue); }
.link { stroke: var(--soft); fill: none; } .block { stroke-width: 2; fill: var(--blue); stroke: var(--blue); } .attacker { fill: var(--orange); stroke: var(--orange); } .left { fill: var(--paper); }
@media (max-width: 560px) { dl { display: block; } dd { margin-bottom: .5rem; } .plots svg { overflow: visible; } .plots svg text { font-size: 19px; } }
.broken { border: 2px solid var(--orange); border-radius: 8px; padding: .5rem 1rem; } .broken h2 { font-size: 1.1rem; margin: 0; } pre { overflow-x: auto; }
`;

/** @param summary names and values in words */
export function reportOf(
  result: SimulationResult,
  figures: Figures,
  summary: Readonly<Record<string, string>>,
): string {
  const { scenario } = result;
  const title = `${escapeHtml(scenario.name)}, seed ${scenario.seed}: a Tallystick simulation`;
  const rows = Object.entries(summary).map(
    ([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${STYLE}</style></head><body><main>
<h1>${title}</h1>
${scenario.description === undefined ? '' : `<p>${escapeHtml(scenario.description)}</p>`}
${brokenRules(result)}
<dl>${rows.join('\n')}</dl>
<div class="fork">${chainPicture(figures.forks)}</div>
<div class="plots">${plotsOf(result, figures).join('\n')}</div>
<details><summary>The scenario</summary><pre>${escapeHtml(JSON.stringify(scenario, null, 2))}</pre></details>
</main></body></html>
`;
}

function brokenRules({ violations }: SimulationResult): string {
  if (violations.length === 0) return '';
  const items = violations.map(
    ({ atMs, check, machine = 'the network', message }) =>
      `<li>${(atMs / 1_000).toFixed(1)} s, ${escapeHtml(check)}, ${escapeHtml(machine)}: ${escapeHtml(message)}</li>`,
  );
  return `<div class="broken"><h2>Rules were broken</h2><ul>${items.join('')}</ul></div>`;
}
