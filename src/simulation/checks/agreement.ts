/** Once nothing goes wrong any more, all honest nodes are on one chain, and know of no better one. */
import type { Check, CheckContext } from './check.ts';

export function agreement({ report, world }: CheckContext): Check {
  return {
    atEnd() {
      const [first, ...others] = world.honest.filter(({ isRunning }) => isRunning);
      if (first === undefined) return;
      const { tip } = first.node.chain;
      for (const machine of others) {
        const theirs = machine.node.chain.tip;
        if (theirs.id !== tip.id) {
          report(
            `its tip is ${theirs.height} ${theirs.id.slice(0, 12)}, ${first.name}'s is ${tip.height} ${tip.id.slice(0, 12)}`,
            machine,
          );
        }
      }
      for (const machine of [first, ...others]) {
        const { bestHeader, tip: own } = machine.node.chain;
        if (bestHeader.work > own.work)
          report(`it knows of headers to ${bestHeader.height} and stays at ${own.height}`, machine);
      }
    },
  };
}
