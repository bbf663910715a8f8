import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion/scripts.ts';
import { completedCommands } from '../completion/words.ts';
import { print } from '../output.ts';

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('a script that completes commands and options in your shell')
    .addArgument(new Argument('<shell>', 'which one').choices(SHELLS))
    .action((shell: Shell) => print(completionScript(shell, completedCommands(program))));
}
