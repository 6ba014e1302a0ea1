import { twist } from "../../../src/adapters/twist/index.ts";
import type { WebhookRequest } from "../../../src/core/index.ts";
import type { AdapterSubject, EventFixture } from "../../../src/testing/index.ts";
import { FORM, formFixture, openSimulated, type Simulated } from "../contract-stage.ts";

/** Twist, as the contract of all adapters sees it. */
export function twistSubject(onCall?: Simulated["onCall"]): AdapterSubject {
  return {
    abilities: [
      "webhook",
      "edit",
      "delete",
      "react",
      "find",
      "threads",
      "mute",
      "history",
      "user",
      "check",
      "uninstall",
    ],
    longestPost: 10_000,
    fixtures: FIXTURES,
    open: (bot) =>
      openSimulated(bot, {
        create: () => twist({ pace: false, timeout: "1s" }),
        isInstalled: true,
        // It has two ways to post, and takes the other one when the first fails.
        faultsOn: "*",
        secrets: ["token", "verifyToken", "clientSecret"],
        // The token that proves where it comes from is a field like the others.
        sign({ body, contentType = "application/json" }, { credentials }) {
          const headers = { "content-type": contentType };
          if (contentType !== FORM || typeof body !== "string") return { headers, body: Buffer.from(body) };
          return { headers, body: Buffer.from(`${body}&verify_token=${credentials.verifyToken}`) };
        },
        forge: (request) =>
          [
            (form: URLSearchParams) => form.delete("verify_token"),
            (form: URLSearchParams) => form.set("verify_token", ""),
            (form: URLSearchParams) => form.set("verify_token", "a guess"),
            (form: URLSearchParams) => form.append("verify_token", "another"),
          ].map((change) => changed(request, change)),
        ...(onCall && { onCall }),
      }),
  };
}

function changed(request: WebhookRequest, change: (form: URLSearchParams) => void): WebhookRequest {
  const form = new URLSearchParams(Buffer.from(request.body).toString());
  change(form);
  return { ...request, body: Buffer.from(form.toString()) };
}

const CALLBACK = {
  url_callback: "https://twist.com/api/v3/integration_incoming/post_data?key=1",
  url_ttl: "1800001800",
};
const ADA = { workspace_id: "1001", user_id: "2002", user_name: "ada" };
const DIRECT = { conversation_id: "3003", conversation_title: "ada, moe", message_id: "4004", ...CALLBACK };
const CHANNEL = { channel_id: "5005", channel_name: "general", ...CALLBACK };
const author = { id: "2002", name: "ada", isBot: false };

const FIXTURES: readonly EventFixture[] = [
  formFixture(
    "a direct message",
    { event_type: "message", ...ADA, ...DIRECT, content: "Where is my pizza?" },
    {
      kind: "message",
      id: "4004",
      key: "message/4004",
      text: "Where is my pizza?",
      isMention: true,
      author,
      conversation: { account: "1001", isDirect: true },
    },
  ),
  formFixture(
    "a thread",
    { event_type: "thread", ...ADA, ...CHANNEL, thread_id: "6006", thread_title: "Pizza", content: "Who wants some?" },
    {
      kind: "message",
      id: "6006",
      key: "thread/6006",
      text: "Who wants some?",
      isMention: false,
      author,
      conversation: { id: "5005", thread: "6006", isDirect: false },
    },
  ),
  formFixture(
    "a comment",
    {
      event_type: "comment",
      ...ADA,
      ...CHANNEL,
      thread_id: "6006",
      thread_title: "Pizza",
      comment_id: "7007",
      content: "I do.",
    },
    { kind: "message", id: "7007", key: "comment/7007", text: "I do.", conversation: { thread: "6006" } },
  ),
  formFixture(
    "its own message",
    { event_type: "message", ...ADA, user_id: "$botUserId", user_name: "moe", ...DIRECT, content: "On the way." },
    { kind: "message", author: { isBot: true, isSelf: true } },
  ),
  formFixture("a ping", { event_type: "ping" }),
  formFixture("an event of a kind it does not know", { event_type: "party", ...ADA }),
];
