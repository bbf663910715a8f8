/** All commands. Each loads what it needs when it runs, so that the quick ones stay quick. */
import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { addBackup } from './commands/backup.ts';
import { addBalance } from './commands/balance.ts';
import { addBlock } from './commands/block.ts';
import { addChain } from './commands/chain.ts';
import { addDevnet } from './commands/devnet.ts';
import { addMine } from './commands/mine.ts';
import { addNetwork } from './commands/network.ts';
import { addPeers } from './commands/peers.ts';
import { addSend } from './commands/send.ts';
import { addSimulate } from './commands/simulate.ts';
import { addStart } from './commands/start.ts';
import { addStatus } from './commands/status.ts';
import { addTx } from './commands/tx.ts';
import { addWallet } from './commands/wallet.ts';
import { addWatch } from './commands/watch.ts';
import { complain } from './errors.ts';

export function createProgram(): Command {
  const program = new Command('tally')
    .description('a ledger kept by every machine that runs it')
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({ outputError: (text) => complain(oneLine(text)) });
  addStart(program);
  addDevnet(program);
  addMine(program);
  addStatus(program);
  addWatch(program);
  addPeers(program);
  addChain(program);
  addBlock(program);
  addTx(program);
  addWallet(program);
  addBalance(program);
  addSend(program);
  addBackup(program);
  addNetwork(program);
  addSimulate(program);
  return program;
}

function oneLine(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ');
}
