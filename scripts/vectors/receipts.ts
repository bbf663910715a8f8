/** Vectors of receipts: both forms, and what each proves. */
import { encodeReceipt } from '../../src/client/receipt.ts';
import { receiptToJson } from '../../src/client/receipt-json.ts';
import { encodeRecord } from '../../src/client/record.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { formatNetworkFile } from '../../src/core/network-file.ts';
import { type NetworkDefinition, TEST_PARAMS } from '../../src/core/network-params.ts';
import { workOfBits } from '../../src/core/target.ts';
import { testNetwork } from '../../test/support/ledger.ts';
import { earnestNetwork, makeReceipt } from '../../test/support/receipts.ts';

const sha256 = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);

export function receiptVectors() {
  const record = encodeRecord({ sha256, note: 'as agreed' });
  const named = { name: new TextEncoder().encode('earnest') };
  return [
    vector(testNetwork(TEST_PARAMS), { burying: 0, before: 0 }),
    vector(testNetwork(TEST_PARAMS), { data: encodeRecord({ sha256 }), burying: 2, before: 4 }),
    vector(earnestNetwork(named), { data: record, burying: 5 }),
  ];
}

function vector(network: NetworkDefinition, options: NonNullable<Parameters<typeof makeReceipt>[1]>) {
  const { receipt } = makeReceipt(network, options);
  const json = receiptToJson(receipt);
  const work = receipt.headers.reduce((sum, { sealed }) => sum + workOfBits(sealed.header.bits), 0n);
  return {
    network: formatNetworkFile(network.params),
    compact: bytesToHex(encodeReceipt(receipt)),
    json,
    proved: {
      transaction: json.transaction.id,
      block: json.block.id,
      height: json.block.header.height,
      confirmations: receipt.headers.length,
      work: work.toString(),
    },
  };
}
