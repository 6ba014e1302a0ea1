import { invalid, notFound, type Operations, objectOf, Problem, textOf } from "./method.ts";
import { signEvent } from "./signature.ts";
import type { Json } from "./wire.ts";
import type { App, Subscription, Webhook, World } from "./world.ts";

/** As many as the pay-per-use plan allows. */
const MOST_WEBHOOKS = 1;
const PATIENCE_MS = 5000;

/** Where events go. https://docs.x.com/x-api/webhooks/introduction */
export const webhookOperations: Operations = {
  getWebhooks: {
    method: "GET",
    path: "webhooks",
    auth: "app",
    run({ app, world }) {
      const own = [...world.webhooks.values()].filter((webhook) => webhook.app === app.name);
      return { data: own.map(wireWebhook), meta: { result_count: own.length } };
    },
  },

  createWebhooks: {
    method: "POST",
    path: "webhooks",
    auth: "any",
    async run({ app, body, world }) {
      const url = textOf(body, "url");
      if (!isAllowed(url)) throw failed("UrlValidationFailed", "The URL must be https, without a port.");
      const own = [...world.webhooks.values()].filter((webhook) => webhook.app === app.name);
      if (own.some((webhook) => webhook.url === url))
        throw failed("DuplicateUrlFailed", "There is a webhook with this URL.");
      if (own.length >= MOST_WEBHOOKS) throw failed("WebhookLimitExceeded", "The number of webhooks is exceeded.");
      if (!(await answersChallenge(url, app))) throw failed("CrcValidationFailed", "The URL failed the CRC request.");
      return { data: wireWebhook(world.addWebhook(app, url)) };
    },
  },

  validateWebhooks: {
    method: "PUT",
    path: "webhooks/:id",
    auth: "any",
    async run({ app, path, world }) {
      const webhook = webhookOf(world, app, path.id);
      webhook.valid = await answersChallenge(webhook.url, app);
      if (!webhook.valid) throw failed("CrcValidationFailed", "The URL failed the CRC request.");
      return { data: { valid: true } };
    },
  },

  deleteWebhooks: {
    method: "DELETE",
    path: "webhooks/:id",
    auth: "any",
    run({ app, path, world }) {
      const { id } = webhookOf(world, app, path.id);
      world.webhooks.delete(id);
      for (const subscription of world.subscriptions.values()) {
        if (subscription.webhookId === id) world.subscriptions.delete(subscription.id);
      }
      return { data: { deleted: true } };
    },
  },

  validateAccountActivitySubscription: {
    method: "GET",
    path: "account_activity/webhooks/:id/subscriptions/all",
    auth: "user",
    run: ({ app, path, world }) => ({ data: { subscribed: webhookOf(world, app, path.id).subscribed } }),
  },

  createAccountActivitySubscription: {
    method: "POST",
    path: "account_activity/webhooks/:id/subscriptions/all",
    auth: "user",
    run({ app, path, world }) {
      const webhook = webhookOf(world, app, path.id);
      if (webhook.subscribed) throw failed("DuplicateSubscriptionFailed", "Subscription already exists.");
      webhook.subscribed = true;
      return { data: { subscribed: true } };
    },
  },

  deleteAccountActivitySubscription: {
    method: "DELETE",
    path: "account_activity/webhooks/:id/subscriptions/:user_id/all",
    auth: "app",
    run({ app, path, world }) {
      webhookOf(world, app, path.id).subscribed = false;
      return { data: { subscribed: false } };
    },
  },

  getActivitySubscriptions: {
    method: "GET",
    path: "activity/subscriptions",
    auth: "any",
    run({ app, world }) {
      const own = [...world.subscriptions.values()].filter((subscription) => subscription.app === app.name);
      return { data: own.map(wireSubscription), meta: { total_subscriptions: own.length } };
    },
  },

  createActivitySubscription: {
    method: "POST",
    path: "activity/subscriptions",
    auth: "any",
    run({ app, body, world }) {
      const webhook = webhookOf(world, app, textOf(body, "webhook_id"));
      const user = objectOf(body.filter).user_id;
      const subscription: Subscription = {
        id: world.nextId(),
        app: app.name,
        webhookId: webhook.id,
        eventType: textOf(body, "event_type"),
        userId: typeof user === "string" ? user : undefined,
        tag: textOf(body, "tag"),
        createdAt: new Date().toISOString(),
      };
      if (!/^(?:post|dm|oauth|follow)\.[a-z.]+$/.test(subscription.eventType))
        throw invalid("The event type is not valid.");
      world.subscriptions.set(subscription.id, subscription);
      return { data: wireSubscription(subscription) };
    },
  },
};

function webhookOf(world: World, app: App, id: string | undefined): Webhook {
  const webhook = world.webhooks.get(id ?? "");
  if (webhook?.app === app.name) return webhook;
  throw notFound(`WebhookIdInvalid: Could not find webhook with id: [${id}].`);
}

function failed(name: string, sentence: string): Problem {
  return new Problem(400, name, `${name}: ${sentence}`, "https://api.x.com/2/problems/invalid-request");
}

// X itself wants https; what is on this machine may be tried out without.
function isAllowed(address: string): boolean {
  const url = URL.parse(address);
  if (url === null) return false;
  const isHere = url.protocol === "http:" && ["127.0.0.1", "localhost"].includes(url.hostname);
  return isHere || (url.protocol === "https:" && url.port === "");
}

async function answersChallenge(url: string, app: App): Promise<boolean> {
  const token = Buffer.from(`${Date.now()} ${app.name}`).toString("base64url");
  const asked = new URL(url);
  asked.searchParams.set("crc_token", token);
  try {
    const response = await fetch(asked, { redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS) });
    const { response_token } = (await response.json()) as { readonly response_token?: unknown };
    return response.status === 200 && response_token === signEvent(app.appSecret, token);
  } catch {
    return false;
  }
}

function wireWebhook({ id, url, valid, createdAt }: Webhook): Json {
  return { id, url, valid, created_at: createdAt };
}

function wireSubscription({ id, eventType, userId, tag, webhookId, createdAt }: Subscription): Json {
  const filter = userId === undefined ? {} : { user_id: userId };
  const at = { created_at: createdAt, updated_at: createdAt };
  return { subscription_id: id, event_type: eventType, filter, tag, webhook_id: webhookId, ...at };
}
