/**
 * Builds what the package holds: `dist/`, JavaScript with types and source maps.
 *
 *     npm run build
 *
 * The compiler renames imports from `.ts` to `.js`; the files of threads, which are named by
 * `new URL('./x-worker.ts', import.meta.url)`, are renamed here.
 */
import { spawnSync } from 'node:child_process';
import { glob, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = `${ROOT}dist`;
const THREAD_FILE = /(new URL\('\.[^']*)\.ts(', import\.meta\.url\))/g;

await rm(DIST, { recursive: true, force: true });
const compiler = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  {
    cwd: ROOT,
    stdio: 'inherit',
  },
);
if (compiler.status !== 0) process.exit(1);

for await (const path of glob(`${DIST}/**/*.js`)) {
  const code = await readFile(path, 'utf8');
  // As long as before: the source maps still fit.
  const renamed = code.replaceAll(THREAD_FILE, '$1.js$2');
  if (renamed !== code) await writeFile(path, renamed);
}
