import { readFileSync } from "node:fs";
import { type LiveChatOptions, livechat } from "../../../src/adapters/livechat/index.ts";
import type { Receive, WebhookRequest } from "../../../src/core/index.ts";
import { request, startAdapter } from "../stage.ts";

export const secret = "a secret of our own";
export const account = "390e44e6-f1e6-4368-a6dd-74f14508c2ea";
export const bot = "5c9871d5372c824cbf22d860a707a578";
export const customer = "b7eff798-f8df-4364-8059-649c35c9ed0c";

// biome-ignore lint/suspicious/noExplicitAny: a fixture is what the platform sends
type Body = Record<string, any>;

/** A body as LiveChat sends it. */
export function fixture(name: string): Body {
  return JSON.parse(readFileSync(new URL(`../../fixtures/livechat/${name}.json`, import.meta.url), "utf8")) as Body;
}

/** A webhook with this body: a text goes as it is. */
export function webhook(body: unknown): WebhookRequest {
  const text = body instanceof Uint8Array || typeof body === "string" ? body : JSON.stringify(body);
  return request({ path: "/livechat/webhook", headers: { "content-type": "application/json" }, body: text });
}

/** A started adapter that is installed on one license, with nobody at the other end of its calls. */
export async function startInstalled(options: LiveChatOptions = {}, receive?: Receive, now?: () => number) {
  const adapter = livechat({
    clientId: "client",
    clientSecret: "client secret",
    webhookSecret: secret,
    apiUrl: "http://127.0.0.1:9",
    accountsUrl: "http://127.0.0.1:9",
    ...options,
  });
  const started = await startAdapter(adapter, { ...(receive && { receive }), ...(now && { now }) });
  const login = { id: bot, secret: "bot secret", token: "dal:bot", expiresAt: Number.MAX_SAFE_INTEGER };
  await started.host.vault.set("license:100012345", account);
  await started.host.vault.set(`installation:${account}`, { account, license: "100012345", bot: login });
  return { ...started, adapter, [Symbol.asyncDispose]: () => started[Symbol.asyncDispose]() };
}
