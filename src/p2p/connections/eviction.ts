/**
 * Which inbound peer gives its place to a newcomer when all are taken. The rules are those of Bitcoin Core
 * (`src/node/eviction.cpp`): each protection is hard to earn in another way than the next, so that an attacker who wants all places
 * must be near, useful, old and everywhere at once; then the largest network loses its youngest.
 */
import type { PeerId } from '../../node/ports.ts';

/** Of each kind of merit, as many as Bitcoin Core keeps. */
const PROTECTED_BY_NETWORK = 4;
const PROTECTED_BY_PING = 8;
const PROTECTED_BY_TRANSACTIONS = 4;
const PROTECTED_BY_BLOCKS = 4;
/** Of those that are left, the oldest. */
const PROTECTED_SHARE_BY_AGE = 0.5;
/**
 * A peer that has just come stays so long, so that a flood of newcomers cannot push an honest one out before it has told where
 * it can be reached: then this node dials it, and places of outbound peers are never given away.
 */
export const SHORTEST_STAY_MS = 5_000;

export interface InboundPeer {
  readonly id: PeerId;
  /** An address, or the /48 of one. */
  readonly host: string;
  /** Of what it is part: a /24, a /32. */
  readonly network: string;
  /** All times on one clock that never runs back, ms. */
  readonly connectedAtMs: number;
  /** The shortest round trip seen. */
  readonly pingMs: number | undefined;
  readonly lastBlockAtMs: number | undefined;
  readonly lastTransactionsAtMs: number | undefined;
  /** It has not spoken yet as peers do, or its address has sent peers that had to be banned. */
  readonly isDoubtful: boolean;
}

/**
 * @param networkOrder a number for each network, random but always the same, so that no stranger knows which are kept
 * @returns undefined if each has merits of its own, or has only just come
 */
export function chooseToEvict(
  peers: readonly InboundPeer[],
  nowMs: number,
  networkOrder: (network: string) => number,
): PeerId | undefined {
  let left = [...peers];
  const protect = (count: number, merit: (peer: InboundPeer) => number | undefined): void => {
    const best = left
      .flatMap((peer) => {
        const value = merit(peer);
        return value === undefined ? [] : [{ peer, value }];
      })
      .sort((a, b) => b.value - a.value)
      .slice(0, count);
    const kept = new Set(best.map(({ peer }) => peer));
    left = left.filter((peer) => !kept.has(peer));
  };
  protect(PROTECTED_BY_NETWORK, ({ network }) => networkOrder(network));
  protect(PROTECTED_BY_PING, ({ pingMs }) => (pingMs === undefined ? undefined : -pingMs));
  protect(PROTECTED_BY_TRANSACTIONS, ({ lastTransactionsAtMs }) => lastTransactionsAtMs);
  protect(PROTECTED_BY_BLOCKS, ({ lastBlockAtMs }) => lastBlockAtMs);
  protect(Math.floor(left.length * PROTECTED_SHARE_BY_AGE), ({ connectedAtMs }) => -connectedAtMs);
  left = left.filter(({ connectedAtMs }) => nowMs - connectedAtMs >= SHORTEST_STAY_MS);
  if (left.some(({ isDoubtful }) => isDoubtful)) left = left.filter(({ isDoubtful }) => isDoubtful);
  const ofNetwork = largestGroup(left, ({ network }) => network);
  const ofHost = largestGroup(ofNetwork, ({ host }) => host);
  return youngest(ofHost)?.id;
}

/** Of two groups of one size, the one with the youngest peer. */
function largestGroup(
  peers: readonly InboundPeer[],
  keyOf: (peer: InboundPeer) => string,
): readonly InboundPeer[] {
  let largest: readonly InboundPeer[] = [];
  for (const group of Map.groupBy(peers, keyOf).values()) {
    const isYounger =
      (youngest(group)?.connectedAtMs ?? 0) > (youngest(largest)?.connectedAtMs ?? Number.NEGATIVE_INFINITY);
    if (group.length > largest.length || (group.length === largest.length && isYounger)) largest = group;
  }
  return largest;
}

function youngest(peers: readonly InboundPeer[]): InboundPeer | undefined {
  let found: InboundPeer | undefined;
  for (const peer of peers) if (found === undefined || peer.connectedAtMs > found.connectedAtMs) found = peer;
  return found;
}
