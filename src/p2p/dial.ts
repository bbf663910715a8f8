/** Dialling: from an address somebody gave to a connection, or to words that say why not. */
import type { PeerId as Libp2pPeerId } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { OperationError } from '../node/ports.ts';
import { asError, describeError, isCausedBy } from './errors.ts';
import { DIAL_DEADLINE_MS, type Host } from './libp2p-host.ts';

/**
 * Connects, unless there is a connection already.
 *
 * @param address with or without `/p2p/` and a peer id; with one, nobody else will do
 * @throws OperationError if nobody answers, or it is this node itself
 */
export async function connect(host: Host, address: string): Promise<Libp2pPeerId> {
  const target = parse(address);
  const signal = AbortSignal.timeout(DIAL_DEADLINE_MS);
  try {
    return (await host.dial(target, { signal })).remotePeer;
  } catch (thrown) {
    const cause = asError(thrown);
    throw new OperationError(`no peer at ${address}: ${explain(cause, signal)}`, { cause });
  }
}

function parse(address: string): Multiaddr {
  try {
    return multiaddr(address);
  } catch (cause) {
    throw new OperationError(`"${address}" is not a multiaddr, such as /ip4/192.168.1.20/tcp/4141`, {
      cause,
    });
  }
}

function explain(cause: Error, signal: AbortSignal): string {
  if (signal.aborted)
    return `no answer within ${DIAL_DEADLINE_MS / 1_000} s: is it running, and may it be reached?`;
  if (isCausedBy(cause, 'InvalidPeerIdError') || cause.message.includes('dial self'))
    return 'it is this node itself';
  if (isCausedBy(cause, 'DialDeniedError') || isCausedBy(cause, 'ConnectionInterceptedError')) {
    return 'this node has banned it';
  }
  return describeError(cause);
}
