import { createHmac } from "node:crypto";
import { type SlackOptions, slack } from "../../../src/adapters/slack/index.ts";
import {
  type Adapter,
  type Event,
  type Log,
  type OutgoingReply,
  type Receive,
  systemClock,
  type WebhookRequest,
  type WebhookResponse,
} from "../../../src/core/index.ts";
import { createStore } from "../../../src/core/store.ts";
import { memory } from "../../../src/storage/memory/index.ts";

export const secret = "8f742231b10e8888abcd99yyyzzz85a5";
export const now = 1_800_000_010_000;
export const to = {
  adapter: "slack",
  account: "T0A1B2C3D",
  id: "C0A1B2C3D",
  thread: "1800000000.000100",
  isDirect: false,
};
/** What Slack answers to a post. */
export const posted = { ok: true, channel: "C0A1B2C3D", ts: "1800000300.000400" };

export interface Started {
  readonly adapter: Adapter;
  readonly events: Event[];
  /** How many events of kinds that no plugin can ask for. */
  readonly ignored: () => number;
  readonly lines: { readonly level: string; readonly fields: object; readonly sentence: string }[];
  /** Delivers a signed request as Slack would. */
  deliver(body: unknown, change?: Partial<WebhookRequest>): Promise<WebhookResponse>;
}

/** A started adapter whose bot keeps what it receives in a list. */
export async function startSlack(options: SlackOptions, receive?: Receive): Promise<Started> {
  const adapter = slack({ token: "xoxb-1", signingSecret: secret, botUserId: "U0BOTUSER", ...options });
  const events: Event[] = [];
  const lines: Started["lines"] = [];
  let ignored = 0;
  const line = (level: string) => (fields: object, sentence: string) => void lines.push({ level, fields, sentence });
  const log: Log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const clock = { ...systemClock, now: () => now, after: () => () => {} };
  const storage = memory();
  await storage.open({ clock, log });
  const store = createStore(storage.values, "adapter:slack", clock.now);
  const vault = undefined as never;
  await adapter.start({
    receive:
      receive ??
      (async (event) => {
        events.push(event);
        return { event: `slack ${event.kind} ${event.id}`, duplicate: false };
      }),
    store,
    vault,
    url: "http://127.0.0.1:3000",
    ignore() {
      ignored += 1;
    },
    clock,
    log,
  });
  return {
    adapter,
    events,
    ignored: () => ignored,
    lines,
    deliver: (body, change) => adapter.webhook!({ ...signed(body, options.signingSecret ?? secret), ...change }),
  };
}

/** A request as Slack signs it: bytes and text go as they are, an object as JSON. */
export function signed(body: unknown, key = secret, type = "application/json"): WebhookRequest {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const timestamp = String(now / 1000);
  const signature = `v0=${createHmac("sha256", key).update(`v0:${timestamp}:`).update(bytes).digest("hex")}`;
  const headers = { "content-type": type, "x-slack-signature": signature, "x-slack-request-timestamp": timestamp };
  return { method: "POST", path: "/slack/events", query: "", headers, body: bytes };
}

/** A reply as core hands it over. */
export function reply(parts: Partial<OutgoingReply> = {}): OutgoingReply {
  return {
    ref: "store:1:reply",
    text: "Hi **Ada**",
    attachments: [],
    buttons: [],
    visibility: "everyone",
    since: now,
    ...parts,
  };
}
