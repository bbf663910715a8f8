/** For every block it finds it makes two, and shows one to half of its peers, the other to the rest. */
import { addIdentities, type CreateAttack } from './attack.ts';
import { forgeBlock, messageWith } from './forge.ts';
import { mining } from './mining.ts';

export const equivocation: CreateAttack = (context) => {
  const { random, world } = context;
  const machines = addIdentities({ ...context, plan: { ...context.plan, nodes: 1 } }, (network) => network);
  const [machine] = machines as [(typeof machines)[number]];
  return mining(context, machine, (parent) => {
    const nowMs = machine.clock.now();
    const peers = machine.network.peers().map(({ id }) => id);
    const half = Math.ceil(peers.length / 2);
    for (const side of [peers.slice(0, half), peers.slice(half)]) {
      const block = forgeBlock(world.definition.params, parent, random, { timestampMs: nowMs });
      machine.network.tell(side, 'block', messageWith(block, nowMs));
    }
  });
};
