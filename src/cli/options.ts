/** Options and arguments that several commands share, and how their text is read. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readAddress as readTypedAddress } from '../client/address.ts';
import { DEFAULT_API_URL } from '../client/tally-client.ts';
import { type Address, parseId } from '../core/identifiers.ts';
import { isPeerName, MAX_NAME_CHARACTERS } from '../p2p/peer-name.ts';
import { type PassphraseOptions, withPassphrase } from './passphrase.ts';

export interface ApiOptions {
  readonly api: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** For every command that talks to a daemon: `--api`, `--data`, `--json`. */
export function withApi(command: Command): Command {
  return withData(
    command.addOption(
      new Option('--api <url>', 'HTTP API of the daemon')
        .env('TALLY_API')
        .default(DEFAULT_API_URL)
        .argParser(readUrl),
    ),
  );
}

/** What a command that signs takes beside its own. */
export interface SignerOptions extends PassphraseOptions {
  readonly account?: string;
}

/** `--account` and `--passphrase-file`. */
export function withSigner(command: Command): Command {
  return withPassphrase(command.option('--account <name|index>', 'account that pays (default: the first)'));
}

/** `--data` and `--json`. */
export function withData(command: Command): Command {
  return withJson(
    command.addOption(
      new Option(
        '--data <dir>',
        "the daemon's data folder (default: one for each network in the platform's data folder)",
      ).env('TALLY_DATA'),
    ),
  );
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON');
}

export function networkOption(): Option {
  return new Option('--network <name|file>', 'a network built in (dev, test) or a network file').default(
    'dev',
  );
}

/** Where people reach what listens here, if the command cannot know: from outside of a container, behind a proxy. */
export function publicUrlOption(what: string): Option {
  return new Option('--public-url <url>', `where people reach ${what}, if it is not where it listens`)
    .env('TALLY_PUBLIC_URL')
    .argParser((text) => new URL(readUrl(text)).href.replace(/\/$/, ''));
}

/** What `chooseFolder` takes: a network that was typed counts more than what the folder says. */
export function folderChoice(
  { data, network }: { readonly data?: string; readonly network: string },
  command: Command,
): { data: string | undefined; network: string; isNetworkGiven: boolean } {
  return { data, network, isNetworkGiven: command.getOptionValueSource('network') !== 'default' };
}

/** Of daemons' APIs. */
export function collectUrls(text: string, earlier: readonly string[] = []): string[] {
  const { password, search, username } = new URL(readUrl(text));
  if (`${username}${password}${search}` !== '') {
    throw new InvalidArgumentError(`"${text}" has more in it than where the daemon is.`);
  }
  return [...earlier, text];
}

function readUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError(`"${text}" is not a URL like ${DEFAULT_API_URL}.`);
  }
  return text;
}

/** A whole number from `least` to `most`. */
export function readCount(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(count >= least && count <= most)) {
      throw new InvalidArgumentError(`"${text}" is not a whole number from ${least} to ${most}.`);
    }
    return count;
  };
}

export const readPort = readCount(0, 65_535);

export function readAddress(text: string): Address {
  return reading(() => readTypedAddress(text));
}

/** Of a transaction. */
export function readId(text: string): string {
  const id = parseId(text);
  if (id === undefined) throw new InvalidArgumentError(`"${text}" is not an id of 64 hex digits.`);
  return id;
}

/** What a value's own parser throws is a wrong argument. */
export function reading<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** Of a web page: its scheme, host and port. May be given several times. */
export function collectOrigins(text: string, earlier: readonly string[] = []): string[] {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError(`"${text}" is not a page like https://explorer.example.`);
  }
  return [...earlier, new URL(text).origin];
}

/** What a daemon calls itself among its peers; nothing: it says no name. */
export function readName(text: string): string {
  if (text === '' || isPeerName(text)) return text;
  throw new InvalidArgumentError(
    `"${text}" is no name: letters, digits, spaces and . _ - between them, ${MAX_NAME_CHARACTERS} characters at most.`,
  );
}

/** For an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}
