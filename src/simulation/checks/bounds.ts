/** Whatever a node keeps for others stays within its bounds: peers, orphans, early blocks, bodies, transactions. */
import type { Check, CheckContext } from './check.ts';

/** The named limits of `node/` and `p2p/`, gathered: a node at rest is far below. */
const BOUNDS = {
  peers: 300,
  orphans: 64,
  early: 64,
  completing: 1_024,
  fetching: 8,
  waitingTransactions: 4_096,
  bodiesReady: 1_024,
  bodiesAsked: 1_024,
  // The next body is asked for beyond the bound, of two peers.
  bodyBytes: 68 * 1_024 * 1_024,
  transactionsToPass: 512,
  headersQueue: 300,
  poolsQueue: 300,
} as const;

export function bounds({ report, world }: CheckContext): Check {
  return {
    during() {
      for (const machine of world.honest) {
        if (!machine.isRunning) continue;
        const sizes = machine.node.sizes();
        for (const name of Object.keys(BOUNDS) as (keyof typeof BOUNDS)[]) {
          if (sizes[name] > BOUNDS[name])
            report(`${name}: ${sizes[name]} of at most ${BOUNDS[name]}`, machine);
        }
      }
    },
  };
}
