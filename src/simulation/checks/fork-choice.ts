/** The most work wins: a tip only moves to more work than it has, and no block that is kept has more. */
import type { Machine } from '../machine.ts';
import type { Check, CheckContext } from './check.ts';

export function forkChoice({ report }: CheckContext): Check {
  const tipWork = new Map<Machine, bigint>();
  return {
    onEvent(machine, event) {
      // One that is being stopped may still connect what it had.
      if (event.event !== 'block.accepted' || !machine.isRunning) return;
      const { chain } = machine.node;
      const record = chain.byId(event.id);
      if (record !== undefined && record.work > chain.tip.work)
        report(
          `keeps block ${record.height} ${record.id.slice(0, 12)} of more work than its tip ${chain.tip.height}`,
          machine,
        );
      const before = tipWork.get(machine);
      if (before !== undefined && chain.tip.work < before)
        report(`its tip moved from ${before} to ${chain.tip.work} hashes of work`, machine);
      tipWork.set(machine, chain.tip.work);
    },
    onRestart(machine) {
      tipWork.delete(machine);
    },
  };
}
