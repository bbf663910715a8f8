/**
 * Finds a short id among those of a block. Made of sorted numbers and not a `Map`: the short ids of a message
 * are anybody's to choose, and a table that hashes them could be made to crawl.
 */

/** Places of the filter for each short id: enough to tell most strangers at a glance. */
const FILTER_SPARSENESS = 8;
const MAX_FILTER_SIZE = 2 ** 16;

export class ShortIdTable {
  readonly #sorted: Float64Array;
  /** Of each sorted short id its place in the block; -1 if several have it, for then it names none of them. */
  readonly #places: Int32Array;
  /** 1 where some short id ends in these bits. Small for a small block, for there are many of those. */
  readonly #filter: Uint8Array;

  /** @param shortIds in the block's order */
  constructor(shortIds: Float64Array) {
    this.#sorted = Float64Array.from(shortIds).sort();
    this.#places = new Int32Array(shortIds.length).fill(-1);
    const bits = Math.ceil(Math.log2(FILTER_SPARSENESS * Math.max(1, shortIds.length)));
    this.#filter = new Uint8Array(Math.min(MAX_FILTER_SIZE, 2 ** bits));
    shortIds.forEach((shortId, place) => {
      this.#filter[shortId % this.#filter.length] = 1;
      const at = this.#firstAt(shortId);
      if (this.#sorted[at + 1] !== shortId) this.#places[at] = place;
    });
  }

  /** @returns its place in the block; -1 if it is not there, or several times */
  find(shortId: number): number {
    if (this.#filter[shortId % this.#filter.length] === 0) return -1;
    const at = this.#firstAt(shortId);
    return this.#sorted[at] === shortId ? (this.#places[at] as number) : -1;
  }

  /** The first that is not less. */
  #firstAt(shortId: number): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] as number) < shortId) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
