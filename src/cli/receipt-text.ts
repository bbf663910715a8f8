/** What a receipt proves, in words for people. */

import { formatTally } from '../client/amount.ts';
import type { ProvenReceipt } from '../client/verify-receipt.ts';
import { counted, formatDuration, quotedText } from './output.ts';

/** Hashes a second a forger is thought to have: a graphics card or two. */
const FORGER_HASHES_PER_MS = 1_000_000;

/** @param file the name of the one it was checked with */
export function provedFields(proved: ProvenReceipt, file: string | undefined): Record<string, string> {
  const { transaction, record, block, last, confirmations, work } = proved;
  return {
    ...(record === undefined ? paymentFields(proved) : recordFields(record, file)),
    transaction: transaction.id,
    'signed by': transaction.sender,
    'in block': `#${block.height} ${block.id}`,
    time: `${block.time}, by the clock of its miner`,
    confirmations:
      confirmations === 1
        ? '1: the block itself'
        : `${confirmations}, up to block #${last.height} ${last.id}`,
    work: `${counted(work.toLocaleString('en-US'), 'hash', 'hashes')} to forge, on average: ${forgingTime(work)} at 1 GH/s`,
    network: `${proved.network.name} (${proved.network.id})`,
  };
}

function recordFields(record: NonNullable<ProvenReceipt['record']>, file: string | undefined) {
  const { sha256, note } = record;
  return {
    ...(file === undefined ? {} : { file: `${file} is the one on record` }),
    'SHA-256': sha256,
    ...(note === undefined ? {} : { note: quotedText(note) ?? 'not shown: it has control characters' }),
  };
}

function paymentFields({ transaction }: ProvenReceipt) {
  return { paid: `${formatTally(BigInt(transaction.amount))} tally to ${transaction.recipient}` };
}

function forgingTime(work: bigint): string {
  const ms = Number(work) / FORGER_HASHES_PER_MS;
  return ms < 1 ? 'less than a millisecond' : formatDuration(ms);
}
