/**
 * The one thing a devnet tells its daemons: whom not to reach, so that its network can be cut apart and healed. It goes
 * by the channel between parent and child process, which nobody else can open: no daemon's API has it.
 */
import type { PeerId } from '../../node/ports.ts';
import type { Libp2pNetwork } from '../../p2p/network.ts';

export interface CutOrder {
  /** Exactly these, from now on. */
  readonly unreachable: readonly string[];
}

/** In a daemon that a devnet started: does as it is told. */
export function obeyCutOrders(network: Libp2pNetwork): void {
  if (process.channel === undefined) return;
  process.on('message', (message) => {
    if (isCutOrder(message)) network.block(message.unreachable as readonly PeerId[]);
  });
}

function isCutOrder(message: unknown): message is CutOrder {
  return (
    typeof message === 'object' &&
    message !== null &&
    'unreachable' in message &&
    Array.isArray(message.unreachable) &&
    message.unreachable.every((peer) => typeof peer === 'string')
  );
}
