/** What the fuzzer found, and how it is kept for `--reproduce`. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Finding {
  readonly target: string;
  /** An exception that may not be, an input that holds the event loop, memory that stays, a thread that is gone. */
  readonly kind: 'exception' | 'slow' | 'hang' | 'memory' | 'died';
  readonly message: string;
  readonly stack: string;
  /** One after the other into a new session: the last is the one. Base64. */
  readonly inputs: readonly string[];
}

/** The same place in the code is the same finding. */
export function findingKey({ kind, message, stack, target }: Finding): string {
  const place = /at .*?((?:src|test)\/[^\s)]+)/.exec(stack)?.[1];
  return `${target} ${kind} ${place ?? message.slice(0, 60)}`;
}

/** @returns the file's path */
export function writeFinding(folder: string, finding: Finding): string {
  mkdirSync(folder, { recursive: true });
  const hash = createHash('sha256').update(findingKey(finding)).digest('hex').slice(0, 8);
  const path = join(folder, `${finding.target}-${hash}.json`);
  writeFileSync(path, `${JSON.stringify(finding, undefined, 2)}\n`);
  return path;
}

export function readFinding(path: string): Finding {
  return JSON.parse(readFileSync(path, 'utf8')) as Finding;
}
