import type { Backend } from "./backend.ts";

/** Ids for jobs, fetched in blocks: none comes twice, in no process. */
export interface Ids {
  /** Makes sure that `next` can be called so often. */
  ensure(count: number): Promise<void>;
  next(): number;
}

const BLOCK = 1000;

export function createIds(backend: Backend): Ids {
  const blocks: { next: number; readonly end: number }[] = [];
  let left = 0;
  return {
    async ensure(count) {
      if (left >= count) return;
      const size = Math.max(BLOCK, count - left);
      const first = await backend.reserveIds(size);
      blocks.push({ next: first, end: first + size });
      left += size;
    },
    next() {
      const [block] = blocks;
      const id = block!.next++;
      left -= 1;
      if (block!.next === block!.end) blocks.shift();
      return id;
    },
  };
}
