/** A binary heap: the item that comes before all others is found at once. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #comesBefore: (a: T, b: T) => boolean;

  constructor(comesBefore: (a: T, b: T) => boolean) {
    this.#comesBefore = comesBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    let place = this.#items.length;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = this.#items[parentPlace] as T;
      if (!this.#comesBefore(item, parent)) break;
      this.#items[place] = parent;
      place = parentPlace;
    }
    this.#items[place] = item;
  }

  /** Removes and returns the first; undefined if there is none. */
  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return first;
    const count = this.#items.length;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= count) break;
      const right = child + 1;
      if (right < count && this.#comesBefore(this.#items[right] as T, this.#items[child] as T)) child = right;
      if (!this.#comesBefore(this.#items[child] as T, last)) break;
      this.#items[place] = this.#items[child] as T;
      place = child;
    }
    this.#items[place] = last;
    return first;
  }
}
