/** How a command fails: one line on stderr and an exit status. */
import { CommanderError } from 'commander';
import { adviceFor, failureText } from './machine-trouble.ts';
import { printable, printableLines } from './printable.ts';

/** 0 done, 1 refused or failed, 2 used wrongly. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** The command was used wrongly in a way its options alone do not show. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command did not achieve what it was asked to; the message says what to try. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Whatever else is thrown is a bug of ours, and told with its stack. By name: the rooms they come from are slow to load. */
const EXPECTED: ReadonlySet<string> = new Set([
  'CommandError',
  'ApiError',
  'OperationError',
  'StoreError',
  'RuleError',
  'PolicyError',
  'ReceiptError',
  'WalletError',
]);

/** Tells what went wrong. @returns the exit status */
export function report(error: unknown): number {
  // Commander has said its line already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof UsageError) {
    complain(error.message);
    return EXIT.usage;
  }
  if (error instanceof Error && error.name === 'ConnectionError') {
    complain(`${error.message}: start one with tally start, or name its API with --api`);
  } else if (error instanceof Error && EXPECTED.has(error.name)) complain(error.message);
  else if (adviceFor(error) !== undefined) complain(failureText(error));
  else process.stderr.write(`tally: this should not have happened: ${printableFailure(error)}\n`);
  return EXIT.failed;
}

/** In one line, whatever is in the message; and where it happened. */
function printableFailure(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const frames = /(?:\n {4}at .*)+$/.exec(error.stack ?? '')?.[0] ?? '';
  return `${printable(`${error.name}: ${error.message}`)}${printableLines(frames)}`;
}

/** One line on stderr. */
export function complain(message: string): void {
  process.stderr.write(`tally: ${printable(message)}\n`);
}

/** The system's word for what went wrong, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
