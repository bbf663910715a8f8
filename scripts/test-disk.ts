/**
 * Turns one bit of each byte of a ledger's file in turn: the ledger does not open, its check names the edit, or every
 * row is as it was. `npm run test:disk -- --every 29 --from 5`; every byte takes the better part of an hour.
 */
import '../src/native/hasher.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { editBytes } from '../test/support/edited-ledger.ts';

const { values } = parseArgs({ options: { every: { type: 'string' }, from: { type: 'string' } } });
const folder = await mkdtemp(join(tmpdir(), 'tallystick-disk-'));
try {
  const report = await editBytes(folder, Number(values.every ?? 1), Number(values.from ?? 0));
  for (const what of report.missed) console.error(what);
  const { edits, found, missed, refused, unused } = report;
  console.log(
    `${edits} bytes edited: ${refused} refused at the start, ${found} named by the check, ${unused} in places that mean nothing, ${missed.length} missed`,
  );
  if (missed.length > 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
