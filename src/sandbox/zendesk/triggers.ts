import type { Deliverer, DeliveryRules } from "../deliver.ts";
import { freshSecret, timestamp, ulid } from "./ids.ts";
import { fillIn } from "./placeholders.ts";
import type { Channel, Ticket } from "./records.ts";
import { signature } from "./signature.ts";
import type { Audit } from "./wire.ts";
import type { App, World } from "./world.ts";

const SECONDS = 1000;

/** Zendesk's rules of delivery: most failures are final. The delays are ours. https://developer.zendesk.com/documentation/webhooks/ */
export const deliveryRules: DeliveryRules = {
  retryDelays: [1, 5, 15, 30, 60].map((seconds) => seconds * SECONDS),
  timeout: 12 * SECONDS,
  delayAfter({ number, failure, status, headers, delay }) {
    if (failure === "timeout") return number <= 5 ? delay : undefined;
    if (status === 409) return number <= 3 ? delay : undefined;
    const wait = Number(headers["retry-after"] ?? Number.NaN);
    return (status === 429 || status === 503) && wait < 60 ? wait * SECONDS : undefined;
  },
};

export interface Condition {
  readonly field: string;
  readonly operator: string;
  readonly value: unknown;
}

/** A rule that calls a webhook when tickets change. */
export interface Trigger {
  readonly id: number;
  readonly title: string;
  readonly active: boolean;
  readonly all: readonly Condition[];
  readonly any: readonly Condition[];
  readonly webhookId: string;
  /** The body that is sent, with its placeholders. */
  readonly body: string;
}

/** What conditions can look at. */
const CONDITIONS: Readonly<Record<string, (value: string, ticket: Ticket, audit: Audit) => boolean>> = {
  update_type: (value, _, { isCreation }) => value === (isCreation ? "Create" : "Change"),
  status: (value, { fields }) => value === fields.status,
  priority: (value, { fields }) => value === fields.priority,
  group_id: (value, { fields }) => value === String(fields.group?.id ?? ""),
  comment_is_public: (value, _, { comment }) =>
    comment !== undefined && (value === "not_relevant" || value === String(comment.isPublic)),
  current_tags: (value, { fields }) => value.split(" ").some((tag) => fields.tags.includes(tag)),
  via_id: (value, { channel }) => value === VIA_IDS[channel],
};
const VIA_IDS: Readonly<Record<Channel, string>> = { web: "0", email: "4", api: "5", sample_ticket: "40" };
const OPERATORS = ["is", "is_not", "includes", "not_includes"];

/** The fields and operators that a trigger's condition may have. */
export const isKnownCondition = ({ field, operator }: Condition) =>
  Object.hasOwn(CONDITIONS, field) && OPERATORS.includes(operator);

const BODY = {
  ticket_id: "{{ticket.id}}",
  external_id: "{{ticket.external_id}}",
  status: "{{ticket.status}}",
  via: "{{ticket.via}}",
  updated_at: "{{ticket.updated_at_with_timestamp}}",
};

export type Triggers = ReturnType<typeof createTriggers>;

/** The triggers of the account, with one for new and one for changed tickets for each bot. */
export function createTriggers(world: World, deliverer: Deliverer, url: () => string) {
  let triggers = new Map<number, Trigger>();
  const life = freshSecret();
  let sent = 0;

  function addDefaults({ name, webhookId }: App): void {
    for (const [update, event] of [
      ["Create", "ticket_created"],
      ["Change", "ticket_updated"],
    ] as const) {
      const id = world.numbers.row();
      const all = [{ field: "update_type", operator: "is", value: update }];
      const body = JSON.stringify({ event, ...BODY });
      triggers.set(id, { id, title: `${name}: ${event}`, active: true, all, any: [], webhookId, body });
    }
  }

  function fits({ active, all, any }: Trigger, ticket: Ticket, audit: Audit): boolean {
    const holds = ({ field, operator, value }: Condition) =>
      CONDITIONS[field]!(String(value), ticket, audit) !== operator.includes("not");
    return active && all.every(holds) && (any.length === 0 || any.some(holds));
  }

  function send(app: App, { body: template }: Trigger, ticket: Ticket, audit: Audit): void {
    sent += 1;
    const invocation = ulid(`${life}:${sent}`);
    const body = fillIn(template, ticket, audit, url());
    deliverer.send({
      eventId: invocation,
      type: audit.isCreation ? "ticket_created" : "ticket_updated",
      message: audit.comment && String(audit.comment.id),
      conversation: String(ticket.id),
      app: app.name,
      url: app.webhook,
      request() {
        const at = timestamp(Date.now());
        return {
          body,
          headers: {
            "content-type": "application/json; charset=utf-8",
            accept: "*/*",
            "user-agent": "Zendesk Webhook",
            "x-zendesk-account-id": "12514403",
            "x-zendesk-webhook-id": app.webhookId,
            "x-zendesk-webhook-invocation-id": invocation,
            "x-zendesk-webhook-signature-timestamp": at,
            "x-zendesk-webhook-signature": signature({ secret: app.webhookSecret, timestamp: at, body }),
          },
        };
      },
    });
  }

  return {
    list: () => [...triggers.values()],
    get: (id: number) => triggers.get(id),
    set: (trigger: Trigger) => void triggers.set(trigger.id, trigger),
    delete: (id: number) => triggers.delete(id),

    connected(app: App): void {
      if (!this.list().some(({ webhookId }) => webhookId === app.webhookId)) addDefaults(app);
    },

    /** All of them look at a change, and at most one request each comes of it. */
    run(ticket: Ticket, audit: Audit): void {
      for (const trigger of triggers.values()) {
        const app = world.apps().find(({ webhookId }) => webhookId === trigger.webhookId);
        if (app && fits(trigger, ticket, audit)) send(app, trigger, ticket, audit);
      }
    },

    reset(): void {
      triggers = new Map();
      for (const app of world.apps()) addDefaults(app);
    },
  };
}
