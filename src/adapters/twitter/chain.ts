/** Where the next answer in a thread hangs: below the one before, so that a long answer is read in its order. */
export interface Chain {
  /** The post to answer in this thread. */
  end(thread: string): string;
  add(thread: string, post: string): void;
  /** A post that was deleted can be answered no more. */
  remove(post: string): void;
}

// What is forgotten hangs below the person's own post, as the first answer does.
const MOST_THREADS = 1000;

export function createChain(): Chain {
  const ends = new Map<string, string>();
  return {
    end: (thread) => ends.get(thread) ?? thread,
    add(thread, post) {
      ends.delete(thread);
      ends.set(thread, post);
      const [oldest] = ends.keys();
      if (ends.size > MOST_THREADS && oldest !== undefined) ends.delete(oldest);
    },
    remove(post) {
      for (const [thread, end] of ends) if (end === post) ends.delete(thread);
    },
  };
}
