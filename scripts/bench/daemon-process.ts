/** A daemon and its API, put together as `tally start` does, that tells when blocks crossed it. */
import '../../src/native/hasher.ts';
import { pino } from 'pino';
import { createApi } from '../../src/api/server.ts';
import { chooseNetwork } from '../../src/cli/network-choice.ts';
import { idFromBytes } from '../../src/core/identifiers.ts';
import { type Daemon, startDaemon } from '../../src/daemon.ts';
import type { Network, PeerId } from '../../src/node/ports.ts';
import { happened, serveParent } from './child.ts';

export interface StartDaemon {
  readonly networkFile: string;
  readonly dataDir: string;
}

export interface StartedDaemon {
  readonly api: string;
  readonly peerId: string;
  readonly address: string;
}

let daemon: Daemon | undefined;
/** The transaction whose arrival is timed: telling of each would slow down what is measured. */
let awaited: string | undefined;

function running(): Daemon {
  if (daemon === undefined) throw new Error('the daemon is not started');
  return daemon;
}

/** Times what is gossiped about blocks, whatever the messages are called. */
function timeBlocks(network: Network): void {
  const publish = network.publish.bind(network);
  const subscribe = network.subscribe.bind(network);
  network.publish = (topic, message) => {
    if (topic !== 'transactions') happened('published', { bytes: message.length });
    return publish(topic, message);
  };
  network.subscribe = (topic, validate) => {
    if (topic === 'transactions') return subscribe(topic, validate);
    subscribe(topic, async (message, from) => {
      const verdict = await validate(message, from);
      if (verdict === 'accept') happened('passed on', { bytes: message.length });
      return verdict;
    });
  };
}

serveParent({
  start: async ({ dataDir, networkFile }: StartDaemon): Promise<StartedDaemon> => {
    daemon = await startDaemon({
      network: await chooseNetwork(networkFile),
      dataDir,
      p2pPort: 0,
      p2pHost: '127.0.0.1',
      miner: idFromBytes(new Uint8Array(32).fill(1)),
      mine: false,
      threads: 1,
      peers: [],
      mdns: false,
      onNetwork: timeBlocks,
      onFailure: (error) => {
        throw error;
      },
    });
    daemon.node.subscribe((event) => {
      if (event.event === 'block.accepted' && event.source !== 'mined') {
        happened(event.source === 'gossip' ? 'connected' : 'fetched', { id: event.id });
      } else if (event.event === 'transaction.accepted' && event.id === awaited) {
        happened('pooled', { id: event.id });
      }
    });
    const api = await createApi(daemon, { host: '127.0.0.1', port: 0, log: pino({ level: 'silent' }) });
    const [address = ''] = daemon.addresses();
    return { api: api.url, peerId: daemon.peerId, address };
  },
  /** Daemons tell each other of all they know: a line stays one because of this. */
  refuse: (peers: string[]) => running().p2p.block(peers as PeerId[]),
  connect: async (address: string) => {
    await running().node.addPeer(address);
  },
  peers: () => running().node.peers().length,
  pooled: () => running().node.pool.count,
  awaitTransaction: (id: string) => {
    awaited = id;
  },
});
