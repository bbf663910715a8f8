/** So that `npx tally` is this checkout, at once: npm would keep a link of its own, which a moved file breaks. */
import { rm, symlink } from 'node:fs/promises';

// npm makes no links on Windows but scripts, and does well enough without.
if (process.platform !== 'win32') {
  const link = new URL('../node_modules/.bin/tally', import.meta.url);
  await rm(link, { force: true });
  await symlink('../../bin/tally.js', link);
}
