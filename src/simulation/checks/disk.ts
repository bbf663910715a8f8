/** What a disk says hangs together: heights without gaps, each block the next one's parent, bodies and undo records there. */
import type { Machine } from '../machine.ts';
import type { Check, CheckContext } from './check.ts';

export function disk({ report, world }: CheckContext): Check {
  const look = (machine: Machine): void => {
    const fault = faultOf(machine);
    if (fault !== undefined) report(fault, machine);
  };
  return {
    onRestart: look,
    atEnd() {
      for (const machine of world.honest) if (machine.isRunning) look(machine);
    },
  };
}

function faultOf({ disk: { blocks, bodies, mainChain, undo }, node }: Machine): string | undefined {
  const { chain } = node;
  if (mainChain.tip() !== chain.tip.number) return 'its tip on disk is another';
  let before: number | undefined;
  for (let height = 0; height <= chain.tip.height; height++) {
    const number = mainChain.at(height);
    const record = number === undefined ? undefined : blocks.get(number);
    if (number === undefined || record === undefined) return `height ${height} is missing`;
    if (record.height !== height) return `block ${record.height} stands at height ${height}`;
    if (before !== undefined && record.parent !== before) return `height ${height} does not follow`;
    if (record.status !== 'body') return `height ${height} is ${record.status}`;
    if (height > 0 && undo.get(number) === undefined) return `height ${height} has no undo record`;
    const body = bodies.get(number);
    if (body === undefined) return `height ${height} has no body`;
    before = number;
  }
  if (mainChain.at(chain.tip.height + 1) !== undefined) return 'there are heights above the tip';
  return undefined;
}
