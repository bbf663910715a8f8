/**
 * Ending several parts: each is ended whatever another's end throws, or a broken disk would leave the network and the
 * miner running. What they threw is told afterwards, as one error.
 */

/** Ends each, in order. @throws what one of them threw; of several errors one that names them all */
export function endEach(steps: readonly (() => void)[]): void {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      errors.push(error);
    }
  }
  throwAll(errors);
}

/** The same for ends that take a while: each begins once the one before it is over. */
export async function endInTurn(steps: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  throwAll(errors);
}

/** One failure often ends several parts: it is said once. */
function throwAll(errors: readonly unknown[]): void {
  if (errors.length === 0) return;
  const messages = new Set(errors.map(messageOf));
  throw messages.size === 1 ? errors[0] : new AggregateError(errors, [...messages].join('; '));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
