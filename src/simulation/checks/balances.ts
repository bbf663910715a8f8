/** Every node's balances and sequences are what its chain, replayed from the genesis, says; no account more or less. */
import type { Check, CheckContext } from './check.ts';
import { Replays } from './replay.ts';

const PAGE = 1_000_000;

export function balances({ report, world }: CheckContext): Check {
  return {
    atEnd() {
      const replays = new Replays();
      for (const machine of world.honest.filter(({ isRunning }) => isRunning)) {
        const { accounts } = replays.of(machine);
        for (const [address, { balance, sequence }] of accounts) {
          const kept = machine.node.chain.account(address);
          if (kept.balance !== balance || kept.sequence !== sequence) {
            report(
              `${address.slice(0, 12)} has ${kept.balance} after ${kept.sequence}, replayed ${balance} after ${sequence}`,
              machine,
            );
          }
        }
        for (const [address] of machine.disk.accounts.page(undefined, PAGE)) {
          if (!accounts.has(address))
            report(`${address.slice(0, 12)} has an account out of nothing`, machine);
        }
      }
    },
  };
}
