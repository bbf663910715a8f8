/** Questions to a person. They go to stderr: stdout is for what the command was asked for. */
import { CommandError } from './errors.ts';

const CONTEXT = { output: process.stderr };

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** What is typed is not shown. */
export async function askSecret(
  message: string,
  validate: (text: string) => true | string = () => true,
): Promise<string> {
  const { default: password } = await import('@inquirer/password');
  return answered(password({ message, mask: true, validate }, CONTEXT));
}

export async function askText(message: string, validate: (text: string) => true | string): Promise<string> {
  const { default: input } = await import('@inquirer/input');
  return answered(input({ message, validate }, CONTEXT));
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
