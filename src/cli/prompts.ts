/** Questions to a person. They go to stderr: stdout is for what the command was asked for. */
import { CommandError } from './errors.ts';

const CONTEXT = { output: process.stderr };

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** What is typed shows as stars. */
export async function askSecret(
  message: string,
  validate: (text: string) => true | string = () => true,
): Promise<string> {
  const { default: password } = await import('@inquirer/password');
  return answered(password({ message, mask: true, validate }, CONTEXT));
}

/** What is typed is seen until it is right, and then goes from the screen. */
export async function askText(message: string, validate: (text: string) => true | string): Promise<string> {
  const { default: input } = await import('@inquirer/input');
  const transformer = (value: string, { isFinal }: { isFinal: boolean }) => (isFinal ? '' : value);
  return answered(input({ message, validate, transformer }, CONTEXT));
}

/** No, unless somebody says yes. */
export async function askYes(message: string): Promise<boolean> {
  const { default: confirm } = await import('@inquirer/confirm');
  return answered(confirm({ message, default: false }, CONTEXT));
}

/** Ctrl-C at a question ends the command. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'ExitPromptError') throw cause;
    throw new CommandError('stopped at a question: nothing was changed', { cause });
  }
}
