/**
 * An attack: one or more machines that do not keep to the protocol. Most are real nodes that follow the honest
 * chain and lie at the ports (`Machine`'s `bend`); what they send goes over the same lines.
 */
import type { Machine } from '../machine.ts';
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
