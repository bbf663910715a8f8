/**
 * The lines between machines: how long a message takes from one to the other, and whether it arrives. Faults
 * change them while the simulation runs.
 */
import type { LatencyModel } from './latency.ts';
import type { SeededRandom } from './random.ts';

/** Where a machine stands in the network. It outlives the processes that run there. */
export interface Site {
  /** Its number among all machines. */
  readonly index: number;
  /** Bytes a millisecond it can send; Infinity: as many as it likes. */
  uplink: number;
  /** Bytes a millisecond it can receive. */
  downlink: number;
  /** Added to everything it sends and receives, ms. */
  slownessMs: number;
  /** When what it is sending now has left. */
  uplinkFreeAtMs: number;
  downlinkFreeAtMs: number;
  /** How far its clock is ahead. */
  clockOffsetMs: number;
}

export function createSite(index: number, bandwidth = Number.POSITIVE_INFINITY): Site {
  return {
    index,
    uplink: bandwidth,
    downlink: bandwidth,
    slownessMs: 0,
    uplinkFreeAtMs: 0,
    downlinkFreeAtMs: 0,
    clockOffsetMs: 0,
  };
}

/** What befalls messages; probabilities of each. */
export interface Disturbance {
  readonly loss: number;
  readonly duplication: number;
  /** Of a message being held back so that later ones overtake it. */
  readonly reordering: number;
}

const UNDISTURBED: Disturbance = { loss: 0, duplication: 0, reordering: 0 };

/** Says whether a message from one machine to another gets through. */
export type Cut = (from: number, to: number) => boolean;

/** A message held back is late by up to this. */
const MAX_HELD_BACK_MS = 3_000;
/** Between a message's arrival and its being looked at; a loopback hop through gossipsub takes 1.5 ms in all (median). */
export const PROCESSING_MS = 1.5;

export class Lines {
  readonly #model: LatencyModel;
  readonly #random: SeededRandom;
  readonly #cuts = new Set<Cut>();
  readonly #disturbances = new Set<Disturbance>();
  /** Of all disturbances together. */
  #disturbance = UNDISTURBED;

  constructor(model: LatencyModel, random: SeededRandom) {
    this.#model = model;
    this.#random = random;
  }

  /** Milliseconds one way, for a message of no size. */
  latencyMs(from: Site, to: Site): number {
    return this.#model(from.index, to.index) + from.slownessMs + to.slownessMs + PROCESSING_MS;
  }

  /** @returns ms until the last byte is there; undefined: it is lost */
  send(from: Site, to: Site, bytes: number, nowMs: number): number | undefined {
    if (!this.reaches(from, to)) return undefined;
    const { loss, reordering } = this.#disturbance;
    if (loss > 0 && this.#random.chance(loss)) return undefined;
    let leavesAtMs = nowMs;
    if (from.uplink !== Number.POSITIVE_INFINITY) {
      leavesAtMs = Math.max(nowMs, from.uplinkFreeAtMs) + bytes / from.uplink;
      from.uplinkFreeAtMs = leavesAtMs;
    }
    let arrivesAtMs = leavesAtMs + this.latencyMs(from, to);
    if (to.downlink !== Number.POSITIVE_INFINITY) {
      // The first bytes arrive while the last are still being sent, so the slower of the two counts.
      const lasts = Math.max(0, bytes / to.downlink - bytes / from.uplink);
      arrivesAtMs = Math.max(arrivesAtMs, to.downlinkFreeAtMs) + lasts;
      to.downlinkFreeAtMs = arrivesAtMs;
    }
    if (reordering > 0 && this.#random.chance(reordering)) {
      arrivesAtMs += this.#random.between(0, MAX_HELD_BACK_MS);
    }
    return arrivesAtMs - nowMs;
  }

  /** Whether one more copy of a message arrives. */
  duplicates(): boolean {
    const { duplication } = this.#disturbance;
    return duplication > 0 && this.#random.chance(duplication);
  }

  /** Several may go on at once. @returns what ends it */
  disturb(disturbance: Disturbance): () => void {
    this.#disturbances.add(disturbance);
    this.#combine();
    return () => {
      this.#disturbances.delete(disturbance);
      this.#combine();
    };
  }

  #combine(): void {
    const all = [...this.#disturbances];
    const either = (of: (disturbance: Disturbance) => number): number =>
      1 - all.reduce((neither, disturbance) => neither * (1 - of(disturbance)), 1);
    this.#disturbance = {
      loss: either(({ loss }) => loss),
      duplication: either(({ duplication }) => duplication),
      reordering: either(({ reordering }) => reordering),
    };
  }

  reaches(from: Site, to: Site): boolean {
    for (const cut of this.#cuts) if (!cut(from.index, to.index)) return false;
    return true;
  }

  /** @param cut true for what still gets through @returns what heals it */
  cut(cut: Cut): () => void {
    this.#cuts.add(cut);
    return () => this.#cuts.delete(cut);
  }

  get isCut(): boolean {
    return this.#cuts.size > 0;
  }
}
