import { type AdapterHost, errorCode } from "../../core/index.ts";

/**
 * Where the next answer in a thread hangs: below the one before, so that a long answer is read in its order, whichever
 * processes said its parts.
 */
export interface Chain {
  /** The post to answer in this thread. */
  end(thread: string): Promise<string>;
  /** Never rejects: what is out must not look as if it were not. */
  add(thread: string, post: string): Promise<void>;
  /** A post that was deleted can be answered no more. */
  remove(thread: string, post: string): Promise<void>;
}

// What is forgotten hangs below the person's own post, as the first answer does.
const KEPT = "7d";

export function createChain({
  adapter,
  store,
  log,
}: { readonly adapter: string } & Pick<AdapterHost, "store" | "log">): Chain {
  const keyOf = (thread: string) => `chain:${thread}`;
  return {
    end: async (thread) => (await store.get<string>(keyOf(thread))) ?? thread,
    async add(thread, post) {
      try {
        await store.set(keyOf(thread), post, { ttl: KEPT });
      } catch (error) {
        log.warn({ adapter, code: errorCode(error) }, "a post was made, but could not be remembered");
      }
    },
    async remove(thread, post) {
      await store.update<string>(keyOf(thread), (end) => (end === post ? undefined : end), { ttl: KEPT });
    },
  };
}
