/** All money there is was issued by the rules: the genesis and a subsidy a block. */
import type { Check, CheckContext } from './check.ts';
import { Replays } from './replay.ts';

const PAGE = 1_000_000;

export function supply({ report, world }: CheckContext): Check {
  return {
    atEnd() {
      const replays = new Replays();
      for (const machine of world.honest.filter(({ isRunning }) => isRunning)) {
        const { issued } = replays.of(machine);
        const held = machine.disk.accounts
          .page(undefined, PAGE)
          .reduce((sum, [, { balance }]) => sum + balance, 0n);
        if (held !== issued) report(`accounts hold ${held}, issued were ${issued}`, machine);
      }
    },
  };
}
