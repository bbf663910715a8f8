/** A receipt as a file, as `tally receipt` writes it. */

import { download } from '../components/download.ts';
import { client } from '../state/daemon.ts';

export type ReceiptForm = 'json' | 'compact';

/**
 * @param name of the file it is of, or of the transaction
 * @throws ApiError `not-confirmed` while it is in no block; ReceiptError if what the daemon says is no receipt
 */
export async function downloadReceipt(id: string, name: string, form: ReceiptForm = 'json'): Promise<void> {
  const receipt = await client.value.call('receipt', { params: { id } });
  const [{ encodeReceipt }, { receiptFromJson }] = await Promise.all([
    import('../../client/receipt.ts'),
    import('../../client/receipt-json.ts'),
  ]);
  // What is handed on is whole, whatever the daemon is. Whether it proves anything, the page for that says.
  const read = receiptFromJson(receipt);
  if (form === 'json') download(`${name}.receipt.json`, `${JSON.stringify(receipt, undefined, 2)}\n`);
  else download(`${name}.receipt`, encodeReceipt(read) as Uint8Array<ArrayBuffer>);
}
