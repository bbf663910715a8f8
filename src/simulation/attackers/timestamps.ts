/** Mines with timestamps at the edge of what is allowed, and beyond: just after the parent's, a minute ahead, more. */
import { MAX_FUTURE_MS } from '../../core/header.ts';
import { addIdentities, type CreateAttack } from './attack.ts';
import { forgeBlock, messageWith } from './forge.ts';
import { mining } from './mining.ts';

export const timestamps: CreateAttack = (context) => {
  const { random, world } = context;
  const machines = addIdentities({ ...context, plan: { ...context.plan, nodes: 1 } }, (network) => network);
  const [machine] = machines as [(typeof machines)[number]];
  return mining(context, machine, (parent) => {
    const nowMs = machine.clock.now();
    const timestampMs = random.pick([
      Number(parent.header.timestamp) + 1,
      nowMs + MAX_FUTURE_MS,
      nowMs + MAX_FUTURE_MS + 5_000,
      nowMs + 10 * MAX_FUTURE_MS,
    ]);
    const block = forgeBlock(world.definition.params, parent, random, { timestampMs });
    machine.network.publish('block', messageWith(block, nowMs));
  });
};
