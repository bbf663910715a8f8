import { type Command, Option } from 'commander';
import { readCount, readPort, withJson } from '../options.ts';

/** A process takes some 150 MB. */
const MAX_NODES = 32;

export interface DevnetOptions {
  readonly nodes: number;
  readonly mine: number;
  readonly data?: string;
  readonly like: string;
  readonly basePort: number;
  readonly pagePort: number;
  readonly page: boolean;
  readonly json?: boolean;
}

export function addDevnet(program: Command): void {
  withJson(
    program
      .command('devnet')
      .description('several daemons on this machine, logs side by side')
      .option('-n, --nodes <count>', 'how many', readCount(1, MAX_NODES), 4)
      .option('--mine <count>', 'how many of them mine', readCount(0, MAX_NODES), 2)
      .option('--data <dir>', 'folder that is kept (default: a temporary one)')
      .addOption(new Option('--like <name>', 'its parameters').choices(['dev', 'test']).default('dev'))
      .option(
        '--base-port <port>',
        'API ports from here upwards, peer ports 100 above; 0: any free ones',
        readPort,
        0,
      )
      .option('--page-port <port>', 'port of the page that shows them all; 0: any free one', readPort, 0)
      .option('--no-page', 'without that page'),
  ).action(async (options: DevnetOptions) => {
    const { requireFreePorts } = await import('../devnet/free-ports.ts');
    await requireFreePorts(options);
    const { runDevnet } = await import('../devnet/devnet.ts');
    await runDevnet(options);
  });
}
