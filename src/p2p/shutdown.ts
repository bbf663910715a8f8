/** Ending a libp2p node within a time, whatever its parts wait for. */
import { after } from '../client/timers.ts';
import type { Gossip } from './gossip.ts';
import type { Host } from './libp2p-host.ts';

/** libp2p gives each connection half a second to close in good order; two seconds are promised in all. */
const STOP_MS = 1_500;

export async function stopHost(host: Host, gossip: Gossip): Promise<void> {
  const stopHeartbeat = gossip.heartbeatStopper();
  await within(STOP_MS, Promise.resolve(host.stop()));
  stopHeartbeat();
}

/** Resolves when the promise settles or the time is over, whichever is first. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const cancel = after(ms, resolve);
  await Promise.race([promise.catch(() => undefined), over]);
  cancel();
}
