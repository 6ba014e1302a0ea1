/** First in, first out. A class, since many are made: its methods are made once. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  // Array.shift copies the rest; a moving head does not.
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    // What has left must not be kept alive.
    this.#items[this.#head++] = undefined;
    if (this.#head > 32 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  has(item: T): boolean {
    return this.#items.includes(item, this.#head);
  }
}

/** Gives the earliest first; at the same time, the one of lower order. */
export interface Heap<T> {
  push(item: T): void;
  peek(): T | undefined;
  pop(): T | undefined;
}

export function createHeap<T extends { readonly at: number; readonly order: number }>(): Heap<T> {
  const items: T[] = [];
  const isBefore = (a: T, b: T) => a.at < b.at || (a.at === b.at && a.order < b.order);
  return {
    push(item) {
      let at = items.push(item) - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!isBefore(item, items[parent]!)) break;
        items[at] = items[parent]!;
        at = parent;
      }
      items[at] = item;
    },
    peek: () => items[0],
    pop() {
      const top = items[0];
      const last = items.pop();
      if (last === undefined || items.length === 0) return top;
      let at = 0;
      for (;;) {
        let child = at * 2 + 1;
        if (child >= items.length) break;
        if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child += 1;
        if (!isBefore(items[child]!, last)) break;
        items[at] = items[child]!;
        at = child;
      }
      items[at] = last;
      return top;
    },
  };
}
