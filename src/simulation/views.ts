/** What each node believes at a moment: printed where a replay stops. */
import type { World } from './world.ts';

/** A line for each machine. */
export function viewsOf(world: World): string[] {
  return world.machines.map((machine) => {
    if (!machine.isRunning) return `${machine.name.padEnd(6)} is down`;
    const { chain, pool } = machine.node;
    const { height, id, work } = chain.tip;
    const best = chain.bestHeader;
    return [
      machine.name.padEnd(6),
      machine.isAttacker ? 'attacker' : 'honest  ',
      `tip ${height} ${id.slice(0, 12)} work ${work}`,
      best.id === id ? 'headers same' : `headers to ${best.height} ${best.id.slice(0, 12)}`,
      `pool ${pool.count}`,
      `peers ${machine.node.peers().length}`,
      machine.node.syncProgress().state,
    ].join('  ');
  });
}
