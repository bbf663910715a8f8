/** What the tests of one file have in common: a browser, and mostly a network, from before the first to after the last. */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { ExplorerNetwork } from './explorer-network.ts';
import { Explorer } from './explorer-page.ts';

/** A browser and some daemons, on a machine that does other things, too. */
const START_MS = 60_000;

/**
 * A browser. After each test its pages are closed, and it must have complained of nothing that the test did not expect.
 *
 * @param names that mean this machine to it, such as `ledger.example`
 */
export function explorerForTests(names: readonly string[] = []): Explorer {
  const explorer = new Explorer();
  beforeAll(() => explorer.start(names), START_MS);
  afterEach(async () => {
    expect(await explorer.closePages()).toEqual([]);
  });
  afterAll(() => explorer.close());
  return explorer;
}

/** A network of a name of its own. @param begin brings about what the tests find */
export function networkForTests(name: string, begin: (network: ExplorerNetwork) => Promise<void>): void {
  let network: ExplorerNetwork | undefined;
  beforeAll(async () => {
    network = await ExplorerNetwork.create(name);
    await begin(network);
  }, START_MS);
  afterAll(() => network?.close());
}
