/**
 * What waits for its time: the earliest comes out first, and of those at one time the one put in first.
 *
 * A heap with four children a place, half as deep as one with two. The keys stand in arrays of numbers of their own:
 * thousands of nodes have a hundred thousand things waiting, scattered over the memory, and only the one that comes
 * out is touched.
 */
export class TimeQueue<T> {
  #items: T[] = [];
  /** Times and orders of the items, place by place. */
  #times = new Float64Array(INITIAL_PLACES);
  #orders = new Float64Array(INITIAL_PLACES);
  #order = 0;

  get size(): number {
    return this.#items.length;
  }

  /** The time of the earliest; Infinity if there is none. */
  get earliest(): number {
    return this.#items.length === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  push(time: number, item: T): void {
    const items = this.#items;
    if (items.length === this.#times.length) this.#grow();
    const order = this.#order++;
    let place = items.length;
    items.push(item);
    while (place > 0) {
      const above = (place - 1) >> 2;
      // Whatever is put in is later in order than all that is there.
      if ((this.#times[above] as number) <= time) break;
      this.#move(above, place);
      place = above;
    }
    this.#put(place, time, order, item);
  }

  /** Takes the earliest out. The queue must not be empty. */
  pop(): T {
    const items = this.#items;
    const earliest = items[0] as T;
    const item = items.pop() as T;
    const { length } = items;
    if (length > 0) this.#sink(this.#times[length] as number, this.#orders[length] as number, item);
    return earliest;
  }

  /** Finds the place of an item from the top down. */
  #sink(time: number, order: number, item: T): void {
    const { length } = this.#items;
    let place = 0;
    for (;;) {
      const first = 4 * place + 1;
      if (first >= length) break;
      const end = Math.min(first + 4, length);
      let least = first;
      for (let child = first + 1; child < end; child++) if (this.#isBefore(child, least)) least = child;
      const leastTime = this.#times[least] as number;
      if (leastTime > time || (leastTime === time && (this.#orders[least] as number) > order)) break;
      this.#move(least, place);
      place = least;
    }
    this.#put(place, time, order, item);
  }

  #isBefore(a: number, b: number): boolean {
    const timeA = this.#times[a] as number;
    const timeB = this.#times[b] as number;
    return timeA < timeB || (timeA === timeB && (this.#orders[a] as number) < (this.#orders[b] as number));
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from] as number, this.#orders[from] as number, this.#items[from] as T);
  }

  #put(place: number, time: number, order: number, item: T): void {
    this.#times[place] = time;
    this.#orders[place] = order;
    this.#items[place] = item;
  }

  #grow(): void {
    this.#times = grown(this.#times);
    this.#orders = grown(this.#orders);
  }
}

const INITIAL_PLACES = 1_024;

function grown(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * array.length);
  larger.set(array);
  return larger;
}
