import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TwitterOptions, twitter } from "../../../src/adapters/twitter/index.ts";
import type { Conversation, OutgoingReply, WebhookRequest } from "../../../src/core/index.ts";
import { request, type StartOptions, startAdapter } from "../stage.ts";

export const secret = "z3ZX4v7mAAUGykl2EcmkqbVn8cAKoIPnLm2wCLvSFRrJYfXYr2";
export const bot = "2244994945";
export const jordan = "3001969357";

const KEYS = { appKey: "key", appSecret: secret, accessToken: `${bot}-token`, accessSecret: "access secret" };

/** A started adapter that is fed by hand. */
export async function startTwitter(options: TwitterOptions = {}, start: StartOptions = {}) {
  return startAdapter(twitter({ ...KEYS, ...options }), start);
}

/** A payload of X, anew for each caller. */
// biome-ignore lint/suspicious/noExplicitAny: a test changes what it likes
export function fixture(name: string): any {
  return JSON.parse(readFileSync(join(import.meta.dirname, `../../fixtures/twitter/${name}.json`), "utf8"));
}

/** A request as X signs it: bytes and text go as they are, an object as JSON. */
export function signed(body: unknown, key = secret): WebhookRequest {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const signature = `sha256=${createHmac("sha256", key).update(bytes).digest("base64")}`;
  const headers = { "content-type": "application/json", "x-twitter-webhooks-signature": signature };
  return request({ path: "/twitter/webhook", headers, body: bytes });
}

export function challenge(query: string): WebhookRequest {
  return request({ method: "GET", path: "/twitter/webhook", query });
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

export function direct(id: string): Conversation {
  return { adapter: "twitter", account: bot, id, isDirect: true };
}
