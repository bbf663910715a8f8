#!/usr/bin/env node
/**
 * `tally …`: what a person types. The one file in JavaScript: it sets up the cache of compiled modules, so that from
 * the second run on nothing loads Node's TypeScript reader, which alone takes 20 MB and a tenth of a second.
 */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import envPaths from 'env-paths';

// Given empty, as compose files do, a variable is not given; but a name may be empty.
for (const [name, value] of Object.entries(process.env)) {
  if (name.startsWith('TALLY_') && name !== 'TALLY_NAME' && value === '') delete process.env[name];
}

// Threads and child processes find it by the environment.
process.env.NODE_COMPILE_CACHE ??= compileCacheFolder();
enableCompileCache(process.env.NODE_COMPILE_CACHE);

// The reader of a pipe may have seen enough: `tally chain | head -1`. A command with something to tidy up listens for SIGPIPE.
process.stdout.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
  if (error.code !== 'EPIPE')
    process.stderr.write(`tally: cannot write to standard output (${error.code})\n`);
  if (!process.emit('SIGPIPE', 'SIGPIPE')) process.exit(error.code === 'EPIPE' ? 0 : 1);
});
// There is no reader left to be told.
process.stderr.on('error', () => {});

// Loaded from here on, so that the cache serves them.
const [{ createProgram }, { report }] = await Promise.all([import('./program.ts'), import('./errors.ts')]);
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/**
 * Beside the code, where no other user can write. Where this user cannot either (installed for all users of the machine),
 * in the user's own cache: Node would leave the cache off without a word.
 */
function compileCacheFolder() {
  const beside = join(import.meta.dirname, '../../node_modules/.cache/tally');
  const folders = [beside, join(envPaths('tallystick', { suffix: '' }).cache, 'compiled')];
  return folders.find(isWritable) ?? beside;
}

function isWritable(/** @type {string} */ folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
