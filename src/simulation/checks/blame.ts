/** An honest node is never punished: nothing but slowness, which a bad line may cause, is held against one by another. */
import type { Check, CheckContext } from './check.ts';

export function blame({ report, world }: CheckContext): Check {
  return {
    onEvent(machine, event) {
      if (event.event !== 'peer.penalised' || event.offence.startsWith('too-slow')) return;
      const peer = world.machineOf(event.peer);
      if (peer === undefined || peer.isAttacker) return;
      report(`holds against ${peer.name}: ${event.offence}`, machine);
    },
  };
}
