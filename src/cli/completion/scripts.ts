/** The completion scripts: plain tables of words and the few lines of each shell that look them up. */
import type { CompletedCommand, CompletedOption } from './words.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const SCRIPTS: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return SCRIPTS[shell](commands);
}

/** A `case` of the words typed so far. Bash and zsh share it. */
function cases(
  commands: readonly CompletedCommand[],
  words: (command: CompletedCommand) => readonly string[],
): string[] {
  return commands
    .filter((command) => words(command).length > 0)
    .map((command) => `    ${quoted(command.words.join(' '))}) found=${quoted(words(command).join(' '))} ;;`);
}

/** Options whose value may be this or that, behind the words of their command. */
function choiceCases(commands: readonly CompletedCommand[]): string[] {
  return commands.flatMap(({ options, words }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .flatMap(({ choices, flags }) =>
        flags.map(
          (flag) => `    ${quoted([...words, flag].join(' '))}) found=${quoted(choices.join(' '))} ;;`,
        ),
      ),
  );
}

/** Words that lead to a command below. */
function commandPattern(commands: readonly CompletedCommand[]): string {
  return commands
    .filter(({ words }) => words.length > 1)
    .map(({ words }) => quoted(words.join(' ')))
    .join('|');
}

/** Options behind which a value stands. */
function valuePattern(commands: readonly CompletedCommand[]): string {
  return commands
    .flatMap(({ options, words }) =>
      options
        .filter(({ takesValue }) => takesValue)
        .flatMap(({ flags }) => flags.map((flag) => quoted([...words, flag].join(' ')))),
    )
    .join('|');
}

const flagsOf = ({ options }: CompletedCommand): string[] => options.flatMap(({ flags }) => flags);
const plainWords = ({ choices, commands }: CompletedCommand): string[] => [...commands, ...choices];

/** @param typed how the shell calls the words typed, `at` its index, and where the word being typed is */
function lookUp(
  commands: readonly CompletedCommand[],
  { first, last, word }: { first: string; last: string; word: string },
): string[] {
  return [
    `  local at=${first} typed=tally found= option=`,
    `  while [ "$at" -lt "${last}" ]; do`,
    `    option=`,
    `    case "$typed ${word}" in`,
    `      ${commandPattern(commands)}) typed="$typed ${word}" ;;`,
    `      ${valuePattern(commands)}) option="${word}"; at=$((at + 1)) ;;`,
    `    esac`,
    `    at=$((at + 1))`,
    `  done`,
    // The value of an option is being typed.
    `  if [ -n "$option" ] && [ "$at" -gt "${last}" ]; then`,
    `    case "$typed $option" in`,
    ...choiceCases(commands).map((line) => `  ${line}`),
    `    esac`,
    `  else case "$current" in`,
    `    -*) case "$typed" in`,
    ...cases(commands, flagsOf).map((line) => `  ${line}`),
    `    esac ;;`,
    `    *) case "$typed" in`,
    ...cases(commands, plainWords).map((line) => `  ${line}`),
    `    esac ;;`,
    `  esac; fi`,
  ];
}

function bashScript(commands: readonly CompletedCommand[]): string {
  return lines([
    '# Completion of tally for bash: source <(tally completion bash)',
    '_tally() {',
    `  local current="\${COMP_WORDS[COMP_CWORD]}"`,
    ...lookUp(commands, { first: '1', last: '$COMP_CWORD', word: `\${COMP_WORDS[at]}` }),
    '  COMPREPLY=()',
    '  local word',
    '  while read -r word; do [ -n "$word" ] && COMPREPLY+=("$word"); done < <(compgen -W "$found" -- "$current")',
    '}',
    // Where nothing is known, names of files.
    'complete -o default -F _tally tally',
  ]);
}

function zshScript(commands: readonly CompletedCommand[]): string {
  return lines([
    '#compdef tally',
    '# Completion of tally for zsh: source <(tally completion zsh)',
    '_tally() {',
    '  local current="$words[CURRENT]"',
    ...lookUp(commands, { first: '2', last: '$CURRENT', word: '$words[at]' }),
    '  if [ -n "$found" ]; then compadd -- $=found; else _files; fi',
    '}',
    'compdef _tally tally',
  ]);
}

function fishScript(commands: readonly CompletedCommand[]): string {
  return lines([
    '# Completion of tally for fish: tally completion fish | source',
    ...commands.flatMap((command) => [
      ...commands
        .filter(({ words }) => isBelow(words, command.words))
        .map(
          ({ description, words }) =>
            `complete -c tally -f ${whenTyped(command)} -a ${quoted(words.at(-1) ?? '')} -d ${quoted(description)}`,
        ),
      ...command.choices.map((choice) => `complete -c tally -f ${whenTyped(command)} -a ${quoted(choice)}`),
      ...command.options.map((option) => `complete -c tally ${whenTyped(command)} ${fishOption(option)}`),
    ]),
  ]);
}

function isBelow(words: readonly string[], above: readonly string[]): boolean {
  return words.length === above.length + 1 && above.every((word, at) => words[at] === word);
}

/** All words of this command were typed, and none of a command below it. */
function whenTyped({ commands, words }: CompletedCommand): string {
  const typed = words.slice(1).map((word) => `__fish_seen_subcommand_from ${word}`);
  const below = commands.length === 0 ? [] : [`not __fish_seen_subcommand_from ${commands.join(' ')}`];
  return `-n ${quoted([...typed, ...below].join('; and ') || 'true')}`;
}

function fishOption({ choices, description, flags, takesValue }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = choices.length > 0 ? [`-x -a ${quoted(choices.join(' '))}`] : takesValue ? ['-r'] : [];
  return [...names, ...value, `-d ${quoted(description)}`].join(' ');
}

/** As every one of these shells reads it. Apostrophes of descriptions become those of print. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’').replaceAll('\\', '/')}'`;
}

function lines(all: readonly string[]): string {
  return all.join('\n');
}
