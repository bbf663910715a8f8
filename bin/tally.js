#!/usr/bin/env node
/** `tally`: of an installed package what was built, in a checkout the sources, which need no build. */
import { existsSync } from 'node:fs';

const source = new URL('../src/cli/tally.js', import.meta.url);
const isCheckout = existsSync(source);

// Told here, before anything is loaded that an older one cannot read. 22.16: its SQLite gives rows as arrays.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isTooOld = isCheckout ? major < 24 : major < 22 || (major === 22 && minor < 16);
if (isTooOld) {
  const wanted = isCheckout ? '24 in a checkout: npx tally brings it' : '22.16 or newer: update Node.js';
  console.error(`tally: this is Node.js ${process.versions.node}, and it takes ${wanted}`);
  process.exit(1);
}

await import(isCheckout ? source.href : new URL('../dist/cli/tally.js', import.meta.url).href);
