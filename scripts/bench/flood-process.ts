/** Liars: peers of a real daemon that flood it with transactions it has no use for. */
import '../../src/native/hasher.ts';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { SIGNED_TRANSACTION_BYTES } from '../../src/core/encoding.ts';
import { parseNetworkFile } from '../../src/core/network-file.ts';
import { defineNetwork } from '../../src/core/network-params.ts';
import type { SignedTransaction } from '../../src/core/types.ts';
import { MAX_GOSSIP_TRANSACTIONS_BYTES, TransactionsMessageType } from '../../src/node/wire.ts';
import { createLibp2pNetwork, type Libp2pNetwork } from '../../src/p2p/network.ts';
import { createPeerKey } from '../../src/p2p/peer-key.ts';
import { serveParent } from './child.ts';
import { benchKey } from './ledger.ts';

export interface FloodRequest {
  readonly networkFile: string;
  /** Of the daemon. */
  readonly address: string;
  readonly liars: number;
  /** Under whose names: an account that has money and sends nothing meanwhile, or none. */
  readonly rich: boolean;
  /** The number of the first such key; each liar has its own. */
  readonly firstKey: number;
  readonly messages: number;
  readonly everyMs: number;
}

/** Behind daemons: what the attacker's own work takes is not to be counted. */
const NICENESS = 15;
const PER_MESSAGE = Math.floor((MAX_GOSSIP_TRANSACTIONS_BYTES - 64) / (SIGNED_TRANSACTION_BYTES + 4));
/** A daemon takes five new connections a second from one address. */
const BETWEEN_DIALS_MS = 300;
const MAX_DIALS = 8;

let liars: Libp2pNetwork[] = [];

async function connect({ address, liars: count, networkFile }: FloodRequest): Promise<void> {
  setPriority(0);
  const definition = defineNetwork(parseNetworkFile(JSON.parse(readFileSync(networkFile, 'utf8'))));
  liars = [];
  for (let number = 0; number < count; number++) {
    const network = await createLibp2pNetwork({
      networkId: definition.id,
      listen: { host: '127.0.0.1', port: 0 },
      key: await createPeerKey(),
      mdns: false,
    });
    // Speaking one of the protocols is what makes a peer.
    network.handle('status', 1_000, () => []);
    network.subscribe('transactions', async () => 'ignore');
    await network.start({ connected: () => {}, disconnected: () => {}, discovered: () => {} });
    await dial(network, address);
    liars.push(network);
    await sleep(BETWEEN_DIALS_MS);
  }
}

/** A busy machine may take longer than a dial waits. */
async function dial(network: Libp2pNetwork, address: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await network.dial(address);
      return;
    } catch (error) {
      if (tries === MAX_DIALS) throw error;
    }
  }
}

function message(sender: Uint8Array, number: number): Uint8Array {
  const recipient = benchKey(0).publicKey;
  const transactions = Array.from(
    { length: PER_MESSAGE },
    (_, index): SignedTransaction => ({
      transaction: {
        sender,
        sequence: BigInt(index),
        recipient,
        amount: BigInt(number + 1),
        fee: 1_000n,
        data: new Uint8Array(0),
      },
      signature: Uint8Array.from(randomBytes(64)),
    }),
  );
  return TransactionsMessageType.serialize({ salt: number, transactions });
}

/** @returns bytes that left */
async function flood({ everyMs, firstKey, messages, rich }: FloodRequest): Promise<number> {
  setPriority(NICENESS);
  let bytes = 0;
  for (let number = 0; number < messages; number++) {
    for (const [index, network] of liars.entries()) {
      if (network.peers().length === 0) continue;
      const sender = rich ? benchKey(firstKey + index).publicKey : Uint8Array.from(randomBytes(32));
      const body = message(sender, number);
      bytes += body.length;
      await network.publish('transactions', body);
    }
    await sleep(everyMs);
  }
  return bytes;
}

serveParent({
  connect,
  flood,
  connected: () => liars.filter((network) => network.peers().length > 0).length,
  leave: async () => {
    await Promise.all(liars.map((network) => network.stop()));
  },
});
