/** Mining as an attacker does: blocks come at the rate of its hash power, and what they are is its own choice. */
import { nextBits } from '../../core/difficulty.ts';
import { requireTarget } from '../../core/target.ts';
import type { Machine } from '../machine.ts';
import { expectedHashes } from '../virtual-miner.ts';
import { type Attack, type AttackContext, hashesPerMs } from './attack.ts';
import { type Place, tipOf } from './forge.ts';

/** How soon to look again while the machine is not running. */
const IDLE_MS = 1_000;

/**
 * @param place what it mines on now
 * @param found is called whenever it finds a block there
 */
export function mining(
  context: AttackContext,
  machine: Machine,
  found: (parent: Place) => void,
  place: () => Place = () => tipOf(machine),
): Attack {
  const rate = hashesPerMs(context);
  const { params } = context.world.definition;
  let isOver = rate === 0;
  const again = (): void => {
    if (isOver) return;
    if (!machine.isRunning) {
      context.world.scheduler.after(IDLE_MS, again);
      return;
    }
    const { header, parentHeader } = place();
    const hashes = expectedHashes(requireTarget(nextBits(params, header, parentHeader)));
    context.world.scheduler.after(context.random.exponential(hashes / rate), () => {
      if (!isOver && machine.isRunning) found(place());
      again();
    });
  };
  return {
    machines: [machine],
    start: again,
    stop() {
      isOver = true;
    },
  };
}
