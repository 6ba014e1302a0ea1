import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { type TwilioOptions, twilio } from "../../../src/adapters/twilio/index.ts";
import type { Adapter, OutgoingReply, WebhookRequest } from "../../../src/core/index.ts";
import { request, type StartedAdapter, type StartOptions, startAdapter } from "../stage.ts";

export const token = "0123456789abcdef0123456789abcdef";
export const accountSid = "AC0123456789abcdef0123456789abcdef";
export const ours = "+16505552222";
export const to = { adapter: "twilio", account: ours, id: "+16505551111", isDirect: true };

/** A form as Twilio sends it, with invented ids; `change` sets fields, undefined takes one away. */
export function fixture(name: string, change: Readonly<Record<string, string | undefined>> = {}): string {
  const url = new URL(`../../fixtures/twilio/${name}.txt`, import.meta.url);
  const form = new URLSearchParams(readFileSync(url, "utf8"));
  for (const [field, value] of Object.entries(change)) {
    if (value === undefined) form.delete(field);
    else form.set(field, value);
  }
  return form.toString();
}

/** A request as Twilio signs it. */
export function signed(
  form: string,
  { url = "https://bot.example.com/twilio/sms", key = token, ...change }: SignOptions = {},
): WebhookRequest {
  const fields = [...new URLSearchParams(form)].map(([name, value]) => name + value);
  const signature = createHmac("sha1", key)
    .update(url + [...new Set(fields)].sort().join(""))
    .digest("base64");
  return request({
    path: new URL(url).pathname,
    query: new URL(url).search.slice(1),
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8", "x-twilio-signature": signature },
    body: form,
    ...change,
  });
}

export interface SignOptions extends Partial<Omit<WebhookRequest, "body">> {
  readonly url?: string;
  readonly key?: string;
}

/** A started adapter of which the test is the platform. */
export async function startTwilio(
  options: TwilioOptions = {},
  start: StartOptions = {},
): Promise<StartedAdapter & { readonly adapter: Adapter }> {
  const adapter = twilio({ accountSid, authToken: token, from: ours, ...options });
  const started = await startAdapter(adapter, start);
  return Object.assign(started, { adapter });
}

/** A reply as core hands it over. */
export function reply(parts: Partial<OutgoingReply> = {}): OutgoingReply {
  return {
    ref: "store.1.reply",
    text: "Hi **Ada**",
    attachments: [],
    buttons: [],
    visibility: "everyone",
    since: Date.now(),
    ...parts,
  };
}
