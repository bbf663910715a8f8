import type { Command } from 'commander';
import { CommandError } from '../errors.ts';
import { openInput } from '../io/read-file.ts';
import { folderChoice, networkOption, withData } from '../options.ts';
import { counted, print, printJson } from '../output.ts';
import { ProgressLine } from '../progress-line.ts';

interface ImportOptions {
  readonly data?: string;
  readonly network: string;
  readonly json?: boolean;
}

export function addChainImport(chain: Command): void {
  withData(
    chain
      .command('import')
      .description('check the blocks of a file and take them into the data folder of a stopped daemon')
      .argument('<file>', 'as tally chain export wrote it, or - for stdin')
      .addOption(networkOption()),
  ).action(run);
}

async function run(path: string, options: ImportOptions, command: Command): Promise<void> {
  const { bytes, pieces } = await openInput(path);
  await import('../../native/hasher.ts');
  const { ImportRefusedError, importChain } = await import('../../node/chain-import.ts');
  const { createSignatureVerifier } = await import('../../native/verifier.ts');
  const { chooseFolder, keepNetwork } = await import('../folder-network.ts');
  const { openLedger } = await import('../ledger-files/offline-ledger.ts');
  const { folder, network } = await chooseFolder(folderChoice(options, command));
  const { chain, close } = openLedger(folder, network);
  const verifier = createSignatureVerifier();
  const progress = new ProgressLine();
  try {
    await keepNetwork(folder, network);
    const { added, blocks } = await importChain(pieces, {
      chain,
      verifier,
      now: () => Date.now(),
      onProgress: (read, height) =>
        progress.tell(bytes === undefined ? 0 : read / bytes, () => `the chain is at block ${height}`),
    });
    progress.done();
    const { height, id } = chain.tip;
    if (options.json === true) return printJson({ folder, blocks, added, height, tip: id });
    print(
      `${counted(blocks, 'block')} in ${path}, ${added} of them new: the chain in ${folder} ends at #${height}`,
    );
  } catch (cause) {
    if (!(cause instanceof ImportRefusedError)) throw cause;
    throw new CommandError(`${path}: ${cause.message}; the blocks before it are kept in ${folder}`, {
      cause,
    });
  } finally {
    progress.done();
    await verifier.close();
    await close();
  }
}
