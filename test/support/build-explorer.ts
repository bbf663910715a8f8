/** Builds the explorer before the tests if it is older than its sources. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = join(ROOT, 'dist/web/index.html');
const SOURCES = ['src/web', 'src/client', 'src/core'];

export function setup(): void {
  const built = statSync(PAGE, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = Math.max(...SOURCES.flatMap((folder) => changedAt(join(ROOT, folder))));
  if (newest > built) execFileSync('npm', ['run', '--silent', 'build:web'], { cwd: ROOT, stdio: 'inherit' });
}

function changedAt(folder: string): number[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
    (name) => statSync(join(folder, name)).mtimeMs,
  );
}
