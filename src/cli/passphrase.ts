/** Where a wallet's passphrase comes from: a file, the environment, or a person. Never from an argument, which others can see. */
import { type Command, Option } from 'commander';
import { CommandError, UsageError } from './errors.ts';
import { MAX_PASSPHRASE_BYTES } from './io/limits.ts';
import { readText } from './io/read-file.ts';
import { askSecret, canAsk } from './prompts.ts';

const VARIABLE = 'TALLY_PASSPHRASE';
/** How to give one where nobody can be asked. */
export const HOW_TO_GIVE = `give its passphrase with --passphrase-file FILE or ${VARIABLE}`;

export interface PassphraseOptions {
  readonly passphraseFile?: string;
}

export interface NewPassphraseOptions extends PassphraseOptions {
  readonly encrypt?: boolean;
  /** False with `--no-passphrase`. */
  readonly passphrase?: boolean;
}

/** `--passphrase-file`, for commands that open a wallet. */
export function withPassphrase(command: Command): Command {
  return command.addOption(
    new Option('--passphrase-file <file>', `first line is the passphrase; - is stdin (or ${VARIABLE})`),
  );
}

/** `--encrypt`, `--no-passphrase` and `--passphrase-file`, for commands that make a wallet. */
export function withNewPassphrase(command: Command): Command {
  return withPassphrase(
    command
      .option('--encrypt', 'with a passphrase that is asked for')
      .addOption(
        new Option('--no-passphrase', 'not encrypted, and not asked: for development').conflicts([
          'encrypt',
          'passphraseFile',
        ]),
      ),
  );
}

/** From the file or the environment. */
export async function givenPassphrase({ passphraseFile }: PassphraseOptions): Promise<string | undefined> {
  if (passphraseFile === undefined) return process.env[VARIABLE] || undefined;
  return readPassphraseFile(passphraseFile);
}

/** @throws UsageError if its first line is empty */
export async function readPassphraseFile(path: string): Promise<string> {
  const text = await readText(path, { maxBytes: MAX_PASSPHRASE_BYTES, what: 'a passphrase' });
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '') throw new UsageError(`the first line of ${path} is empty: it should be the passphrase`);
  return line;
}

/**
 * For a wallet that is made.
 *
 * @param ask whether a person is at it who should think of one
 * @returns undefined: not encrypted
 */
export async function newPassphrase(
  options: NewPassphraseOptions,
  ask: boolean,
): Promise<string | undefined> {
  if (options.passphrase === false) return undefined;
  const given = await givenPassphrase(options);
  if (given !== undefined) return given;
  if (options.encrypt === true) return askNewPassphrase();
  return ask ? askTwice('Passphrase (empty: not encrypted)') : undefined;
}

/** @throws CommandError if nobody can be asked */
export async function askNewPassphrase(): Promise<string> {
  if (!canAsk()) throw new CommandError(`nobody can be asked here: ${HOW_TO_GIVE}`);
  const typed = await askTwice('New passphrase');
  if (typed !== undefined) return typed;
  throw new CommandError('an empty passphrase keeps nothing: nothing was changed');
}

/** @returns undefined if it is left empty */
async function askTwice(message: string): Promise<string | undefined> {
  const typed = await askSecret(message);
  if (typed === '') return undefined;
  await askSecret('The same again', (again) => again === typed || 'it is not the same');
  return typed;
}
