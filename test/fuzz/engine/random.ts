/** Chance from a seed (sfc32): the same seed, the same inputs. */
export class Chance {
  #a: number;
  #b: number;
  #c = 0x9e37_79b9;
  #counter = 1;

  constructor(seed: number, stream: string) {
    this.#a = seed >>> 0;
    this.#b = 0;
    for (const character of stream) this.#b = (Math.imul(this.#b, 31) + character.charCodeAt(0)) >>> 0;
    for (let warm = 0; warm < 12; warm++) this.uint32();
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** 0 to `limit` − 1; 0 if that is nothing. */
  below(limit: number): number {
    return limit <= 1 ? 0 : this.uint32() % limit;
  }

  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}
