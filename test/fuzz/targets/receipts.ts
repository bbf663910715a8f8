/** Receipts of both forms: reading, proving, and that the two say the same. */
import { encodeReceipt } from '../../../src/client/receipt.ts';
import { receiptToJson } from '../../../src/client/receipt-json.ts';
import { encodeRecord } from '../../../src/client/record.ts';
import { ReceiptError, readReceipt, verifyReceipt } from '../../../src/client/verify-receipt.ts';
import { testNetwork } from '../../support/ledger.ts';
import { fileOf, makeReceipt } from '../../support/receipts.ts';
import { bytesOf, type FuzzTarget, must, refusedBy, refusedLaterBy } from '../engine/target.ts';

/** On a network where half of all headers have done their work, so that mutations get past that. */
const network = testNetwork({ halfLife: 20_000n });
const file = fileOf(network);
const receipts = () =>
  [0, 2].map(
    (burying) =>
      makeReceipt(network, {
        burying,
        before: 1,
        data: burying === 0 ? new Uint8Array(0) : encodeRecord({ sha256: new Uint8Array(32), note: 'note' }),
      }).receipt,
  );

async function executeReceipt(input: Uint8Array): Promise<void> {
  const read = refusedBy([ReceiptError], () => readReceipt(input));
  const proven = await refusedLaterBy([ReceiptError], () => verifyReceipt(input, file));
  must(read !== undefined || proven === undefined, 'proves something, and cannot be read');
  if (read === undefined) return;
  const compact = encodeReceipt(read);
  if (proven !== undefined) {
    const [again, asJson] = await Promise.all([
      verifyReceipt(compact, file),
      verifyReceipt(receiptToJson(read), file),
    ]);
    must(
      again.block.id === proven.block.id && asJson.block.id === proven.block.id,
      'the forms prove different blocks',
    );
  }
}

export const receiptTargets: readonly FuzzTarget[] = [
  {
    name: 'receipt-compact',
    shape: 'bytes',
    maxBytes: 32 * 1_024,
    seeds: () => receipts().map(encodeReceipt),
    open: () => ({ execute: executeReceipt }),
    stillMs: 100,
  },
  {
    name: 'receipt-json',
    shape: 'json',
    maxBytes: 64 * 1_024,
    seeds: () => receipts().map((receipt) => bytesOf(JSON.stringify(receiptToJson(receipt)))),
    open: () => ({ execute: executeReceipt }),
    stillMs: 100,
  },
];
