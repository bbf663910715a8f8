/** What may be typed behind each command: read off the program itself, so that it cannot differ from it. */
import type { Command, Option } from 'commander';

export interface CompletedOption {
  /** Such as `-n` and `--nodes`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** What its value may be; empty if that is open. */
  readonly choices: readonly string[];
}

export interface CompletedCommand {
  /** From the program's name on: `tally`, `chain`, `export`. */
  readonly words: readonly string[];
  readonly description: string;
  /** Names of the commands below it. */
  readonly commands: readonly string[];
  readonly options: readonly CompletedOption[];
  /** What its arguments may be; empty if that is open. */
  readonly choices: readonly string[];
}

/** The command and all below it, each before those below it. */
export function completedCommands(
  command: Command,
  above: readonly string[] = [],
): readonly CompletedCommand[] {
  const words = [...above, command.name()];
  const help = command.createHelp();
  const found: CompletedCommand = {
    words,
    description: command.description(),
    commands: command.commands.map((below) => below.name()),
    options: help.visibleOptions(command).map(completedOption),
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
  return [found, ...command.commands.flatMap((below) => completedCommands(below, words))];
}

function completedOption({
  argChoices,
  description,
  long,
  optional,
  required,
  short,
}: Option): CompletedOption {
  return {
    flags: [short, long].filter((flag) => flag !== undefined && flag !== null),
    description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  };
}
