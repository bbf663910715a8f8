import { type Command, Option } from 'commander';
import type { ProvenReceipt } from '../../client/verify-receipt.ts';
import type { NetworkFile } from '../../core/network-file.ts';
import { withJson } from '../options.ts';
import { colours, print, printFields, printJson } from '../output.ts';
import { provedFields } from '../receipt-text.ts';

interface VerifyOptions {
  readonly network: string;
  readonly json?: boolean;
}

export function addVerify(program: Command): void {
  withJson(
    program
      .command('verify')
      .description('check a receipt, without a daemon or a connection')
      .argument('<receipt>', 'its file, of either form')
      .argument('[file]', 'that it is said to be of')
      .addOption(
        new Option('--network <name|file>', 'built in (dev, test) or a network file').makeOptionMandatory(),
      ),
  ).action(verify);
}

async function verify(path: string, file: string | undefined, options: VerifyOptions): Promise<void> {
  const { chooseNetwork } = await import('../network-choice.ts');
  const { formatNetworkFile } = await import('../../core/network-file.ts');
  const { readReceiptFile } = await import('../receipt-file.ts');
  const network = formatNetworkFile((await chooseNetwork(options.network)).params);
  const receipt = await readReceiptFile(path);
  const proved = await prove(receipt, network, file, options);
  if (options.json === true) return printJson({ valid: true, ...proved });
  print(colours.bold("Proved, to anybody who has the network's parameters:"));
  printFields(provedFields(proved, file));
  print('');
  print(colours.bold('Not proved:'));
  for (const line of notProved(proved)) print(`- ${line}`);
}

/** With `--json` a refusal is JSON too, for scripts, besides the line on stderr. */
async function prove(
  receipt: Uint8Array,
  network: NetworkFile,
  file: string | undefined,
  { json }: VerifyOptions,
): Promise<ProvenReceipt> {
  const { ReceiptError, verifyReceipt } = await import('../../client/verify-receipt.ts');
  const fileSha256 = file === undefined ? undefined : await sha256Of(file);
  try {
    return await verifyReceipt(receipt, network, fileSha256 === undefined ? {} : { fileSha256 });
  } catch (error) {
    if (json === true && error instanceof ReceiptError)
      printJson({ valid: false, error: { code: error.code, message: error.message } });
    throw error;
  }
}

async function sha256Of(file: string): Promise<Uint8Array> {
  const { fingerprint } = await import('../fingerprint.ts');
  return await fingerprint(file);
}

function notProved({ record, notProved: lines }: ProvenReceipt): readonly string[] {
  if (record === undefined || record.fileMatches === true) return lines;
  return ['that a file is the one on record: name it behind the receipt', ...lines];
}
