/**
 * What an attack is. One file of `attacks/` holds one: what it does, which line of defence it tries, and how.
 *
 *     run.ts            starts three honest daemons (honest-network.ts) under a load of payments (load.ts), and for
 *       │               each attack a window before, during and after it (timeline.ts, measure.ts, bars.ts, table.ts)
 *       └─ fork ──▶ attacker-process.ts ── an attack's `run` with the hostile things of hostile/
 */
import type { NetworkFile } from '../../src/core/network-file.ts';
import type { Attacker } from './hostile/attacker.ts';

/** A daemon that can be attacked. */
export interface Target {
  /** URL of its HTTP API. */
  readonly api: string;
  /** Multiaddr, with its peer id. */
  readonly address: string;
  readonly peerId: string;
  /** Who gets its mining rewards: an address, bech32m. */
  readonly miner: string;
}

/** A daemon without a chain that is started while the attack runs: it has to catch up all the same. */
export interface Newcomer {
  /** Honest daemons it is told of with `--peer`. */
  readonly knows: 'all' | 'first';
  /** Honest peers it has to be connected to in the end. */
  readonly finds: number;
}

export interface Attack {
  /** What it does, in a sentence. */
  readonly what: string;
  /** The line of defence it tries, in a few words. */
  readonly tries: string;
  /** Whether it breaks rules all the time, so that every connection of it has to end within `GONE_MS`. */
  readonly doesWrong: boolean;
  /** Processes that run it at the same time. Default: 1. */
  readonly processes?: number;
  readonly newcomer?: Newcomer;
  /** Hash power of each process as a share of all honest miners'. Default: a third, for it is no attack to have most of it. */
  readonly hashShare?: number;
  /** Part of `--short`. */
  readonly isShort?: boolean;
  /** Leaves something behind by right, such as a full account: the next attack gets a network of its own. */
  readonly isLast?: boolean;
  /** From its end until the figures after it are taken, where the rules of the ledger make it last, ms. Default: ten seconds. */
  readonly settlingMs?: number;
  /** In the attacker's process, until `attacker.signal` aborts. May throw: a daemon that hangs up is what is wanted. */
  run(attacker: Attacker): Promise<void>;
}

/** What an attacker's process is told at its start, as JSON. */
export interface AttackerOrders {
  readonly attack: string;
  /** Of the attack's processes, from 0. */
  readonly index: number;
  readonly network: NetworkFile;
  /** Secret, of an account that has money from the start: hex. */
  readonly seed: string;
  readonly targets: readonly Target[];
}

/** From the suite to an attacker. */
export type ToAttacker = { readonly newcomer: Target } | { readonly stop: true };

/** From an attacker to the suite: how it went. Sent once a second, and at the end. */
export interface AttackerReport {
  /** Everything is loaded, and the attack has begun. */
  readonly hasBegun: true;
  /** Hashes that its blocks stand for. */
  readonly work: number;
  /** Things done: messages, requests, blocks; which, the attack says. */
  readonly done: Readonly<Record<string, number>>;
  /** Processor time it had, seconds: a starved attacker shows nothing. */
  readonly cpuSeconds: number;
  /** The longest a socket of it that libp2p knows nothing of was held open, ms. */
  readonly longestHeldMs: number;
  /** Why `run` ended before it was told to. */
  readonly ended?: string;
}

/** An attacker who does wrong has lost its connection by then. */
export const GONE_MS = 30_000;
