/** All attacks by their names. */
import type { AttackKind } from '../scenario.ts';
import type { Attack, AttackContext, CreateAttack } from './attack.ts';

const ATTACKS: Partial<Record<AttackKind, CreateAttack>> = {};

export function createAttack(context: AttackContext): Attack {
  const create = ATTACKS[context.plan.kind];
  if (create === undefined) throw new Error(`no such attack: ${context.plan.kind}`);
  return create(context);
}
