/**
 * Mines in secret from a block far back, and moves to its branch towards the end, if it has more work than the public one: a
 * deep reorganisation, which is right by the rules. Old blocks are not passed on, so others hear of it from its status, and
 * their sync brings it.
 */
import { trustBlock } from '../../chain/records.ts';
import { blockId } from '../../core/hashing.ts';
import type { Block } from '../../core/types.ts';
import { addIdentities, type CreateAttack } from './attack.ts';
import { after, forgeBlock, type Place, tipOf } from './forge.ts';
import { mining } from './mining.ts';

/** Share of the attack's time. */
const SHOWN_AFTER = 0.8;

export const longRange: CreateAttack = (context) => {
  const { plan, random, world } = context;
  const { params } = world.definition;
  const machines = addIdentities({ ...context, plan: { ...context.plan, nodes: 1 } }, (network) => network);
  const [machine] = machines as [(typeof machines)[number]];
  const branch: Block[] = [];
  let place: Place | undefined;
  const attack = mining(context, machine, find, () => place ?? halfway());
  return {
    ...attack,
    start() {
      attack.start();
      world.scheduler.after(SHOWN_AFTER * 1_000 * plan.forSeconds, () => {
        attack.stop();
        if (machine.isRunning) show();
      });
    },
  };

  function show(): void {
    if (place === undefined || place.work <= tipOf(machine).work) return;
    const { chain } = machine.node;
    for (const block of branch) {
      const checked = trustBlock({ id: blockId(block.sealed), block, transactionIds: [] });
      chain.addBlock(checked, machine.clock.now());
    }
  }

  function halfway(): Place {
    const { chain } = machine.node;
    const record = chain.atHeight(Math.floor(chain.tip.height / 2)) ?? chain.tip;
    const { id, sealed, work } = record;
    return { id, header: sealed.header, parentHeader: chain.parentOf(record)?.sealed.header, work };
  }

  /** Kept to itself for now. */
  function find(parent: Place): void {
    const block = forgeBlock(params, parent, random, { timestampMs: machine.clock.now() });
    branch.push(block);
    place = after(parent, block);
  }
};
