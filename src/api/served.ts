/** What the API uses of a daemon: so narrow that the routes can be tested with a chain alone. */
import type { Daemon } from '../daemon.ts';
import type { Mining } from '../node/mining.ts';
import type { Node } from '../node/node.ts';

export interface ServedDaemon extends Pick<Daemon, 'peerId' | 'startedAtMs' | 'runningMs' | 'addresses'> {
  readonly name?: string | undefined;
  readonly node: ServedNode;
}

export interface ServedNode
  extends Pick<
    Node,
    | 'definition'
    | 'chain'
    | 'pool'
    | 'submit'
    | 'peers'
    | 'addPeer'
    | 'resolve'
    | 'syncProgress'
    | 'subscribe'
  > {
  readonly mining: Pick<
    Mining,
    'waitsUntilMs' | 'active' | 'threads' | 'hashrate' | 'start' | 'stop' | 'mine'
  >;
}
