#!/usr/bin/env node
/**
 * `tally …`: what a person types. The one file in JavaScript: it sets up the cache of compiled modules, so that from
 * the second run on nothing loads Node's TypeScript reader, which alone takes 20 MB and a tenth of a second.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// In the checkout, where nobody else can write. Threads and child processes find it by the environment.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../../node_modules/.cache/tally');
enableCompileCache(process.env.NODE_COMPILE_CACHE);

// The reader of a pipe may have seen enough: `tally chain | head -1`.
process.stdout.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

// Loaded from here on, so that the cache serves them.
const [{ createProgram }, { report }] = await Promise.all([import('./program.ts'), import('./errors.ts')]);
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
