/** `test/fuzz/corpus/TARGET.txt`: an input a line, in base64. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Of one target, in base64: all of them together stay below 300 kB. */
export const MAX_KEPT_BYTES = 6_000;

function pathOf(target: string): string {
  return fileURLToPath(new URL(`../corpus/${target}.txt`, import.meta.url));
}

export function readCorpus(target: string): Uint8Array[] {
  const path = pathOf(target);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => new Uint8Array(Buffer.from(line, 'base64')));
}

export function writeCorpus(target: string, inputs: readonly string[]): void {
  writeFileSync(pathOf(target), `${inputs.join('\n')}\n`);
}
