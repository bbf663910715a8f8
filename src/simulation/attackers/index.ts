/** All attacks by their names. */
import type { AttackKind } from '../scenario.ts';
import type { Attack, AttackContext, CreateAttack } from './attack.ts';
import { doubleSpend } from './double-spend.ts';
import { eclipse } from './eclipse.ts';
import { equivocation } from './equivocation.ts';
import { garbledShortIds } from './garbled-short-ids.ts';
import { invalidBlocks } from './invalid-blocks.ts';
import { invalidTransactions } from './invalid-transactions.ts';
import { longRange } from './long-range.ts';
import { lyingHeaders } from './lying-headers.ts';
import { lyingStatus } from './lying-status.ts';
import { selfishMining } from './selfish-mining.ts';
import { stalling, trickling } from './slow-answers.ts';
import { spam } from './spam.ts';
import { timestamps } from './timestamps.ts';
import { withheldBodies } from './withheld-bodies.ts';
import { withheldTransactions } from './withheld-transactions.ts';

const ATTACKS: Readonly<Record<AttackKind, CreateAttack>> = {
  'invalid-blocks': invalidBlocks,
  'invalid-transactions': invalidTransactions,
  'withheld-bodies': withheldBodies,
  'lying-status': lyingStatus,
  'lying-headers': lyingHeaders,
  stalling,
  trickling,
  equivocation,
  'double-spend': doubleSpend,
  'selfish-mining': selfishMining,
  timestamps,
  'long-range': longRange,
  spam,
  eclipse,
  'withheld-transactions': withheldTransactions,
  'garbled-short-ids': garbledShortIds,
};

export function createAttack(context: AttackContext): Attack {
  return ATTACKS[context.plan.kind](context);
}
