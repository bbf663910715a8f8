#!/usr/bin/env node
/** `tally`: of an installed package what was built, in a checkout the sources, which need no build. */
import { existsSync } from 'node:fs';

// The first with SQLite behind no flag. Told here, before anything is loaded that an older one cannot read.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  console.error(`tally: needs Node.js 22.13 or newer, and this is ${process.versions.node}: update Node.js`);
  process.exit(1);
}

const source = new URL('../src/cli/tally.js', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../dist/cli/tally.js', import.meta.url).href);
