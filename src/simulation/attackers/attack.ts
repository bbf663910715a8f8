/**
 * An attack: one or more machines that do not keep to the protocol. They are real nodes that follow the honest chain
 * and lie at the ports (`bend`), or make things no honest node makes; what they send goes over the same lines.
 */
import { idFromBytes } from '../../core/identifiers.ts';
import type { Bend, Machine } from '../machine.ts';
import type { SeededRandom } from '../random.ts';
import type { AttackPlan } from '../scenario.ts';
import type { World } from '../world.ts';

export interface AttackContext {
  readonly world: World;
  readonly plan: AttackPlan;
  /** Of this attack only. */
  readonly random: SeededRandom;
  /** All honest hash power, hashes a millisecond. */
  readonly honestHashesPerMs: number;
}

export interface Attack {
  /** Its identities, added to the world and not started yet: the simulation starts and stops them. */
  readonly machines: readonly Machine[];
  /** Its machines run and the attack's time has come. */
  start(): void;
  /** Its time is over. Its machines are stopped right after. */
  stop(): void;
}

/** Adds the attack's machines to the world. */
export type CreateAttack = (context: AttackContext) => Attack;

/** Honest nodes each identity knows of. */
const PEERS_KNOWN = 4;

/** Adds the attack's identities. @param mines whether their nodes mine, with the attack's hash power, as honest ones do */
export function addIdentities(context: AttackContext, bend: Bend, mines = false): Machine[] {
  const { plan, random, world } = context;
  const count = plan.nodes ?? 1;
  return Array.from({ length: count }, () =>
    world.add({
      address: idFromBytes(random.bytes(32)),
      peers: random.sample(world.honest, PEERS_KNOWN),
      hashesPerMs: mines ? hashesPerMs(context) / count : 0,
      bend,
    }),
  );
}

/** Of the whole attack. */
export function hashesPerMs({ honestHashesPerMs, plan }: AttackContext): number {
  return (honestHashesPerMs * (plan.hashpower ?? 0)) / 100;
}

/** An attack that is in the lies of its nodes alone. */
export function passive(machines: readonly Machine[]): Attack {
  return { machines, start() {}, stop() {} };
}

/** An attack that also does something every `meanMs` on average, each of its machines by itself. */
export function active(
  context: AttackContext,
  machines: readonly Machine[],
  meanMs: number,
  act: (machine: Machine) => void,
): Attack {
  let isOver = false;
  const again = (machine: Machine): void => {
    context.world.scheduler.after(context.random.exponential(meanMs), () => {
      if (isOver) return;
      if (machine.isRunning) act(machine);
      again(machine);
    });
  };
  return {
    machines,
    start() {
      for (const machine of machines) again(machine);
    },
    stop() {
      isOver = true;
    },
  };
}
