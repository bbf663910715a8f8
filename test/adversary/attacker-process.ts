/** One attacker: runs one attack until the suite says stop, or is gone. */
import '../../src/native/hasher.ts';
import { setPriority } from 'node:os';
import type { AttackerOrders, ToAttacker } from './attack.ts';
import { attackNamed } from './attacks/index.ts';
import { Attacker } from './hostile/attacker.ts';

const REPORT_MS = 1_000;
/** The daemons come first where cores are few, or a suite would measure the attacker's own appetite. */
const NICENESS = 5;
/** To say goodbye to everybody. */
const END_DEADLINE_MS = 3_000;

setPriority(NICENESS);
// Daemons hang up on it all the time, in the middle of whatever it does.
process.on('uncaughtException', (error) => process.stderr.write(`attacker: ${error.stack ?? error}\n`));
process.on('unhandledRejection', () => {});

process.once('message', (orders: AttackerOrders) => {
  const over = new AbortController();
  const attack = attackNamed(orders.attack);
  const attacker = new Attacker(orders, attack.hashShare, over.signal);
  let ended: string | undefined;
  const report = (): void => {
    process.send?.({ ...attacker.report(), ...(ended === undefined ? {} : { ended }) });
  };
  report();
  const reporting = setInterval(report, REPORT_MS);
  process.on('message', (message: ToAttacker) => {
    if ('newcomer' in message) attacker.newcomerStarted(message.newcomer);
    else void end();
  });
  process.once('disconnect', () => process.exit());

  async function end(): Promise<void> {
    over.abort(new Error('the attack is over'));
    clearInterval(reporting);
    report();
    setTimeout(() => process.exit(), END_DEADLINE_MS).unref();
    await attacker.end();
    process.exit();
  }

  attack.run(attacker).catch((error: unknown) => {
    if (over.signal.aborted) return;
    ended = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  });
});
