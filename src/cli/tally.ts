#!/usr/bin/env node
/** `tally …`: what a person types. */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// From the second run on, a command starts a third sooner. In the checkout, where nobody else can write.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/tally'));

// The reader of a pipe may have seen enough: `tally chain | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
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
