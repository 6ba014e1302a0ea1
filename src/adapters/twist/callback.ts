import { type AdapterHost, type Conversation, DeliveryError, type OutgoingReply } from "../../core/index.ts";
import { type Fields, isFields, maybeString } from "../shared/fields.ts";
import type { Api } from "./client.ts";
import { digest } from "./tally.ts";

/** Where Twist takes a late answer to an event, and until when (ms since 1970). */
export interface Callback {
  readonly callback: string;
  readonly until: number;
  /** The thread it leads to. */
  readonly thread?: string;
}

// Twist's own words are "about half an hour".
const USUAL_LIFE_MS = 30 * 60_000;
// Their clock is not ours, and the call takes its time.
const MARGIN_MS = 15_000;
const KEPT_BROKEN = "1h";

/** The callback of an event, if it has one. Whether its address may be called is another question. */
export function readCallback(
  form: Fields,
  { conversation, now }: { readonly conversation: Conversation; readonly now: number },
): Callback | undefined {
  const callback = maybeString(form, "url_callback");
  if (callback === undefined) return undefined;
  const seconds = Number(maybeString(form, "url_ttl") ?? Number.NaN);
  return {
    callback,
    until: Number.isFinite(seconds) ? seconds * 1000 : now + USUAL_LIFE_MS,
    ...(conversation.thread !== undefined && { thread: conversation.thread }),
  };
}

/** Answers over callbacks. */
export interface Callbacks {
  /** The callback by which this reply can go: not one that has failed, in whatever process. */
  callbackFor(to: Conversation, reply: OutgoingReply): Promise<Callback | undefined>;
  /**
   * Posts a text as the bot.
   * @returns `refused` when Twist has certainly not taken it, `unsure` when it answered with an error of its own
   * @throws DeliveryError when there was no answer: the next attempt does not take this way; RateLimitError
   */
  post(by: Callback, content: string): Promise<"taken" | "refused" | "unsure">;
}

export function createCallbacks(api: Api, { store, clock }: Pick<AdapterHost, "store" | "clock">): Callbacks {
  // Whoever knows the address may post there, so it is not written down.
  const brokenKey = (callback: string) => `broken/${digest(callback)}`;

  return {
    async callbackFor({ thread }, { replyTo }) {
      if (!isFields(replyTo) || typeof replyTo.callback !== "string" || typeof replyTo.until !== "number") return;
      // A reply may have another destination in the event's channel, and a callback leads to its own thread only.
      if (replyTo.thread !== thread || replyTo.until - MARGIN_MS <= clock.now()) return;
      if ((await store.get(brokenKey(replyTo.callback))) !== undefined) return;
      return { callback: replyTo.callback, until: replyTo.until };
    },

    async post({ callback }, content) {
      try {
        const { status } = await api.client.call({ name: "url_callback", url: callback, json: { content } });
        return status < 300 ? "taken" : "refused";
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error;
        // Where that cannot be written, it is tried once more than it should.
        await store.set(brokenKey(callback), true, { ttl: KEPT_BROKEN }).catch(() => {});
        if (!error.maybeSent) return "refused";
        if (String(error.cause).startsWith("HTTP 5")) return "unsure";
        throw error;
      }
    },
  };
}
