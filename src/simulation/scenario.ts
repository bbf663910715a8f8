/**
 * What is simulated: everything a run depends on but the code. Two runs of one scenario are the same, event by
 * event. Times are virtual; nodes are numbered from 0, the first ones mine.
 */

export interface Scenario {
  readonly name: string;
  /** One sentence for people. */
  readonly description?: string;
  readonly seed: number;
  /** Honest ones; attackers come on top. */
  readonly nodes: number;
  readonly hours: number;
  /** Seconds between blocks on average. */
  readonly blockIntervalSeconds: number;
  /** `lan`, `planet` or milliseconds one way. */
  readonly latency: string;
  /** Mbit/s of every node, up and down; absent: as much as it likes. */
  readonly megabitsPerSecond?: number;
  /** Percent of the honest hash power, of nodes 0, 1, 2, …; the rest of them do not mine. */
  readonly hashpower: readonly number[];
  readonly transactionsPerSecond: number;
  /** Wallets that pay each other. */
  readonly wallets: number;
  /** Nodes each node is told of at the start; the others it learns of from its peers. */
  readonly peers: number;
  /** SSZ bytes of a block at most. */
  readonly maxBlockBytes: number;
  /** SSZ bytes every pool holds; absent: the daemon's default. */
  readonly maxPoolBytes?: number;
  readonly faults: readonly Fault[];
  readonly attacks: readonly AttackPlan[];
}

/** When something happens, from the start of the run. */
interface Span {
  readonly atSeconds: number;
  readonly forSeconds: number;
}

export type Fault =
  /** A share of the nodes and the others do not hear each other; one way: the others do not hear the share. */
  | ({ readonly kind: 'partition'; readonly share: number; readonly oneWay?: boolean } & Span)
  /** So many nodes die at once and come back at the end; a power cut may take what was not safe on disk yet. */
  | ({ readonly kind: 'crash'; readonly nodes: number; readonly powerCut?: boolean } & Span)
  /** Every so often a node stops, and comes back later. */
  | ({ readonly kind: 'churn'; readonly everySeconds: number; readonly downSeconds: number } & Span)
  /** Messages are lost, come twice or are overtaken; probabilities. */
  | ({
      readonly kind: 'disturbance';
      readonly loss?: number;
      readonly duplication?: number;
      readonly reordering?: number;
    } & Span)
  /** So many nodes take this much longer for every message. */
  | ({ readonly kind: 'slow'; readonly nodes: number; readonly delayMs: number } & Span)
  /** The clocks of so many nodes are ahead by this much (behind, if negative). */
  | ({ readonly kind: 'clock'; readonly nodes: number; readonly offsetMs: number } & Span)
  /** The hash power of all is multiplied. */
  | ({ readonly kind: 'hashpower'; readonly factor: number } & Span);

export const ATTACK_KINDS = [
  'invalid-blocks',
  'invalid-transactions',
  'withheld-bodies',
  'lying-status',
  'lying-headers',
  'stalling',
  'trickling',
  'equivocation',
  'double-spend',
  'selfish-mining',
  'timestamps',
  'long-range',
  'spam',
  'eclipse',
  'withheld-transactions',
  'garbled-short-ids',
] as const;
export type AttackKind = (typeof ATTACK_KINDS)[number];

export interface AttackPlan extends Span {
  readonly kind: AttackKind;
  /** Identities, 1 unless given. */
  readonly nodes?: number;
  /** Percent of the honest hash power it has on top of it; 0 unless given. */
  readonly hashpower?: number;
  /** Selfish mining: the share of honest hash power that takes its side of a tie; 0 unless given. */
  readonly gamma?: number;
}

/** What a scenario file need not say. */
export const DEFAULTS: Scenario = {
  name: 'plain',
  seed: 1,
  nodes: 50,
  hours: 1,
  blockIntervalSeconds: 10,
  latency: 'planet',
  hashpower: equalShares(20),
  transactionsPerSecond: 0.2,
  wallets: 20,
  peers: 3,
  maxBlockBytes: 1_048_576,
  faults: [],
  attacks: [],
};

/** Percent each of so many miners of equal power has. */
export function equalShares(miners: number): number[] {
  return Array.from({ length: miners }, () => 100 / miners);
}
