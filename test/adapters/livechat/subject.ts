import { livechat } from "../../../src/adapters/livechat/index.ts";
import type { WebhookRequest } from "../../../src/core/index.ts";
import type { AdapterSubject, EventFixture, ExpectedEvent } from "../../../src/testing/index.ts";
import { openSimulated, type Simulated } from "../contract-stage.ts";

/** LiveChat, as the contract of all adapters sees it. */
export function livechatSubject(onCall?: Simulated["onCall"]): AdapterSubject {
  return {
    abilities: ["webhook", "typing", "find", "download", "history", "user", "check", "uninstall"],
    audiences: ["agents"],
    longestPost: 16_384,
    fixtures: FIXTURES,
    open: (bot) =>
      openSimulated(bot, {
        create: () => livechat({ pace: false, timeout: "1s" }),
        secrets: ["clientSecret", "webhookSecret", "personalAccessToken"],
        isInstalled: true,
        // The secret that proves where it comes from is a field of the body.
        sign({ body, contentType = "application/json" }, { credentials }) {
          const headers = { "content-type": contentType };
          if (typeof body !== "string" || !body.startsWith('{"')) return { headers, body: Buffer.from(body) };
          return { headers, body: Buffer.from(`{"secret_key":"${credentials.webhookSecret}",${body.slice(1)}`) };
        },
        forge: (request) =>
          [undefined, "", "a guess", 1, null, {}, ["a guess"]].map((secret) => changed(request, secret)),
        ...(onCall && { onCall }),
      }),
  };
}

function changed(request: WebhookRequest, secret: unknown): WebhookRequest {
  const fields = JSON.parse(Buffer.from(request.body).toString()) as object;
  return { ...request, body: Buffer.from(JSON.stringify({ ...fields, secret_key: secret })) };
}

const CUSTOMER = "b7eff798-f8df-4364-8059-649c35c9ed0c";
const AGENT = "grace@example.com";
const CHAT = "PJ0MRSHTDG";

const message = {
  id: "Q20N9CKRX2_1",
  created_at: "2027-01-15T08:00:00.123456Z",
  type: "message",
  author_id: CUSTOMER,
  text: "Where is my pizza?",
  visibility: "all",
};

const hook = (name: string, action: string, payload: object, ...events: ExpectedEvent[]): EventFixture => ({
  name,
  body: JSON.stringify({ webhook_id: "w1", action, organization_id: "$organizationId", payload, additional_data: {} }),
  events,
});

const incoming = (event: object) => ({ chat_id: CHAT, thread_id: "K600PKZON8", event });

const FIXTURES: readonly EventFixture[] = [
  hook("a customer's message", "incoming_event", incoming(message), {
    kind: "message",
    id: "Q20N9CKRX2_1",
    text: "Where is my pizza?",
    author: { id: CUSTOMER, isBot: false },
    conversation: { id: CHAT },
    sentAt: "2027-01-15T08:00:00.123Z",
  }),
  hook(
    "a whisper of the staff",
    "incoming_event",
    incoming({ ...message, id: "Q20N9CKRX2_2", author_id: AGENT, visibility: "agents" }),
    { kind: "message", visibility: "agents", author: { id: AGENT, isAgent: true } },
  ),
  hook(
    "a file",
    "incoming_event",
    incoming({
      ...message,
      id: "Q20N9CKRX2_3",
      type: "file",
      text: undefined,
      name: "menu.png",
      content_type: "image/png",
      size: 68,
      url: "https://cdn.livechat-files.com/api/file/lc/img/1/menu.png",
    }),
    { kind: "message", text: "" },
  ),
  hook(
    "a chat that begins with a message",
    "incoming_chat",
    {
      requester_id: CUSTOMER,
      chat: {
        id: CHAT,
        users: [{ id: CUSTOMER, type: "customer", name: "Ada", email: "ada@example.com" }],
        thread: { id: "K600PKZON8", active: true, events: [{ ...message, id: "Q20N9CKRX2_4" }] },
      },
    },
    { kind: "message", id: "Q20N9CKRX2_4", author: { name: "Ada", email: "ada@example.com" } },
  ),
  hook("a system's note", "incoming_event", incoming({ ...message, type: "system_message", system_message_type: "x" })),
  hook("an event of a kind it does not know", "chat_party", { chat_id: CHAT }),
];
