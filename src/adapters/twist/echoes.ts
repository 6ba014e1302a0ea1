import { type AdapterHost, type Conversation, DeliveryError, errorCode, type Message } from "../../core/index.ts";
import { type PostKind, placeOf } from "./place.ts";
import { digest } from "./tally.ts";

/** A post over the API in the name of the token's owner. */
interface Posted {
  /** Names the call. */
  readonly call: string;
  /** Of the text. */
  readonly digest: string;
  /** When the call was begun, ms since 1970. */
  readonly at: number;
  /** Undefined as long as Twist has not told. */
  readonly id?: string;
  /** Its answer was lost: it is known by its text alone. */
  readonly isLost?: true;
}

/**
 * Which posts in the name of a person are ours. Twist tells of each post by a webhook, which may come to another process than
 * the one that posts, and before the call is answered.
 */
export interface Echoes {
  /** Makes a post and notes it. */
  post<T extends { readonly id: string }>(to: Conversation, content: string, call: () => Promise<T>): Promise<T>;
  /** Is this post one of ours? Waits a little for a call that may have made it. */
  has(message: Message, kind: PostKind, content: string): Promise<boolean>;
}

// As long as Twist sends an event again.
const KEPT = "12h";
const MOST_KEPT = 100;
// Twist does not wait for ever itself.
const LONGEST_WAIT_MS = 5000;
const LOOK_MS = 100;
// Longer than any call.
const LONGEST_CALL_MS = 30_000;
// After that the same words are more likely a person's.
const LOST_MS = 600_000;

export function createEchoes({ store, clock, log }: Pick<AdapterHost, "store" | "clock" | "log">): Echoes {
  return {
    async post(to, content, call) {
      const key = keyOf(to);
      const posted: Posted = { call: crypto.randomUUID(), digest: digest(content), at: clock.now() };
      const change = (make: (posts: readonly Posted[]) => readonly Posted[]) =>
        store.update<readonly Posted[]>(key, (posts = []) => make(posts).slice(-MOST_KEPT), { ttl: KEPT });
      const note = async (made: readonly Posted[]) => {
        try {
          await change((posts) => [...posts.filter((one) => one.call !== posted.call), ...made]);
        } catch (error) {
          log.warn({ adapter: to.adapter, code: errorCode(error) }, "a post was made, but could not be remembered");
        }
      };
      await change((posts) => [...posts, posted]);
      try {
        const sent = await call();
        await note([{ ...posted, id: sent.id }]);
        return sent;
      } catch (error) {
        await note(error instanceof DeliveryError && error.maybeSent ? [{ ...posted, isLost: true }] : []);
        throw error;
      }
    },

    async has({ id, conversation }, kind, content) {
      const { thread: _, ...channel } = conversation;
      const key = keyOf(kind === "thread" ? channel : conversation);
      const text = digest(content);
      for (let waited = 0; ; waited += LOOK_MS) {
        const posts = (await store.get<readonly Posted[]>(key)) ?? [];
        const now = clock.now();
        const isLost = (posted: Posted) => posted.isLost && posted.digest === text && now - posted.at < LOST_MS;
        if (posts.some((posted) => posted.id === id || isLost(posted))) return true;
        const underWay = posts.filter(
          (posted) => posted.id === undefined && !posted.isLost && now - posted.at < LONGEST_CALL_MS,
        );
        if (underWay.length === 0) return false;
        // To hear oneself is worse than not to hear the same words from a person at the same moment.
        if (waited >= LONGEST_WAIT_MS) return underWay.some((posted) => posted.digest === text);
        await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
      }
    },
  };
}

const keyOf = (to: Conversation) => `posts/${JSON.stringify([to.account, placeOf(to)])}`;
