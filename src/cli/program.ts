/** All commands. Each loads what it needs when it runs, so that the quick ones stay quick. */
import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { addBackup } from './commands/backup.ts';
import { addBalance } from './commands/balance.ts';
import { addBlock } from './commands/block.ts';
import { addChain } from './commands/chain.ts';
import { addCompletion } from './commands/completion.ts';
import { addDevnet } from './commands/devnet.ts';
import { addExplore } from './commands/explore.ts';
import { addMine } from './commands/mine.ts';
import { addNetwork } from './commands/network.ts';
import { addPeers } from './commands/peers.ts';
import { addReceipt } from './commands/receipt.ts';
import { addRecord } from './commands/record.ts';
import { addSend } from './commands/send.ts';
import { addSimulate } from './commands/simulate.ts';
import { addStart } from './commands/start.ts';
import { addStatus } from './commands/status.ts';
import { addTx } from './commands/tx.ts';
import { addVerify } from './commands/verify.ts';
import { addWallet } from './commands/wallet.ts';
import { addWatch } from './commands/watch.ts';
import { complain } from './errors.ts';
import { addExamples } from './examples.ts';

export function createProgram(): Command {
  const program = new Command('tally')
    .addHelpText('before', 'Tallystick: one ledger, kept by every machine that runs it.\n')
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({ outputError: (text) => complain(oneLine(text)) });
  program.commandsGroup('Run:');
  addStart(program);
  addDevnet(program);
  addMine(program);
  program.commandsGroup('Look:');
  addStatus(program);
  addWatch(program);
  addExplore(program);
  addPeers(program);
  addBlock(program);
  addTx(program);
  program.commandsGroup('Pay and record:');
  addWallet(program);
  addBalance(program);
  addSend(program);
  addRecord(program);
  addReceipt(program);
  addVerify(program);
  program.commandsGroup('Ledger files:');
  addChain(program);
  addBackup(program);
  addNetwork(program);
  program.commandsGroup('More:');
  addSimulate(program);
  addCompletion(program);
  // Every command has --help; one way is enough.
  program.helpCommand(false);
  // Here only: what a command takes stands in its own help.
  program.configureHelp({ subcommandTerm: (command) => command.name() });
  addExamples(program);
  for (const command of program.commands) command.hook('preSubcommand', requireKnown);
  return program;
}

/** A command with a default below it would take a mistyped word for one argument too many of that. */
function requireKnown(command: Command, below: Command): void {
  const [word = '-'] = command.args;
  if (word.startsWith('-') || word === below.name()) return;
  const known = command.commands.map((one) => one.name()).join(', ');
  command.error(`unknown command '${word}': tally ${command.name()} has ${known}`);
}

function oneLine(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ');
}
