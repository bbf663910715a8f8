/** What stands under each command's --help: how it is typed. */
import type { Command } from 'commander';

/** By the command's words. A test holds that none is missing. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  tally: ['tally start --mine'],
  'tally start': ['tally start --mine --peer /ip4/192.0.2.7/tcp/4141'],
  'tally devnet': ['tally devnet -n 4 --base-port 8151', 'tally devnet -n 6 --mine 3 --page-port 8140'],
  'tally mine': ['tally mine 3', 'tally mine --start'],
  'tally status': ['tally status --json'],
  'tally watch': ['tally watch', 'tally watch --json | head -5'],
  'tally explore': ['tally explore http://127.0.0.1:8141 http://127.0.0.1:8142'],
  'tally peers': ['tally peers add /ip4/192.168.1.7/tcp/4141'],
  'tally peers list': ['tally peers list --json'],
  'tally peers add': ['tally peers add /ip4/192.168.1.7/tcp/4141'],
  'tally chain': ['tally chain --limit 3', 'tally chain export blocks.chain'],
  'tally chain list': ['tally chain list --from 0 --limit 3'],
  'tally chain forks': ['tally chain forks --limit 5'],
  'tally chain verify': ['tally chain verify'],
  'tally chain resolve': ['tally chain resolve'],
  'tally chain export': ['tally chain export blocks.chain', 'tally chain export blocks.chain --resume'],
  'tally chain import': ['tally chain import blocks.chain --network dev --data ./copy'],
  'tally block': ['tally block tip'],
  'tally tx': ['tally tx 5f0c…'],
  'tally wallet': ['tally wallet create --data ./friend'],
  'tally wallet create': ['tally wallet create --encrypt --name mine'],
  'tally wallet import': ['tally wallet import --words-file words.txt --accounts 2'],
  'tally wallet list': ['tally wallet list'],
  'tally wallet show': ['tally wallet show --data ./friend'],
  'tally wallet add': ['tally wallet add savings', 'tally wallet add --watch tally1…'],
  'tally wallet rename': ['tally wallet rename 0 mine'],
  'tally wallet encrypt': ['tally wallet encrypt'],
  'tally wallet decrypt': ['tally wallet decrypt --passphrase-file secret.txt'],
  'tally wallet export': ['tally wallet export words.txt'],
  'tally balance': ['tally balance tally1…'],
  'tally send': ['tally send tally1… 1.5 --memo lunch --wait', 'tally send tally1… 1500000notches'],
  'tally record': ['tally record photos/*.jpg --note "as sent to Ada" --out receipts/'],
  'tally receipt': ['tally receipt 5f0c… --confirmations 100 --compact --out photo.receipt'],
  'tally verify': [
    'tally verify photo.jpg.receipt.json photo.jpg --network dev',
    'tally verify old.receipt --network club.json',
  ],
  'tally backup': ['tally backup ./backup-of-today'],
  'tally network': ['tally network create club.json --subsidy 10', 'tally network show'],
  'tally network create': ['tally network create club.json --subsidy 10'],
  'tally network show': ['tally network show --out club.json', 'tally network show dev > dev.json'],
  'tally network psk': ['tally network psk club.psk'],
  'tally simulate': ['tally simulate --nodes 1000 --hours 0.2 --report report.html'],
  'tally completion': ['source <(tally completion bash)', 'tally completion fish | source'],
};

/** Adds its examples to each command, and to those below it. */
export function addExamples(command: Command, words: string = command.name()): void {
  const examples = EXAMPLES[words];
  if (examples !== undefined) example(command, examples);
  for (const below of command.commands) addExamples(below, `${words} ${below.name()}`);
}

function example(command: Command, lines: readonly string[]): void {
  const title = lines.length === 1 ? 'Example:' : 'Examples:';
  command.addHelpText('after', `\n${[title, ...lines.map((line) => `  ${line}`)].join('\n')}`);
}
