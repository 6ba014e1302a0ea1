import { createHash } from "node:crypto";
import { type AdapterHost, type Conversation, errorCode, type OutgoingReply } from "../../core/index.ts";
import { isFields } from "../shared/fields.ts";
import { placeOf } from "./place.ts";
import { renderReply } from "./render.ts";

/** A reply that is certainly out. */
export interface Told {
  readonly ref: string;
  /** The id of the event that it answers; its post has a higher one. Undefined where no event of that kind was answered. */
  readonly after: number | undefined;
  /** Of its job, ms since 1970. */
  readonly since: number;
}

/**
 * The replies with one and the same text that are certainly out in a place. A callback does not say which post it has made,
 * so equal posts can only be counted: when more of them stand there than are certain, the one in doubt is among them.
 */
export interface Tally {
  /** Never rejects: what is out must not look as if it were not. */
  note(to: Conversation, reply: OutgoingReply): Promise<void>;
  others(to: Conversation, reply: OutgoingReply): Promise<readonly Told[]>;
}

// As long as Twist sends an event again.
const KEPT = "12h";
const MOST_KEPT = 100;

export function createTally({ store, log }: Pick<AdapterHost, "store" | "log">): Tally {
  return {
    async note(to, reply) {
      const told: Told = { ref: reply.ref, after: readAfter(to, reply), since: reply.since };
      const add = (all: readonly Told[] = []) =>
        [...all.filter(({ ref }) => ref !== reply.ref), told].slice(-MOST_KEPT);
      try {
        await store.update<readonly Told[]>(keyOf(to, reply), add, { ttl: KEPT });
      } catch (error) {
        log.warn({ adapter: to.adapter, code: errorCode(error) }, "a post was made, but could not be remembered");
      }
    },
    async others(to, reply) {
      const all = (await store.get<readonly Told[]>(keyOf(to, reply))) ?? [];
      return all.filter(({ ref }) => ref !== reply.ref);
    },
  };
}

/** The id of the event that is answered, where posts of its kind are looked through: what answers it has a higher one. */
export function readAfter(to: Conversation, { replyTo }: OutgoingReply): number | undefined {
  if (!isFields(replyTo) || typeof replyTo.after !== "string") return undefined;
  const [kind, id] = replyTo.after.split("/");
  return kind === placeOf(to).kind && /^\d{1,15}$/.test(id ?? "") ? Number(id) : undefined;
}

/** Names a text. Blanks at the ends and kinds of line ends do not tell texts apart: Twist may change them. */
export function digest(text: string): string {
  return createHash("sha256").update(text.replace(/\r\n?/g, "\n").trim()).digest("base64url").slice(0, 22);
}

function keyOf(to: Conversation, reply: OutgoingReply): string {
  return `tally/${JSON.stringify(placeOf(to))}/${digest(renderReply(reply).content)}`;
}
