/** Runs attacks, one after the other, on a network of honest daemons that are measured all the time. */
import { setTimeout as delay } from 'node:timers/promises';
import { workOfBits } from '../../src/core/target.ts';
import type { Attack, Newcomer, Target } from './attack.ts';
import { Attackers } from './attackers.ts';
import { attackNamed } from './attacks/index.ts';
import type { Outcome } from './bars.ts';
import { HonestNetwork } from './honest-network.ts';
import { call } from './hostile/http.ts';
import { Load } from './load.ts';
import { conductOf, figuresOf, lagOf, memoryGrowth, memoryOf, paidBytes } from './measure.ts';
import type { Row } from './table.ts';
import { type Stretch, Timeline } from './timeline.ts';

/** For the difficulty to be what the processors give. */
const WARM_UP_MS = 20_000;
/** From when its processes have begun: who must lose a connection has half a minute for it. */
const ATTACK_MS = 33_000;
/** Stretches without an attack that are "before": the last ones, for a single one has some fifty blocks. */
const QUIET_STRETCHES = 5;
/** After an attack, until the difficulty is that of a network nobody attacks: four half-lives. */
const SETTLING_MS = 10_000;
const CONVERGENCE_DEADLINE_MS = 30_000;
const LOOK_AGAIN_MS = 150;
/** The attack is under way by then. */
const NEWCOMER_AFTER_MS = 5_000;
/** A stop takes half of it, whatever hangs. */
const STOP_DEADLINE_MS = 5_000;
/** Points that honest daemons still hold against each other, and fade. */
const HARMLESS_PENALTIES = 4;
/** Blocks at the tip that may still be left for others. */
const UNSETTLED_BLOCKS = 4;
/** Blocks that a newcomer may be behind, for there is always one on its way. */
const IN_STEP_BLOCKS = 8;

export interface RunOptions {
  readonly names: readonly string[];
  /** Without an attack, before and after each, ms. */
  readonly quietMs: number;
  /** Told as soon as an attack is over. */
  readonly told: (row: Row) => void;
  readonly progress: (line: string) => void;
}

/** A network and what is measured of it. */
interface Arena {
  readonly network: HonestNetwork;
  readonly timeline: Timeline;
  readonly load: Load;
  readonly quiet: Stretch[];
  /** Bytes that the data folder that grew most grew by in all quiet stretches. */
  diskGrown: number;
}

export async function runAttacks(options: RunOptions): Promise<Row[]> {
  const rows: Row[] = [];
  let arena: Arena | undefined;
  try {
    for (const name of options.names) {
      const attack = attackNamed(name);
      arena ??= await openArena(options);
      const outcome = await runAttack(arena, name, attack, options);
      const row = { attack, outcome };
      rows.push(row);
      options.told(row);
      if (attack.isLast === true || isSpoilt(outcome)) {
        await closeArena(arena);
        arena = undefined;
      }
    }
  } finally {
    if (arena !== undefined) await closeArena(arena);
  }
  return rows;
}

async function openArena({ progress, quietMs }: RunOptions): Promise<Arena> {
  progress('three daemons start …');
  const network = await HonestNetwork.start();
  const timeline = new Timeline(network);
  const load = new Load(network, timeline);
  timeline.start();
  load.start();
  await delay(WARM_UP_MS);
  const arena: Arena = { network, timeline, load, quiet: [], diskGrown: 0 };
  await beQuiet(arena, quietMs);
  await beQuiet(arena, quietMs);
  return arena;
}

async function closeArena({ load, network, timeline }: Arena): Promise<void> {
  load.stop();
  timeline.stop();
  await network.close();
}

/** A stretch without an attack. */
async function beQuiet(arena: Arena, ms: number): Promise<Stretch> {
  const { network, quiet } = arena;
  const sizes = await network.disk();
  const fromMs = performance.now();
  await delay(ms);
  const stretch = { fromMs, toMs: performance.now() };
  arena.diskGrown += mostGrowth(sizes, await network.disk());
  quiet.push(stretch);
  return stretch;
}

/** Bytes a second that a data folder grows by without an attack. */
function diskRate({ diskGrown, quiet }: Arena): number {
  return diskGrown / quiet.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / 1_000, 0);
}

async function runAttack(
  arena: Arena,
  name: string,
  attack: Attack,
  { progress, quietMs }: RunOptions,
): Promise<Outcome> {
  const { network, quiet, timeline } = arena;
  progress(`${name}: ${attack.what}`);
  const before = figuresOf(timeline, quiet.slice(-QUIET_STRETCHES));
  const weighed = memoryOf(timeline, quiet.at(-1) as Stretch);
  const sizes = await network.disk();
  const positions = network.logPositions();
  const honest = new Set(network.honest);
  const tipWork = await workOfTip(network);

  const attackers = Attackers.start(name, attack, network);
  await attackers.begun();
  const fromMs = performance.now();
  const newcomer =
    attack.newcomer === undefined
      ? undefined
      : await withNewcomer(network, attack.newcomer, attackers, honest, fromMs + ATTACK_MS);
  await delay(Math.max(0, fromMs + ATTACK_MS - performance.now()));
  const window = { fromMs, toMs: performance.now() };
  const endMs = Date.now();
  // While it is still under attack.
  const stoppedMs = await newcomer?.stop();
  await attackers.stop();

  const convergedMs = await untilConverged(network);
  await delay(attack.settlingMs ?? SETTLING_MS);
  const calm = await beQuiet(arena, quietMs);
  const seconds = (performance.now() - fromMs) / 1_000;
  const { cpuSeconds, done, ended, longestHeldMs, work } = attackers.report;
  if (attackers.errors !== '') progress(attackers.errors.slice(0, 2_000));
  const during = figuresOf(timeline, [window]);
  return {
    attack: name,
    before,
    during: { ...during, blocks: during.blocks * (1 - lagOf(timeline, window)) },
    after: figuresOf(timeline, [calm]),
    died: await network.dead(),
    memoryGrowth: memoryGrowth(timeline, weighed, { fromMs, toMs: performance.now() }),
    memoryLeft: memoryGrowthAtEnd(timeline, weighed),
    diskGrowth: mostGrowth(sizes, await network.disk()) - diskRate(arena) * seconds,
    diskPaid: (work / tipWork) * network.definition.params.maxBlockBytes + paidBytes(timeline, fromMs),
    conduct: conductOf(network.logSince(positions), honest, endMs),
    longestHeldMs,
    ...(newcomer === undefined ? {} : { newcomer: { inStepMs: newcomer.inStepMs, stoppedMs } }),
    convergedMs,
    cpuSeconds,
    done,
    ...(ended === undefined ? {} : { ended }),
  };
}

/** @returns since the attack ended, ms; undefined: not in time */
async function untilConverged(network: HonestNetwork): Promise<number | undefined> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < CONVERGENCE_DEADLINE_MS) {
    if (await isTogether(network)) return performance.now() - startedMs;
    await delay(LOOK_AGAIN_MS);
  }
  return undefined;
}

/** The tips themselves are never the same for long: what lies a little below them is. */
async function isTogether({ targets }: HonestNetwork): Promise<boolean> {
  try {
    const heights = await Promise.all(targets.map(heightOf));
    const settled = Math.min(...heights) - UNSETTLED_BLOCKS;
    if (Math.max(...heights) - settled > 2 * IN_STEP_BLOCKS + UNSETTLED_BLOCKS) return false;
    const ids = await Promise.all(
      targets.map(async ({ api }) => {
        const { body } = await call(`${api}/v1/blocks/${Math.max(0, settled)}`);
        return (JSON.parse(body.toString()) as { id: string }).id;
      }),
    );
    return new Set(ids).size === 1;
  } catch {
    return false;
  }
}

/** Starts a daemon in the middle of the attack, and waits until it is in step or the attack is over. */
async function withNewcomer(
  network: HonestNetwork,
  plan: Newcomer,
  attackers: Attackers,
  honest: Set<string>,
  untilMs: number,
): Promise<{ inStepMs: number | undefined; stop: () => Promise<number | undefined> }> {
  await delay(NEWCOMER_AFTER_MS);
  const startedMs = performance.now();
  const { daemon, target } = await network.startNewcomer(plan);
  honest.add(target.peerId);
  attackers.newcomerStarted(target);
  const stop = async (): Promise<number | undefined> => {
    const askedMs = performance.now();
    const isGone = await Promise.race([
      daemon.kill('SIGTERM').then(() => true),
      delay(STOP_DEADLINE_MS, false),
    ]);
    if (!isGone) await daemon.kill('SIGKILL');
    return isGone ? performance.now() - askedMs : undefined;
  };
  while (performance.now() < untilMs) {
    if (await isInStep(network, target, plan)) return { inStepMs: performance.now() - startedMs, stop };
    await delay(LOOK_AGAIN_MS);
  }
  return { inStepMs: undefined, stop };
}

async function isInStep(network: HonestNetwork, newcomer: Target, { finds }: Newcomer): Promise<boolean> {
  try {
    const [own, theirs] = await Promise.all([heightOf(newcomer), heightOf(network.targets[0] as Target)]);
    const { body } = await call(`${newcomer.api}/v1/peers`);
    const { peers } = JSON.parse(body.toString()) as { peers: readonly { id: string }[] };
    const found = peers.filter(({ id }) => network.honest.has(id)).length;
    return own >= theirs - IN_STEP_BLOCKS && found >= finds;
  } catch {
    return false;
  }
}

async function heightOf({ api }: Target): Promise<number> {
  return (JSON.parse((await call(`${api}/v1/status`)).body.toString()) as { height: number }).height;
}

async function workOfTip(network: HonestNetwork): Promise<number> {
  for (const { api } of network.targets) {
    try {
      const { bits } = JSON.parse((await call(`${api}/v1/status`)).body.toString()) as { bits: string };
      return Number(workOfBits(Number(bits)));
    } catch {
      // The next one may answer.
    }
  }
  return Number.POSITIVE_INFINITY;
}

function mostGrowth(before: readonly number[], now: readonly number[]): number {
  return Math.max(...now.map((bytes, daemon) => bytes - (before[daemon] ?? 0)));
}

/** Memory that has not come back. */
function memoryGrowthAtEnd({ memory }: Timeline, before: readonly number[]): number {
  const last = memory.at(-1)?.bytes ?? [];
  return Math.max(...last.map((bytes, daemon) => bytes - (before[daemon] ?? 0)));
}

/** What an attack did to the daemons would be held against the next one. */
function isSpoilt({ conduct, convergedMs, died }: Outcome): boolean {
  return (
    died.length > 0 ||
    convergedMs === undefined ||
    conduct.honestLost.length > 0 ||
    conduct.honestPunished.length > HARMLESS_PENALTIES
  );
}
