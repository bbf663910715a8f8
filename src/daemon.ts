/** The composition root: one running daemon, built out of the rooms below. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { after } from './client/timers.ts';
import type { Address } from './core/identifiers.ts';
import type { NetworkDefinition } from './core/network-params.ts';
import { createMiner } from './mining/miner.ts';
import { checkNative } from './native/self-check.ts';
import { createSignatureVerifier } from './native/verifier.ts';
import type { NodeEvent } from './node/events.ts';
import { Node } from './node/node.ts';
import { type Clock, type Network, OperationError, type Random } from './node/ports.ts';
import type { Log } from './p2p/log.ts';
import { createLibp2pNetwork, type Libp2pNetwork } from './p2p/network.ts';
import { createPeerKey } from './p2p/peer-key.ts';
import type { SharedKey } from './p2p/shared-key.ts';
import { endInTurn } from './store/ending.ts';
import { MemoryStore } from './store/memory-store.ts';
import { SqliteStore } from './store/sqlite-store.ts';
import type { Store } from './store/store.ts';

/** A stop takes no longer; whatever hangs is left behind. */
const STOP_DEADLINE_MS = 2_000;
const PEER_KEY_FILE = 'peer-key';

export interface DaemonOptions {
  /** What the daemon calls itself among its peers, for people (`isPeerName`); without, it says nothing. */
  readonly name?: string;
  readonly network: NetworkDefinition;
  /** Folder of the ledger and the peer key; undefined: everything in memory. */
  readonly dataDir?: string | undefined;
  /** 0: any free port. */
  readonly p2pPort: number;
  /** Address to listen on; all of this machine's by default. */
  readonly p2pHost?: string;
  /** Where the reward of mined blocks goes. */
  readonly miner: Address;
  /** Mine continuously. */
  readonly mine: boolean;
  readonly threads: number;
  /** Multiaddrs to stay connected to. */
  readonly peers: readonly string[];
  readonly mdns: boolean;
  readonly mdnsIntervalMs?: number;
  /** Only those that have it too are spoken to. */
  readonly sharedKey?: SharedKey;
  /** Notches a byte below which a transaction is not pooled. */
  readonly minFeeRate?: bigint;
  readonly log?: Log;
  /** Hears of everything that happens at the node, from its very start: peers may be there before this returns. */
  readonly onEvent?: (event: NodeEvent) => void;
  /** Gets the network before the node does: for whoever measures what crosses it. */
  readonly onNetwork?: (network: Network) => void;
  /** A bug or a broken disk: the daemon must be stopped. */
  readonly onFailure: (error: unknown) => void;
}

export interface Daemon {
  /** What it calls itself. */
  readonly name: string | undefined;
  readonly node: Node;
  readonly peerId: string;
  /** Beyond the port: for tests that cut connections. */
  readonly p2p: Libp2pNetwork;
  readonly dataDir: string | undefined;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** How long it has run, ms, whatever became of the machine's clock. */
  runningMs(): number;
  /** Multiaddrs others can reach it at. */
  addresses(): string[];
  /** Within two seconds; everything acknowledged is kept. Every part ends, whatever another throws. @throws what they threw */
  stop(): Promise<void>;
}

const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (delayMs, call) => {
    if (delayMs <= 0) {
      const immediate = setImmediate(call);
      return () => clearImmediate(immediate);
    }
    return after(delayMs, call);
  },
};

const systemRandom: Random = { next: () => Math.random() };

/**
 * @throws StoreError if the folder cannot be used, OperationError if the port is taken, InvariantError if
 *   this machine's libraries do not keep the rules
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  checkNative();
  const { dataDir, network: definition } = options;
  if (dataDir !== undefined) await makeFolder(dataDir);
  const store: Store =
    dataDir === undefined
      ? new MemoryStore()
      : SqliteStore.open({ folder: dataDir, network: definition, onFailure: options.onFailure });
  const verifier = createSignatureVerifier();
  const miner = createMiner({ threads: options.threads });
  const release = (): Promise<void> =>
    endInTurn([() => miner.close(), () => verifier.close(), () => store.close()]);
  try {
    const network = await createLibp2pNetwork({
      networkId: definition.id,
      ...(options.name === undefined ? {} : { name: options.name }),
      listen: { host: options.p2pHost ?? '0.0.0.0', port: options.p2pPort },
      key: dataDir === undefined ? await createPeerKey() : await loadPeerKey(dataDir),
      mdns: options.mdns,
      ...(options.mdnsIntervalMs === undefined ? {} : { mdnsIntervalMs: options.mdnsIntervalMs }),
      ...(options.sharedKey === undefined ? {} : { sharedKey: options.sharedKey }),
      ...(options.log === undefined ? {} : { log: options.log }),
    });
    options.onNetwork?.(network);
    const node = new Node({
      definition,
      store,
      network,
      clock: systemClock,
      random: systemRandom,
      verifier,
      miner,
      minerAddress: options.miner,
      peers: options.peers,
      ...(options.minFeeRate === undefined ? {} : { minFeeRate: options.minFeeRate }),
      onFailure: options.onFailure,
    });
    if (options.onEvent !== undefined) node.subscribe(options.onEvent);
    await node.start();
    if (options.mine) node.mining.start();
    const started = performance.now();
    let stopping: Promise<void> | undefined;
    return {
      name: options.name,
      node,
      p2p: network,
      peerId: network.self,
      dataDir,
      startedAtMs: Date.now(),
      runningMs: () => Math.floor(performance.now() - started),
      addresses: () => network.addresses(),
      stop: () => {
        stopping ??= endInTurn([() => within(node.stop(), STOP_DEADLINE_MS), release]);
        return stopping;
      },
    };
  } catch (error) {
    // Why it did not start is what matters, whatever else goes wrong now.
    await release().catch(() => {});
    throw error;
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new OperationError(`the data folder ${folder} cannot be made: choose another with --data`, {
      cause,
    });
  }
}

/** The key a daemon is known by among its peers: made on first start, kept for good. */
async function loadPeerKey(folder: string): Promise<Uint8Array> {
  const path = join(folder, PEER_KEY_FILE);
  try {
    return await readFile(path);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) {
      throw new OperationError(`the peer key ${path} cannot be read: check the folder's owner`, { cause });
    }
  }
  const key = await createPeerKey();
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(key);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  return key;
}

/** Waits for `work`, but not longer. */
async function within(work: Promise<void>, limitMs: number): Promise<void> {
  const { promise: limit, resolve } = Promise.withResolvers<void>();
  const cancel = after(limitMs, resolve);
  await Promise.race([work, limit]).finally(cancel);
}
