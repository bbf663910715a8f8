/** What a page that looks at several daemons is told of them: the JSON between `tally explore` and the explorer. */
import type { BlockSource } from '../node/events.ts';
import type { PeerJson, StatusJson } from './contract.ts';

/** One daemon as it stands. Its API is below `/nodes/NUMBER`. */
export interface NodeJson {
  /** From 1. */
  readonly number: number;
  readonly name: string;
  /** Of its API, as whoever serves the page reaches it. */
  readonly url: string;
  readonly state: 'connecting' | 'up' | 'down';
  /** Since when, ms since 1970. */
  readonly sinceMs: number;
  /** Why it is down. */
  readonly reason?: string;
  /** The last it said; it stays when the daemon is down. */
  readonly status?: StatusJson;
  readonly peers?: readonly PeerJson[];
}

/** `event: nodes`: all of them, whenever any of it changed. */
export interface NodesJson {
  readonly nodes: readonly NodeJson[];
  /** Where the network between them can be cut, the numbers on one side of the cut; empty: it is whole. */
  readonly apart?: readonly number[];
}

/** `event: block`: a daemon has a block. */
export interface NodeBlockJson {
  readonly node: number;
  readonly id: string;
  readonly parent: string;
  readonly height: number;
  readonly miner: string;
  readonly transactions?: number;
  /** Whether it was on the daemon's chain then. */
  readonly onChain: boolean;
  /** When it came, ms since 1970 by the daemon's clock; without: before anybody watched. */
  readonly atMs?: number;
  readonly source?: BlockSource;
}

/** `event: reorganisation`: a daemon's chain turned to another branch. */
export interface NodeReorganisationJson {
  readonly node: number;
  readonly atMs: number;
  readonly oldTip: string;
  readonly newTip: string;
  readonly forkHeight: number;
  readonly height: number;
  /** Blocks left behind. */
  readonly depth: number;
  /** Transactions of theirs that are back in the daemon's pool. */
  readonly returned: number;
}
