/** Brings a scenario's faults about, and takes each back when its time is over. */
import type { Machine } from './machine.ts';
import type { SeededRandom } from './random.ts';
import type { Fault } from './scenario.ts';
import type { World } from './world.ts';

/** Commits a crash takes at most; the disk may hold back fewer. */
const MAX_LOST_COMMITS = 32;

export interface FaultContext {
  readonly world: World;
  readonly random: SeededRandom;
  /** Starts a machine again that was down. */
  readonly restart: (machine: Machine) => void;
}

/** Plans a fault: it begins and ends by itself. */
export function planFault(context: FaultContext, fault: Fault): void {
  const { scheduler } = context.world;
  scheduler.after(fault.atSeconds * 1_000, () => {
    context.world.trace('fault', -1, -1, 1);
    const end = begin(context, fault);
    scheduler.after(fault.forSeconds * 1_000, () => {
      context.world.trace('fault', -1, -1, 0);
      end();
    });
  });
}

/** @returns what ends it */
function begin(context: FaultContext, fault: Fault): () => void {
  switch (fault.kind) {
    case 'partition':
      return partition(context, fault);
    case 'crash':
      return crash(context, fault);
    case 'churn':
      return churn(context, fault);
    case 'disturbance':
      return disturb(context, fault);
    case 'slow':
      return forSome(context, fault.nodes, ({ site }) => {
        site.slownessMs += fault.delayMs;
        return () => {
          site.slownessMs -= fault.delayMs;
        };
      });
    case 'clock':
      return forSome(context, fault.nodes, ({ site }) => {
        site.clockOffsetMs += fault.offsetMs;
        return () => {
          site.clockOffsetMs -= fault.offsetMs;
        };
      });
    case 'hashpower':
      return forSome(context, context.world.honest.length, (machine) => {
        machine.hashesPerMs *= fault.factor;
        return () => {
          machine.hashesPerMs /= fault.factor;
        };
      });
  }
}

type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>;

function partition(
  { random, world }: FaultContext,
  { oneWay = false, share }: FaultOf<'partition'>,
): () => void {
  const count = Math.round(share * world.machines.length);
  const inside = new Set(random.sample(world.machines, count).map(({ index }) => index));
  const heal = world.lines.cut((from, to) =>
    oneWay ? !inside.has(from) || inside.has(to) : inside.has(from) === inside.has(to),
  );
  world.hub.breakSilentConnections();
  return heal;
}

function crash(
  { random, restart, world }: FaultContext,
  { nodes, powerCut = false }: FaultOf<'crash'>,
): () => void {
  const running = world.honest.filter(({ isRunning }) => isRunning);
  const victims = random.sample(running, nodes);
  for (const machine of victims) {
    const lost = random.integer(MAX_LOST_COMMITS + 1);
    if (powerCut) machine.cutPower(lost);
    else machine.kill(lost);
  }
  return () => {
    for (const machine of victims) restart(machine);
  };
}

function churn(context: FaultContext, { downSeconds, everySeconds }: FaultOf<'churn'>): () => void {
  const { random, restart, world } = context;
  let isOver = false;
  const again = (): void => {
    world.scheduler.after(random.exponential(everySeconds * 1_000), () => {
      if (isOver) return;
      const running = world.honest.filter(({ isRunning }) => isRunning);
      // Somebody must be left to tell the others.
      if (running.length > 2) {
        const machine = random.pick(running);
        if (random.chance(0.5)) machine.kill(random.integer(MAX_LOST_COMMITS + 1));
        else machine.stop().catch((error) => world.failed(machine, error));
        world.scheduler.after(random.exponential(downSeconds * 1_000), () => restart(machine));
      }
      again();
    });
  };
  again();
  return () => {
    isOver = true;
  };
}

function disturb({ world }: FaultContext, fault: FaultOf<'disturbance'>): () => void {
  const { duplication = 0, loss = 0, reordering = 0 } = fault;
  return world.lines.disturb({ loss, duplication, reordering });
}

/** Does something to some machines. @returns what takes all of it back */
function forSome(
  { random, world }: FaultContext,
  count: number,
  act: (machine: Machine) => () => void,
): () => void {
  const ends = random.sample(world.honest, count).map(act);
  return () => {
    for (const end of ends) end();
  };
}
