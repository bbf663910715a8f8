/** No node fails, and no promise is rejected without anybody noticing. */
import type { Check, CheckContext } from './check.ts';

export function failures({ report, world }: CheckContext): Check {
  let told = 0;
  const onRejection = (reason: unknown): void =>
    report(`a promise was rejected unnoticed: ${textOf(reason)}`);
  process.on('unhandledRejection', onRejection);
  const tell = (): void => {
    for (const { error, machine } of world.failures.slice(told)) report(textOf(error), machine);
    told = world.failures.length;
  };
  return {
    during: tell,
    atEnd: tell,
    end: () => process.off('unhandledRejection', onRejection),
  };
}

function textOf(error: unknown): string {
  return error instanceof Error
    ? (error.stack ?? error.message).split('\n').slice(0, 3).join(' | ')
    : String(error);
}
