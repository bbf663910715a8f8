/**
 * Inputs that differ in what they go through. For each feature the shortest input that has it is kept; an input that has
 * nothing of its own any more is let go, so the corpus minimises itself.
 */
import { beginExecution, edgeOf, forEachFeature, MAX_FEATURES } from './coverage.ts';
import type { Chance } from './random.ts';

interface Entry {
  readonly input: Uint8Array;
  /** Features of which it is the shortest. */
  owned: number;
}

/** Of the newest inputs, this many are taken more often: they lead on. */
const NEWEST = 24;

export class Corpus {
  readonly #owners = new Map<number, Entry>();
  /** Length of the owner by feature: looked at after every execution. */
  readonly #lengths = new Uint32Array(MAX_FEATURES).fill(0xffff_ffff);
  #entries: Entry[] = [];
  readonly edges = new Set<number>();
  /** Bytes of all inputs. */
  bytes = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** Looks at what the last execution went through. @returns whether the input has an edge no other had */
  take(input: Uint8Array): boolean {
    const { length } = input;
    const better: number[] = [];
    forEachFeature((feature) => {
      if (length < (this.#lengths[feature] as number)) better.push(feature);
    });
    beginExecution();
    if (better.length === 0) return false;
    const before = this.edges.size;
    const entry: Entry = { input: input.slice(), owned: better.length };
    for (const feature of better) {
      const owner = this.#owners.get(feature);
      if (owner !== undefined) owner.owned--;
      else this.edges.add(edgeOf(feature));
      this.#owners.set(feature, entry);
      this.#lengths[feature] = length;
    }
    this.#entries.push(entry);
    this.bytes += length;
    if (this.#entries.some(({ owned }) => owned === 0)) this.#letGo();
    return this.edges.size > before;
  }

  pick(chance: Chance): Uint8Array {
    const count = this.#entries.length;
    const at = chance.oneIn(3) ? count - 1 - chance.below(Math.min(count, NEWEST)) : chance.below(count);
    return this.#entries[at]?.input ?? new Uint8Array(0);
  }

  /** The shortest inputs first, as long as each adds an edge, and what they take is within `maxBytes`. */
  minimal(maxBytes: number): Uint8Array[] {
    const edgesOf = new Map<Entry, Set<number>>();
    for (const [feature, entry] of this.#owners) {
      const edges = edgesOf.get(entry) ?? new Set();
      edgesOf.set(entry, edges.add(edgeOf(feature)));
    }
    const covered = new Set<number>();
    const kept: Uint8Array[] = [];
    let bytes = 0;
    for (const [{ input }, edges] of [...edgesOf].sort(([a], [b]) => a.input.length - b.input.length)) {
      const adds = [...edges].some((edge) => !covered.has(edge));
      if (!adds || bytes + input.length > maxBytes) continue;
      bytes += input.length;
      kept.push(input);
      for (const edge of edges) covered.add(edge);
    }
    return kept;
  }

  #letGo(): void {
    this.#entries = this.#entries.filter(({ owned }) => owned > 0);
    this.bytes = this.#entries.reduce((sum, { input }) => sum + input.length, 0);
  }
}
