import type { Deliverer, DeliveryRules } from "../deliver.ts";
import { freshSecret } from "./ids.ts";
import type { Json, World } from "./world.ts";

/** LiveChat's rules of delivery: up to three retries within about a minute. */
export const deliveryRules: DeliveryRules = { retryDelays: [10_000, 20_000, 30_000], timeout: 10_000 };

/** A webhook that an app has registered, as `list_webhooks` shows it. */
export interface Webhook {
  readonly id: string;
  readonly action: string;
  readonly url: string;
  readonly secret_key: string;
  readonly type: string;
  readonly owner_client_id: string;
  readonly description?: string;
  readonly additional_data?: readonly unknown[];
}

/** What happened, for the apps that want to know. */
export interface Notice {
  readonly action: string;
  readonly organization: string;
  readonly payload: Json;
  /** Ids of those in the chat. */
  readonly present: readonly string[];
  /** The event or chat it is about. */
  readonly about: string;
  readonly conversation: string;
}

export type Webhooks = ReturnType<typeof createWebhooks>;

const MOST_AN_ACTION = 3;

/** The registered webhooks of all apps, and on which licenses they are on. */
export function createWebhooks(world: World, deliverer: Deliverer) {
  let registered: Webhook[] = [];
  const enabled = new Set<string>();
  let sent = 0;
  const keyOf = (clientId: string, organization: string) => `${clientId}/${organization}`;

  return {
    list: (clientId: string) => registered.filter(({ owner_client_id }) => owner_client_id === clientId),
    /** @returns undefined when there are three for this action already */
    register(webhook: Omit<Webhook, "id">): string | undefined {
      const same = registered.filter(
        ({ action, owner_client_id }) => action === webhook.action && owner_client_id === webhook.owner_client_id,
      );
      if (same.length >= MOST_AN_ACTION) return undefined;
      const id = freshSecret("");
      registered.push({ ...webhook, id });
      return id;
    },
    /** @returns false when there is no such webhook */
    unregister(id: unknown): boolean {
      const before = registered.length;
      registered = registered.filter((webhook) => webhook.id !== id);
      return registered.length < before;
    },
    enable: (clientId: string, organization: string) => void enabled.add(keyOf(clientId, organization)),
    disable: (clientId: string, organization: string) => void enabled.delete(keyOf(clientId, organization)),
    isEnabled: (clientId: string, organization: string) => enabled.has(keyOf(clientId, organization)),

    /** An app hears of a license only when its webhooks are on there, and its bot is not off line. */
    isLive(clientId: string, organization: string): boolean {
      return (
        enabled.has(keyOf(clientId, organization)) &&
        world
          .bots()
          .some((bot) => bot.clientId === clientId && bot.organization === organization && bot.status !== "offline")
      );
    },

    notify({ action, organization, payload, present, about, conversation }: Notice): void {
      for (const webhook of registered) {
        const app = world.appByClient(webhook.owner_client_id);
        if (webhook.action !== action || !app || !this.isLive(app.clientId, organization)) continue;
        sent += 1;
        const body = JSON.stringify({
          webhook_id: webhook.id,
          secret_key: webhook.secret_key,
          action,
          organization_id: organization,
          payload,
          additional_data: webhook.additional_data?.includes("chat_presence_user_ids")
            ? { chat_presence_user_ids: present }
            : {},
        });
        deliverer.send({
          eventId: `${webhook.id}-${sent}`,
          type: action,
          message: about,
          conversation,
          app: app.name,
          url: webhook.url,
          request: () => ({
            body,
            headers: { "content-type": "application/json", "user-agent": "LiveChat Webhooks", accept: "*/*" },
          }),
        });
      }
    },
  };
}
