/**
 * Nothing acknowledged is lost: a transaction somebody was told is kept, and a block that was told as mined, are
 * there after every crash and at the end. A transaction may give way to another of the same sequence; a full pool
 * may drop it, so where pools are small only blocks are looked at.
 */
import type { BlockId } from '../../core/identifiers.ts';
import type { Machine } from '../machine.ts';
import type { Check, CheckContext } from './check.ts';

export function acknowledged({ load, report, world }: CheckContext): Check {
  const mined = new Map<Machine, BlockId[]>();
  return {
    onEvent(machine, event) {
      if (event.event === 'block.mined') mined.set(machine, [...(mined.get(machine) ?? []), event.id]);
    },
    onRestart: look,
    atEnd() {
      for (const machine of world.honest) if (machine.isRunning) look(machine);
    },
  };

  function look(machine: Machine): void {
    const { chain, pool } = machine.node;
    for (const id of mined.get(machine) ?? []) {
      const record = chain.byId(id);
      // The body of a block that lost long ago is let go; the block is still told of.
      const isLost = record?.status === 'header' && chain.isOutweighed(record.work);
      if (record?.status !== 'body' && !isLost) report(`its own block ${id.slice(0, 12)} is gone`, machine);
    }
    if (machine.maxPoolBytes !== undefined) return;
    const kept = new Set(machine.disk.pool.all().map(({ id }) => id));
    for (const { id, machine: home, sender, signed } of load.acknowledged) {
      if (home !== machine || pool.has(id) || kept.has(id)) continue;
      if (chain.account(sender).sequence > signed.transaction.sequence) continue;
      report(`transaction ${id.slice(0, 12)}, acknowledged, is gone`, machine);
    }
  }
}
