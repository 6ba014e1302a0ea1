import { errorCode, type Log, type Store } from "../../core/index.ts";

/**
 * Which post is which reply's, where the platform's posts cannot carry a reply's `ref`: of two replies with the same text
 * one must not be taken for the other.
 */
export interface Said {
  /** A post is certainly this reply's. Never rejects: what is out must not look as if it were not. */
  note(id: string, ref: string): Promise<void>;
  /** Of posts that look like a reply the one that is its own, else the first that is no other reply's, which then is. */
  claim(ids: readonly string[], ref: string): Promise<string | undefined>;
}

// Longer than a job is tried again.
const KEPT = "7d";

export function createSaid({
  adapter,
  store,
  log,
}: {
  readonly adapter: string;
  readonly store: Store;
  readonly log: Log;
}): Said {
  const keyOf = (id: string) => `sent:${id}`;
  return {
    async note(id, ref) {
      try {
        await store.set(keyOf(id), ref, { ttl: KEPT });
      } catch (error) {
        log.warn({ adapter, code: errorCode(error) }, "a message was sent, but could not be remembered");
      }
    },
    async claim(ids, ref) {
      const owners = await Promise.all(ids.map((id) => store.get<string>(keyOf(id))));
      const own = ids[owners.indexOf(ref)];
      if (own !== undefined) return own;
      for (const [at, id] of ids.entries()) {
        if (owners[at] !== undefined) continue;
        // Another reply may look at this very moment.
        const owner = await store.update<string>(keyOf(id), (taken) => taken ?? ref, { ttl: KEPT });
        if (owner === ref) return id;
      }
      return undefined;
    },
  };
}
