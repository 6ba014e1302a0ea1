import { DeliveryError } from "../../core/index.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import type { Client } from "./client.ts";
import { SUBSCRIBED } from "./failure.ts";

/** A webhook of the app, as X knows it. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  /** X sends events there; false after it had no right answer for a day. */
  readonly isValid: boolean;
  /** The bot's account is subscribed with all its activities. */
  readonly isSubscribed: boolean;
}

/** What `register` had to do. */
export interface Registration {
  readonly id: string;
  /** A webhook that was there before is checked anew, which also wakes it up. */
  readonly webhook: "created" | "validated";
  readonly subscription: "created" | "existing";
}

/** Where X sends the account's events. Failures are `RateLimitError` or `DeliveryError` whose message says the remedy. */
export interface Webhooks {
  list(): Promise<readonly Webhook[]>;
  /** Making it again changes nothing. With `activity` over the X Activity API instead of Account Activity. */
  register(url: string, options?: { readonly activity?: boolean }): Promise<Registration>;
  delete(id: string): Promise<void>;
}

/** The kinds of X Activity that the adapter reads. https://docs.x.com/x-api/activity/introduction */
export const ACTIVITIES = ["post.mention.create", "post.reply.create", "post.quote.create", "dm.received"] as const;

export function createWebhooks({
  app,
  account,
  self,
}: {
  /** With the app-only token. */
  readonly app: Client;
  /** With the account's own keys. */
  readonly account: Client;
  readonly self: string;
}): Webhooks {
  async function load(): Promise<readonly Fields[]> {
    return listOf(await app.read("getWebhooks", (api) => api.v2.get("webhooks")));
  }

  async function isSubscribed(id: string): Promise<boolean> {
    const answer = await account.read("validateAccountActivitySubscription", (api) =>
      api.v2.get("account_activity/webhooks/:id/subscriptions/all", undefined, { params: { id } }),
    );
    return isFields(answer) && isFields(answer.data) && answer.data.subscribed === true;
  }

  async function subscribe(id: string): Promise<Registration["subscription"]> {
    if (await isSubscribed(id)) return "existing";
    try {
      await account.write("createAccountActivitySubscription", (api) =>
        api.v2.post("account_activity/webhooks/:id/subscriptions/all", {}, { params: { id } }),
      );
      return "created";
    } catch (error) {
      if (error instanceof DeliveryError && error.cause === SUBSCRIBED) return "existing";
      throw error;
    }
  }

  async function subscribeToActivity(id: string): Promise<Registration["subscription"]> {
    const known = listOf(
      await app.read("getActivitySubscriptions", (api) => api.v2.get("activity/subscriptions", { max_results: 1000 })),
    );
    const mine = known.filter(
      ({ filter, webhook_id }) => isFields(filter) && filter.user_id === self && webhook_id === id,
    );
    const lacking = ACTIVITIES.filter((type) => mine.every(({ event_type }) => event_type !== type));
    for (const event_type of lacking) {
      const body = { event_type, filter: { user_id: self }, tag: "hobnob", webhook_id: id };
      await account.write("createActivitySubscription", (api) => api.v2.post("activity/subscriptions", body));
    }
    return lacking.length === 0 ? "existing" : "created";
  }

  return {
    async list() {
      const webhooks: Webhook[] = [];
      for (const { id, url, valid } of await load()) {
        if (typeof id !== "string" || typeof url !== "string") continue;
        webhooks.push({ id, url, isValid: valid === true, isSubscribed: await isSubscribed(id) });
      }
      return webhooks;
    },

    async register(url, { activity = false } = {}) {
      const known = (await load()).find((webhook) => webhook.url === url);
      if (typeof known?.id === "string") {
        const { id } = known;
        const answer = await app.write("validateWebhooks", (api) => api.v2.put("webhooks/:id", {}, { params: { id } }));
        if (isFields(answer) && isFields(answer.data) && answer.data.valid === false) throw unanswered();
        return { id, webhook: "validated", subscription: await (activity ? subscribeToActivity : subscribe)(id) };
      }
      const answer = await app.write("createWebhooks", (api) => api.v2.post("webhooks", { url }));
      const { id, valid } = isFields(answer) && isFields(answer.data) ? answer.data : {};
      if (typeof id !== "string") throw new DeliveryError("X gave the webhook no id.", { maybeSent: true });
      if (valid === false) throw unanswered();
      return { id, webhook: "created", subscription: await (activity ? subscribeToActivity : subscribe)(id) };
    },

    async delete(id) {
      await app.write("deleteWebhooks", (api) => api.v2.delete("webhooks/:id", undefined, { params: { id } }));
    },
  };
}

function unanswered(): DeliveryError {
  const message = "X called the URL and did not get the right answer. Is the bot running, and reachable from outside?";
  return new DeliveryError(message, { maybeSent: false, permanent: true });
}

function listOf(answer: unknown): readonly Fields[] {
  const data = isFields(answer) ? answer.data : undefined;
  return Array.isArray(data) ? data.filter(isFields) : [];
}
