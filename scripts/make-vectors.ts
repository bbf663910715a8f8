/**
 * Writes this ledger's own vectors to test/vectors/, byte for byte the same every time.
 *
 *     node scripts/make-vectors.ts
 */
import '../src/native/hasher.ts';
import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { chainVectors, invalidVectors, networkVectors } from './vectors/chains.ts';
import { difficultyVectors, subsidyVectors, targetVectors } from './vectors/numbers.ts';
import { receiptVectors } from './vectors/receipts.ts';
import { identifierVectors, sszVectors } from './vectors/types.ts';

/** File name and content of each. */
export function makeVectors(): Map<string, string> {
  const files = {
    'ssz.json': sszVectors(),
    'identifiers.json': identifierVectors(),
    'targets.json': targetVectors(),
    'difficulty.json': difficultyVectors(),
    'subsidy.json': subsidyVectors(),
    'networks.json': networkVectors(),
    'chain.json': chainVectors(),
    'invalid.json': invalidVectors(),
    'receipts.json': receiptVectors(),
  };
  return new Map(
    Object.entries(files).map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`]),
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, content] of makeVectors()) {
    await writeFile(new URL(`../test/vectors/${name}`, import.meta.url), content);
  }
}
