import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { expect, test } from "vitest";
import { createSandbox } from "../../src/sandbox/index.ts";

/** The simulator over HTTP, with an app that never answers a webhook, set up by its personal access token. */
async function openStage() {
  const sandbox = createSandbox({ url: () => url, retryDelays: [] });
  const server = createServer(getRequestListener(sandbox.fetch, { overrideGlobalObjects: false }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = sandbox.connect({ platform: "livechat", name: "livechat", webhook: `${url}/nowhere/webhook` })!;
  const { clientId, accountId, personalAccessToken, organizationId } = credentials;
  const basic = `Basic ${Buffer.from(`${accountId}:${personalAccessToken}`).toString("base64")}`;

  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
  async function call(path: string, body: object | string, authorization = basic): Promise<any> {
    const response = await fetch(`${url}/sandbox/livechat/api/v3.6/${path}`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, ...((await response.json()) as object) };
  }
  const { id, secret } = await call("configuration/action/create_bot", { name: "Moe" });
  const issue = { bot_id: id, bot_secret: secret, client_id: clientId, organization_id: organizationId };
  const { token } = await call("configuration/action/issue_bot_token", issue);
  return {
    url,
    credentials,
    id,
    issue,
    configure: (method: string, body: object | string, authorization?: string) =>
      call(`configuration/action/${method}`, body, authorization),
    asBot: (method: string, body: object | string) => call(`agent/action/${method}`, body, `Bearer ${token}`),
    async control<T>(path: string, body?: object): Promise<T> {
      const headers = { "content-type": "application/json" };
      const init = body && { method: "POST", headers, body: JSON.stringify(body) };
      return (await (await fetch(`${url}/sandbox${path}`, init)).json()) as T;
    },
    async chat() {
      const { platforms } = await this.control<{ platforms: { platform: string; conversations: { id: string }[] }[] }>(
        "",
      );
      return platforms.find(({ platform }) => platform === "livechat")!.conversations[0]!.id;
    },
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("calls are refused in LiveChat's own words", async () => {
  await using stage = await openStage();
  const { configure, asBot, issue, id } = stage;
  const chat = await stage.chat();
  const type = async (answer: Promise<{ status: number; error: { type: string } }>) => {
    const { status, error } = await answer;
    return `${status} ${error.type}`;
  };
  expect(await type(configure("list_bots", {}, "Bearer wrong"))).toBe("401 authentication");
  expect(await type(configure("list_bots", {}, "Basic d3Jvbmc6d3Jvbmc="))).toBe("401 authentication");
  expect(await type(configure("list_bots", "{"))).toBe("400 validation");
  expect(await type(configure("create_robot", {}))).toBe("404 not_found");
  expect(await type(configure("create_bot", {}))).toBe("400 validation");
  expect(await type(configure("issue_bot_token", { ...issue, bot_secret: "x" }))).toBe("401 authentication");
  expect(await type(configure("issue_bot_token", { ...issue, bot_id: "__proto__" }))).toBe("404 not_found");

  const event = { type: "message", text: "hi", visibility: "all" };
  expect(await type(asBot("send_event", { chat_id: "nowhere", event }))).toBe("404 not_found");
  expect(await type(asBot("send_event", { chat_id: chat, event }))).toBe("400 chat_inactive");
  await stage.control("/livechat/say", { text: "hello" });
  expect(await type(asBot("send_event", { chat_id: chat, event }))).toBe("403 authorization");
  const join = { chat_id: chat, user_id: id, user_type: "agent", visibility: "agents" };
  expect(await type(asBot("add_user_to_chat", join))).toBe("403 authorization");
  expect(await asBot("add_user_to_chat", { ...join, ignore_requester_presence: true })).toEqual({ status: 200 });
  expect(await type(asBot("add_user_to_chat", { ...join, ignore_requester_presence: true }))).toBe("400 validation");
  expect(await type(asBot("send_event", { chat_id: chat, event }))).toBe("403 authorization");
  const whisper = { ...event, visibility: "agents" };
  expect(await type(asBot("send_event", { chat_id: chat, event: { ...whisper, text: "x".repeat(16_385) } }))).toBe(
    "400 validation",
  );
  expect(await asBot("send_event", { chat_id: chat, event: whisper })).toMatchObject({ event_id: expect.any(String) });
});

test("at most three webhooks an action, and an off-line bot gets none", async () => {
  await using stage = await openStage();
  const webhook = { action: "incoming_event", url: `${stage.url}/nowhere/webhook`, secret_key: "s", type: "license" };
  for (let count = 0; count < 3; count++) expect((await stage.configure("register_webhook", webhook)).status).toBe(200);
  expect((await stage.configure("register_webhook", webhook)).error).toMatchObject({ type: "limit_reached" });
  await stage.configure("enable_license_webhooks", {});
  const deliveries = async () => (await stage.control<unknown[]>("/livechat/deliveries")).length;
  await stage.asBot("set_routing_status", { status: "not_accepting_chats" });
  await stage.control("/livechat/say", { text: "hello" });
  await stage.control("/livechat/say", { text: "is anybody there?" });
  // The first words of a chat are told of as a new chat, for which there is no webhook here.
  expect(await deliveries()).toBe(3);
  await stage.asBot("set_routing_status", { status: "offline" });
  await stage.control("/livechat/say", { text: "nobody listens" });
  expect(await deliveries()).toBe(3);
});

test("a customer speaks in a chat of their own, the staff in any", async () => {
  await using stage = await openStage();
  const say = (body: object) => stage.control<{ conversation: string }>("/livechat/say", body);
  expect(await say({ text: "hi" })).toMatchObject({ conversation: "ada" });
  expect(await say({ text: "hi", user: "bob" })).toMatchObject({ conversation: "bob" });
  expect(await say({ text: "hi", user: "zoe" })).toMatchObject({ conversation: "zoe" });
  expect(await say({ text: "hi", user: "grace", conversation: "bob" })).toMatchObject({ conversation: "bob" });
  expect(await say({ text: "hi", conversation: "bbo" })).toMatchObject({ error: { code: "SANDBOX_INPUT" } });
  const shown = await stage.control<{ author: string; text: string }[]>("/livechat/messages?conversation=bob");
  expect(shown.map(({ author, text }) => `${author}: ${text}`)).toEqual([
    "bob: hi",
    "LiveChat: grace joined the chat.",
    "grace: hi",
  ]);
});

test("the consent page knows its apps, and sends nobody elsewhere", async () => {
  await using stage = await openStage();
  const open = async (query: Record<string, string>) =>
    (await fetch(`${stage.url}/sandbox/livechat/accounts/?${new URLSearchParams(query)}`)).status;
  const good = { response_type: "code", client_id: stage.credentials.clientId!, redirect_uri: `${stage.url}/token` };
  expect(await open(good)).toBe(200);
  expect(await open({ ...good, client_id: "x" })).toBe(400);
  expect(await open({ ...good, redirect_uri: "https://evil.example.com/token" })).toBe(400);
  expect(await open({ ...good, redirect_uri: "nothing" })).toBe(400);
});

test("a reset forgets the chats and keeps the app", async () => {
  await using stage = await openStage();
  await stage.control("/livechat/say", { text: "hello" });
  await stage.control("/reset", {});
  expect(await stage.control("/livechat/messages")).toEqual([]);
  expect((await stage.asBot("set_routing_status", { status: "not_accepting_chats" })).status).toBe(200);
});
