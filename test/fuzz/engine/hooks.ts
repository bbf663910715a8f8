/** Instruments what is loaded from now on: our own code, and the libraries that read what strangers send. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { addModule } from './coverage.ts';
import { instrument } from './instrument.ts';

const SOURCES = new URL('../../../src/', import.meta.url).href;
const LIBRARIES =
  /\/node_modules\/(@chainsafe\/ssz|@scure\/base|@scure\/bip39|@libp2p\/utils|@multiformats\/multiaddr|eventsource-parser)\/(?!.*node_modules).*\.js$/;

/** @param folder whose modules are ours; a test has its own */
export function instrumentWhatLoads(folder = SOURCES): void {
  registerHooks({
    load: (url, context, nextLoad) => {
      const isOurs = url.startsWith(folder) && url.endsWith('.ts');
      if (!isOurs && !(context.format === 'module' && LIBRARIES.test(url))) return nextLoad(url, context);
      const path = fileURLToPath(url);
      return {
        format: isOurs ? 'module-typescript' : 'module',
        source: instrument(path, readFileSync(path, 'utf8'), (edges, tokens) =>
          addModule(url, edges, tokens),
        ),
        shortCircuit: true,
      };
    },
  });
}
