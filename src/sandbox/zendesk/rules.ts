import { type Call, fail, invalid, listOf, type Methods, notFound, objectOf, textOf } from "./method.ts";
import { type Condition, isKnownCondition, type Trigger } from "./triggers.ts";
import type { Json } from "./wire.ts";

/** Triggers and webhooks, as an administrator sets them up. https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/ */
export const ruleMethods: Methods = {
  ListTriggers: ({ triggers, url }) => {
    const list = triggers.list().map((trigger) => wireTrigger(trigger, url));
    return { triggers: list, next_page: null, previous_page: null, count: list.length };
  },
  ShowTrigger: (call) => ({ trigger: wireTrigger(triggerOf(call), call.url) }),
  CreateTrigger(call) {
    const trigger = readTrigger(call, call.world.numbers.row());
    call.triggers.set(trigger);
    return Response.json({ trigger: wireTrigger(trigger, call.url) }, { status: 201 });
  },
  UpdateTrigger(call) {
    const known = triggerOf(call);
    const trigger = readTrigger(call, known.id, known);
    call.triggers.set(trigger);
    return { trigger: wireTrigger(trigger, call.url) };
  },
  DeleteTrigger(call) {
    call.triggers.delete(triggerOf(call).id);
    return new Response(null, { status: 204 });
  },
  ListWebhooks: ({ world }) => ({
    webhooks: world.apps().map(({ webhookId: id, name, webhook: endpoint }) => ({
      id,
      name,
      endpoint,
      http_method: "POST",
      request_format: "json",
      status: "active",
      subscriptions: ["conditional_ticket_events"],
    })),
    meta: { has_more: false, after_cursor: null, before_cursor: null },
    links: { next: null, prev: null },
  }),
  ShowSigningSecret({ world, ids }) {
    const app = world.apps().find(({ webhookId }) => webhookId === ids[0]) ?? notFound();
    return { signing_secret: { algorithm: "sha256", secret: app.webhookSecret } };
  },
};

function triggerOf({ triggers, ids }: Call): Trigger {
  return triggers.get(Number(ids[0])) ?? notFound();
}

function readTrigger({ body, world }: Call, id: number, known?: Trigger): Trigger {
  const given = objectOf(body.trigger) ?? fail(400, "ParameterMissing", "Parameter trigger is required");
  const { all, any } = objectOf(given.conditions) ?? known ?? {};
  const actions = listOf(given.actions).map(objectOf);
  const action = actions.find((one) => one?.field === "notification_webhook");
  const [webhookId, template] = action ? listOf(action.value) : [known?.webhookId, known?.body];
  if (!world.apps().some((app) => app.webhookId === webhookId))
    return invalid("actions", "Actions: webhook is not found");
  return {
    id,
    title: textOf(given.title) ?? known?.title ?? invalid("title", "Title: cannot be blank", "BlankValue"),
    active: typeof given.active === "boolean" ? given.active : (known?.active ?? true),
    all: readConditions(all),
    any: readConditions(any),
    webhookId: String(webhookId),
    body: textOf(template) ?? "",
  };
}

function readConditions(given: unknown): readonly Condition[] {
  return listOf(given).map((one) => {
    const { field, operator, value } = objectOf(one) ?? {};
    const condition = { field: String(field), operator: String(operator), value };
    return isKnownCondition(condition) ? condition : invalid("conditions", `Conditions: ${field} is not known here`);
  });
}

function wireTrigger({ id, title, active, all, any, webhookId, body }: Trigger, url: string): Json {
  return {
    url: `${url}/api/v2/triggers/${id}.json`,
    id,
    title,
    raw_title: title,
    active,
    conditions: { all, any },
    actions: [{ field: "notification_webhook", value: [webhookId, body] }],
  };
}
