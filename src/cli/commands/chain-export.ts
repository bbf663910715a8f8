import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { UsageError } from '../errors.ts';
import { type ApiOptions, folderChoice, networkOption, withApi } from '../options.ts';
import { counted, print, printJson } from '../output.ts';
import { ProgressLine } from '../progress-line.ts';

const STDOUT = '-';

interface ExportOptions extends ApiOptions {
  readonly network: string;
  readonly offline?: boolean;
  readonly resume?: boolean;
}

export function addChainExport(chain: Command): void {
  withApi(
    chain
      .command('export')
      .description('write the blocks of the chain to a file')
      .argument('<file>', 'a new file, or - for stdout')
      .option('--resume', 'go on with a file that broke off, or add what has come since')
      .option('--offline', 'read the data folder of a daemon that is stopped')
      .addOption(networkOption()),
  ).action(run);
}

async function run(file: string, options: ExportOptions, command: Command): Promise<void> {
  const toStdout = file === STDOUT;
  if (toStdout && options.resume === true) throw new UsageError('--resume needs a file: stdout has none');
  if (toStdout && options.json === true) throw new UsageError('--json needs a file: stdout gets the blocks');
  const source = await open(options, command);
  const progress = new ProgressLine();
  const tell = (height: number): void =>
    progress.tell(height / Math.max(1, source.height), () => `block ${height} of ${source.height}`);
  try {
    const { resumeChainFile, streamChainFile, writeChainFile } = await import(
      '../ledger-files/export-file.ts'
    );
    const { added, height, tip } = toStdout
      ? await streamChainFile(writeToStdout, source, tell)
      : await (options.resume === true ? resumeChainFile : writeChainFile)(file, source, tell);
    progress.done();
    if (options.json === true) return printJson({ file, added, height, tip });
    if (!toStdout) print(`${file}: ${counted(added, 'block')} written, up to #${height}`);
  } finally {
    progress.done();
    await source.close();
  }
}

async function open(options: ExportOptions, command: Command) {
  await import('../../native/hasher.ts');
  const { daemonSource, folderSource } = await import('../ledger-files/chain-source.ts');
  if (options.offline !== true) return daemonSource(connect(options));
  const { chooseFolder } = await import('../folder-network.ts');
  const { openLedger, requireLedger } = await import('../ledger-files/offline-ledger.ts');
  const { folder, network } = await chooseFolder(folderChoice(options, command));
  await requireLedger(folder);
  return folderSource(openLedger(folder, network));
}

/** No faster than it is read. */
function writeToStdout(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}
