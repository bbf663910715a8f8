/** What every node sent and received, over all the times it was started. */
import type { Machine } from './machine.ts';
import type { Traffic, VirtualNetwork } from './virtual-network.ts';

interface Account {
  network: VirtualNetwork;
  /** Of the networks before. */
  bytes: number;
  gossipMessages: number;
  duplicates: number;
}

export class TrafficLog {
  readonly #accounts = new Map<Machine, Account>();

  /** Called often enough that no process comes and goes unseen. */
  look(machines: readonly Machine[]): void {
    for (const machine of machines) {
      if (!machine.isRunning) continue;
      const { network } = machine;
      const account = this.#accounts.get(machine);
      if (account === undefined) {
        this.#accounts.set(machine, { network, bytes: 0, gossipMessages: 0, duplicates: 0 });
      } else if (account.network !== network) {
        const { traffic } = account.network;
        account.bytes += bytesOf(traffic);
        account.gossipMessages += traffic.gossipMessages;
        account.duplicates += traffic.duplicates;
        account.network = network;
      }
    }
  }

  /** Sent and received by each node, ascending. */
  bytes(): number[] {
    return [...this.#accounts.values()]
      .map(({ bytes, network }) => bytes + bytesOf(network.traffic))
      .sort((a, b) => a - b);
  }

  /** Share of all gossip received that had been heard before. */
  duplicateShare(): number {
    let messages = 0;
    let duplicates = 0;
    for (const account of this.#accounts.values()) {
      messages += account.gossipMessages + account.network.traffic.gossipMessages;
      duplicates += account.duplicates + account.network.traffic.duplicates;
    }
    return duplicates / Math.max(1, messages);
  }
}

function bytesOf({ receivedBytes, sentBytes }: Traffic): number {
  return receivedBytes + sentBytes;
}
