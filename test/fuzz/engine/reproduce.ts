/** Runs the inputs of a finding again, without counters. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Finding } from './finding.ts';
import { longestTurn, STILL_MS } from './stillness.ts';

/** @returns what is wrong; undefined if all is well */
export async function reproduce({ inputs, target: name }: Finding): Promise<string | undefined> {
  const { TARGETS } = await import('../targets/targets.ts');
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined) return `there is no target ${name}`;
  const errors: unknown[] = [];
  const onRejection = (error: unknown): void => void errors.push(error);
  process.on('unhandledRejection', onRejection);
  const session = await target.open();
  let slowMs = 0;
  for (const input of inputs) {
    const bytes = new Uint8Array(Buffer.from(input, 'base64'));
    try {
      slowMs = Math.max(slowMs, await longestTurn(() => session.execute(bytes)));
    } catch (error) {
      errors.push(error);
    }
  }
  await session.close?.();
  await nextTurn();
  process.off('unhandledRejection', onRejection);
  const [error] = errors;
  if (error !== undefined) return `${name}: ${error instanceof Error ? error.stack : error}`;
  return slowMs > (target.stillMs ?? STILL_MS)
    ? `${name}: held the event loop for ${Math.round(slowMs)} ms`
    : undefined;
}
