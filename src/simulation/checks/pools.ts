/** A pool holds only what could be mined next: sequences without gaps, all of it paid for, within its size. */
import { type Address, idFromBytes } from '../../core/identifiers.ts';
import type { Machine } from '../machine.ts';
import type { Check, CheckContext } from './check.ts';

/** The daemon's default, SSZ bytes. */
const DEFAULT_MAX_BYTES = 32 * 1_024 * 1_024;

export function pools({ report, world }: CheckContext): Check {
  const lookAtAll = (): void => {
    for (const machine of world.honest) {
      const fault = machine.isRunning ? faultOf(machine) : undefined;
      if (fault !== undefined) report(fault, machine);
    }
  };
  return { during: lookAtAll, atEnd: lookAtAll };
}

function faultOf({ maxPoolBytes = DEFAULT_MAX_BYTES, node }: Machine): string | undefined {
  const { chain, pool } = node;
  if (pool.bytes > maxPoolBytes) return `holds ${pool.bytes} bytes of at most ${maxPoolBytes}`;
  const bySender = Map.groupBy(pool.transactions(), ({ signed }) =>
    idFromBytes<Address>(signed.transaction.sender),
  );
  for (const [sender, theirs] of bySender) {
    const { balance, sequence } = chain.account(sender);
    const sequences = theirs.map(({ signed }) => signed.transaction.sequence).sort((a, b) => Number(a - b));
    if (sequences.some((one, index) => one !== sequence + BigInt(index)))
      return `${sender.slice(0, 12)}: sequences ${sequences}, next is ${sequence}`;
    const spent = theirs.reduce(
      (sum, { signed: { transaction } }) => sum + transaction.amount + transaction.fee,
      0n,
    );
    if (spent > balance) return `${sender.slice(0, 12)}: spends ${spent} of ${balance}`;
  }
  return undefined;
}
