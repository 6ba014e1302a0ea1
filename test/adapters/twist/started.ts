import { readFileSync } from "node:fs";
import { type TwistOptions, twist } from "../../../src/adapters/twist/index.ts";
import type { Adapter, OutgoingReply, WebhookRequest } from "../../../src/core/index.ts";
import { request, type StartedAdapter, type StartOptions, startAdapter } from "../stage.ts";
import { createFakeTwist, type FakeTwist } from "./fake-twist.ts";

export const verifyToken = "221_3c2cabcdef";
/** 2026-11-21 01:00 UTC; the fixtures' callbacks are good for half an hour more. */
export const now = 1_795_222_800_000;
export const thread = { adapter: "twist", account: "5517", id: "6984", thread: "180000", isDirect: false };
export const direct = { adapter: "twist", account: "5517", id: "conversation/296779", isDirect: true };

export interface StartedTwist extends AsyncDisposable {
  readonly adapter: Adapter;
  readonly api: FakeTwist;
  readonly started: StartedAdapter;
}

/** A started adapter over a Twist that answers as the test says. */
export async function startTwist(options: TwistOptions = {}, start: StartOptions = {}): Promise<StartedTwist> {
  const api = await createFakeTwist();
  const { apiUrl, oauthUrl } = api;
  const adapter = twist({ token: "token-1", verifyToken, apiUrl, oauthUrl, timeout: 500, ...options });
  const started = await startAdapter(adapter, { now: () => now, ...start });
  return {
    adapter,
    api,
    started,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

/** A fixture's form with some of its fields changed; undefined takes one away. */
export function form(name: string, changes: Readonly<Record<string, string | undefined>> = {}): string {
  const fields = new URLSearchParams(readFixture(`${name}.txt`));
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) fields.delete(key);
    else fields.set(key, value);
  }
  return fields.toString();
}

export function posted(body: string | Uint8Array, more: Partial<WebhookRequest> = {}): WebhookRequest {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return request({ path: "/twist", headers, ...more, body });
}

/** A post as the API lists it. */
export function item(name: "message" | "comment" | "thread", changes: object = {}): Record<string, unknown> {
  return { ...JSON.parse(readFixture(`${name}.json`)), ...changes };
}

function readFixture(file: string): string {
  return readFileSync(new URL(`../../fixtures/twist/${file}`, import.meta.url), "utf8");
}

/** A reply as core hands it over. */
export function reply(parts: Partial<OutgoingReply> = {}): OutgoingReply {
  return {
    ref: "store.1.reply:0",
    text: "Hi **Ada**",
    attachments: [],
    buttons: [],
    visibility: "everyone",
    author: "10073",
    since: now,
    ...parts,
  };
}
