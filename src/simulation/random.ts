/**
 * Chance from a seed: the same numbers in every run, and independent ones for every purpose, so that one more
 * draw here changes nothing there.
 *
 * Source: sfc32 by Chris Doty-Humphrey (PractRand), state filled by splitmix32.
 */
import type { Random } from '../node/ports.ts';

export class SeededRandom implements Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  /** @param seed any text; the purpose is part of it */
  constructor(seed: string) {
    this.#seed = seed;
    const next = splitmix(hash(seed));
    this.#a = next();
    this.#b = next();
    this.#c = next();
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** Numbers of their own for a purpose: the same whatever was drawn here before. */
  for(purpose: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${purpose}`);
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** At least 0, less than 1. */
  next(): number {
    return this.uint32() / 2 ** 32;
  }

  /** 0 to `below` − 1. */
  integer(below: number): number {
    return Math.floor(this.next() * below);
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** The time to the next of something that happens every `mean` on average, whenever one looks. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** @param items at least one */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)] as T;
  }

  /** `count` of the items, at most all, in random order. */
  sample<T>(items: readonly T[], count: number): T[] {
    const rest = [...items];
    const taken: T[] = [];
    while (taken.length < count && rest.length > 0) {
      const place = this.integer(rest.length);
      taken.push(rest[place] as T);
      rest[place] = rest.at(-1) as T;
      rest.pop();
    }
    return taken;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() & 0xff);
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

function splitmix(state: number): () => number {
  let at = state;
  return () => {
    at = (at + 0x9e3779b9) | 0;
    let mixed = at ^ (at >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}
