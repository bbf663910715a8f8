import type { Command } from 'commander';
import type { NetworkDefinition } from '../../core/network-params.ts';
import { type ApiOptions, withApi } from '../options.ts';
import { print, printJson } from '../output.ts';
import { printable } from '../printable.ts';

interface ShowOptions extends ApiOptions {
  readonly out?: string;
}

export function addNetworkShow(network: Command): void {
  withApi(
    network
      .command('show')
      .description("a network's parameters as a network file: keep it beside your receipts")
      .argument('[name|file]', "a network built in, or a network file (default: the daemon's)")
      .option('--out <file>', 'a new one, instead of printing it'),
  ).action(show);
}

async function show(choice: string | undefined, options: ShowOptions): Promise<void> {
  const network = await networkToShow(choice, options);
  const { networkFileText, writeNetworkFile } = await import('../network-file.ts');
  const { id, name } = network;
  const { out } = options;
  if (out !== undefined) await writeNetworkFile(out, network);
  if (options.json === true) {
    const { formatNetworkFile } = await import('../../core/network-file.ts');
    const params = formatNetworkFile(network.params);
    return printJson({ id, ...(out === undefined ? {} : { file: out }), params });
  }
  if (out === undefined) {
    process.stdout.write(networkFileText(network));
    // What stands on stdout is the file, and nothing else.
    process.stderr.write(`network id ${printable(id)}\n`);
  } else {
    print(id);
    print(`the parameters of ${name} are in ${out}`);
  }
}

async function networkToShow(choice: string | undefined, options: ShowOptions): Promise<NetworkDefinition> {
  if (choice !== undefined) return (await import('../network-choice.ts')).chooseNetwork(choice);
  const { connect } = await import('../connect.ts');
  return (await import('../daemon-network.ts')).daemonNetwork(connect(options));
}
