/** Makes a daemon of an explorer's network see forks. */
import { join } from 'node:path';
import { connect, type ExplorerNetwork, forgetPeers, hasTip, mine } from './explorer-network.ts';
import type { TallyProcess } from './tally-process.ts';

let rivals = 0;

export interface MadeFork {
  /** Blocks that left the shown daemon's chain, lowest first. */
  readonly left: readonly string[];
  /** Those that took their place. */
  readonly won: readonly string[];
}

/**
 * A second daemon goes on alone from the tip of the shown one, finds more blocks than that, and is met again.
 *
 * @param payments in the first of the blocks that leave, and not in those that take their place
 * @param prepare what is to be seen of it is opened by then: both branches are there, and apart
 */
export async function makeFork(
  network: ExplorerNetwork,
  shown: TallyProcess,
  { left, payments = 0, won }: { readonly left: number; readonly won: number; readonly payments?: number },
  prepare: () => Promise<void> = async () => {},
): Promise<MadeFork> {
  const data = join(network.folder, `rival-${rivals++}`);
  const together = await network.start([shown], { data });
  await hasTip(together.client, (await shown.client.call('status')).tip);
  await together.kill();
  forgetPeers(data);
  const alone = await network.start([], { data });
  try {
    // Only now: the other would have them in its blocks too.
    if (payments > 0) await network.pay(shown, payments);
    const losing = await mine(shown, left);
    const winning = await mine(alone, won);
    await prepare();
    await connect(shown, alone);
    await hasTip(shown.client, winning.at(-1) ?? '');
    return { left: losing, won: winning };
  } finally {
    await alone.kill();
  }
}
