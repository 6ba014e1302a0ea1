import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox, type ShownMessage } from "../../src/sandbox/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
type Wire = any;

const URL_BASE = "http://sandbox.example";
let sandbox: Sandbox;
let credentials: Readonly<Record<string, string>>;
let bot: Awaited<ReturnType<typeof openBot>>;

/** A bot's webhook that keeps the forms it gets; it answers with `answers` in order, then with an empty 200. */
async function openBot() {
  const forms: Readonly<Record<string, string>>[] = [];
  const answers: { readonly status?: number; readonly type?: string; readonly body: string }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    expect(request.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    forms.push(Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())));
    const { status = 200, type = "application/json", body } = answers.shift() ?? { body: "" };
    response.writeHead(status, { "content-type": type }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    forms,
    answers,
    webhook: `http://127.0.0.1:${(server.address() as AddressInfo).port}/twist`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

beforeEach(async () => {
  bot = await openBot();
  sandbox = createSandbox({ url: () => URL_BASE, retryDelays: [0, 5], botName: "moe" });
  credentials = sandbox.connect({ platform: "twist", name: "twist", webhook: bot.webhook })!;
});
afterEach(async () => {
  await sandbox.close();
  bot.close();
});

async function control(path: string, body?: object): Promise<Wire> {
  const init = body && {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  return (await sandbox.fetch(new Request(`${URL_BASE}/sandbox/twist/${path}`, init))).json();
}

async function api(name: string, body: object | undefined, token: string | undefined = credentials.token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const init = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  const response = await sandbox.fetch(new Request(`${credentials.apiUrl}${name}`, init));
  return { status: response.status, json: (await response.json()) as Wire };
}

/** Resolves once every event was delivered. */
async function settle() {
  await expect.poll(() => control("deliveries?pending=1"), { interval: 5 }).toEqual([]);
}

const say = async (text: string, more: object = {}): Promise<string> => (await control("say", { text, ...more })).id;
const messages = (conversation = "general"): Promise<readonly ShownMessage[]> =>
  control(`messages?conversation=${encodeURIComponent(conversation)}`);

test("what people say arrives as Twist's form, with what is needed to answer", async () => {
  const message = await say("status please", { conversation: "dm" });
  const thread = await say("First line\nsecond", { conversation: "general" });
  const comment = await say("@moe any update?", { conversation: "general", thread, user: "grace" });
  await settle();
  const [first, second, third] = [message, thread, comment].map(
    (id) => bot.forms.find((form) => [form.message_id, form.comment_id ?? form.thread_id].includes(id))!,
  );
  expect(first).toEqual({
    event_type: "message",
    verify_token: credentials.verifyToken,
    workspace_id: expect.stringMatching(/^\d+$/),
    user_id: expect.stringMatching(/^\d+$/),
    user_name: "ada",
    content: "status please",
    conversation_id: expect.stringMatching(/^\d+$/),
    conversation_title: "ada, moe",
    message_id: message,
    url_callback: expect.stringContaining("/integration_incoming/"),
    url_ttl: expect.stringMatching(/^\d{10}$/),
  });
  expect(second).toMatchObject({
    event_type: "thread",
    thread_id: thread,
    thread_title: "First line",
    channel_name: "general",
  });
  expect(third).toMatchObject({
    event_type: "comment",
    thread_id: thread,
    comment_id: comment,
    user_name: "grace",
    content: `[moe](twist-mention://${credentials.botUserId}) any update?`,
  });
});

test("the content of an answer is shown as the bot's, in whichever form it comes", async () => {
  bot.answers.push(
    { body: '{"content":"in **JSON**"}' },
    { type: "text/plain", body: "as text" },
    { status: 202, body: "later" },
  );
  const thread = await say("one", { conversation: "random" });
  await settle();
  await say("two", { conversation: "random", thread });
  await settle();
  await say("three", { conversation: "random", thread });
  await settle();
  const shown = (await messages("random")).filter((message) => message.id === thread || message.thread === thread);
  expect(shown.map(({ text, self }) => [text, self])).toEqual([
    ["one", false],
    ["in **JSON**", true],
    ["two", false],
    ["as text", true],
    ["three", false],
  ]);
  expect(bot.forms.map(({ content }) => content)).toEqual(["one", "two", "three"]);
});

test("an event that is not taken comes again, the same", async () => {
  bot.answers.push({ status: 503, body: "" });
  await say("again", { conversation: "dm" });
  await expect.poll(() => bot.forms.length, { interval: 5 }).toBe(2);
  expect(bot.forms[1]).toEqual(bot.forms[0]);
});

test("a callback takes answers, as JSON or as a form, until it is forgotten", async () => {
  await say("hello", { conversation: "dm" });
  await settle();
  const url = bot.forms[0]!.url_callback!;
  const post = async (body: string, type: string) => {
    const headers = { "content-type": type };
    const response = await sandbox.fetch(new Request(url, { method: "POST", headers, body }));
    return { status: response.status, json: (await response.json()) as Wire };
  };
  expect((await post('{"content":"first"}', "application/json")).status).toBe(200);
  expect((await post("content=second", "application/x-www-form-urlencoded")).status).toBe(200);
  expect(await post("", "application/x-www-form-urlencoded")).toMatchObject({ status: 400, json: { error_code: 19 } });
  expect((await messages("@ada")).map(({ text }) => text)).toEqual(["hello", "first", "second"]);
  await control("uninstall", {});
  expect(await post('{"content":"late"}', "application/json")).toMatchObject({
    json: { error_string: expect.any(String) },
  });
  await settle();
  expect(bot.forms.at(-1)).toMatchObject({ event_type: "uninstall", install_id: expect.stringMatching(/^\d+$/) });
});

test("the API answers bad calls as Twist does", async () => {
  const thread = Number(await say("mine", { conversation: "random" }));
  const me = credentials.botUserId;
  expect(await api("users/get_session_user", undefined)).toMatchObject({
    status: 200,
    json: { id: Number(me), name: "moe", bot: true },
  });
  const refused = async (...call: Parameters<typeof api>) => {
    const { status, json } = await api(...call);
    expect(json).toMatchObject({ error_uuid: expect.any(String), error_extra: {}, error_string: expect.any(String) });
    return [status, json.error_code];
  };
  expect(await refused("users/get_session_user", undefined, "wrong")).toEqual([403, 200]);
  expect(await refused("users/get_session_user", undefined, "")).toEqual([401, 120]);
  expect(await refused("comments/add", { content: "x" })).toEqual([400, 19]);
  expect(await refused("comments/add", { thread_id: "x", content: "x" })).toEqual([400, 20]);
  expect(await refused("comments/add", { thread_id: 1, content: "x" })).toEqual([404, 108]);
  expect(await refused("comments/add", { thread_id: thread })).toEqual([400, 19]);
  expect(await refused("comments/add", { thread_id: thread, content: "x".repeat(100_001) })).toEqual([413, 205]);
  expect(await refused("threads/update", { id: thread, content: "yours" })).toEqual([403, 109]);
  expect(await refused("comments/remove", { id: thread })).toEqual([404, 115]);
  expect(await refused("conversation_messages/get?conversation_id=1", undefined)).toEqual([404, 124]);
  expect(await refused("channels/get?workspace_id=1", undefined)).toEqual([404, 105]);
  expect(await refused("reactions/add", { thread_id: thread, reaction: "" })).toEqual([400, 19]);
  expect((await api("reactions/add", { thread_id: thread, reaction: "👍" })).json).toEqual({ status: "ok" });
  expect(await refused("reactions/add", { thread_id: thread, reaction: "👍" })).toEqual([409, 131]);
});

test("comments come newest first, or by their index; threads by when they were last heard of", async () => {
  const thread = await say("root", { conversation: "support" });
  for (const text of ["a", "b", "c"]) await say(text, { conversation: "support", thread });
  const texts = async (query: string) =>
    (await api(`comments/get?thread_id=${thread}${query}`, undefined)).json.map((each: Wire) => each.content);
  expect(await texts("")).toEqual(["c", "b", "a"]);
  expect(await texts("&limit=1")).toEqual(["c"]);
  expect(await texts("&from_obj_index=1&to_obj_index=2")).toEqual(["a", "b"]);
  expect(await texts("&from_obj_index=1&to_obj_index=2&order_by=DESC")).toEqual(["b", "a"]);
  const root = (await api(`threads/getone?id=${thread}`, undefined)).json;
  expect(root).toMatchObject({ title: "root", comment_count: 3, last_obj_index: 3, closed: false });
  const { json } = await api(`threads/get?channel_id=${root.channel_id}`, undefined);
  expect(json.map(({ title }: Wire) => title)).toEqual(["root", "Login is slow"]);
  const older = await api(`threads/get?channel_id=${root.channel_id}&older_than_ts=${root.last_updated_ts}`, undefined);
  expect(older.json.map(({ title }: Wire) => title)).toEqual(["Login is slow"]);
});

test("a comment can close its thread", async () => {
  const thread = await say("root", { conversation: "support" });
  await api("comments/add", { thread_id: thread, content: "Done.", thread_action: "close" });
  expect((await api(`threads/getone?id=${thread}`, undefined)).json.closed).toBe(true);
});

test("a direct conversation is nobody else's", async () => {
  const { json: people } = await api("../v4/workspace_users/get?id=1", undefined);
  expect(people).toMatchObject({ error_code: 105 });
  const message = await say("secret", { conversation: "@grace" });
  expect((await api(`conversation_messages/getone?id=${message}`, undefined)).json.content).toBe("secret");
  const other = sandbox.connect({ platform: "twist", name: "other", webhook: bot.webhook })!;
  expect((await api(`conversation_messages/getone?id=${message}`, undefined, other.token)).json.error_code).toBe(109);
});

test("a code is good once, for its own bot and its own address", async () => {
  const redirect_uri = `${new URL(bot.webhook).origin}/twist/oauth`;
  const asked = { client_id: credentials.clientId!, state: "s", redirect_uri, response_type: "code" };
  const authorize = (change: object) =>
    sandbox.fetch(new Request(`${credentials.oauthUrl}authorize?${new URLSearchParams({ ...asked, ...change })}`));
  expect((await authorize({ client_id: "x" })).status).toBe(400);
  expect((await authorize({ redirect_uri: "https://example.com/" })).status).toBe(400);
  expect((await authorize({ deny: "1" })).headers.get("location")).toBe(`${redirect_uri}?state=s&error=access_denied`);
  const back = new URL((await authorize({})).headers.get("location")!);
  const form = {
    client_id: credentials.clientId!,
    client_secret: credentials.clientSecret!,
    code: back.searchParams.get("code")!,
    redirect_uri,
    grant_type: "authorization_code",
  };
  const exchange = async (change: object = {}) => {
    const body = new URLSearchParams({ ...form, ...change });
    return (await sandbox.fetch(new Request(`${credentials.oauthUrl}access_token`, { method: "POST", body }))).json();
  };
  expect(await exchange({ client_secret: "x" })).toEqual({ error: "invalid_client" });
  expect(await exchange({ redirect_uri: "x" })).toEqual({ error: "invalid_grant" });
  const { access_token, token_type } = (await exchange()) as Wire;
  expect(token_type).toBe("Bearer");
  expect((await api("users/get_session_user", undefined, access_token)).json).toMatchObject({
    name: "ada",
    bot: false,
  });
  expect(await exchange()).toEqual({ error: "invalid_grant" });
});

test("people change, delete and react; the archive is closed to them", async () => {
  const id = await say("typo", { conversation: "random" });
  await control("edit", { id, text: "right", conversation: "random" });
  await control("react", { id, name: "tada", conversation: "random" });
  expect((await messages("random")).at(-1)).toMatchObject({
    edited: true,
    reactions: [{ name: "tada", users: ["ada"] }],
  });
  await control("delete", { id, conversation: "random" });
  expect((await messages("random")).map((message) => message.id)).not.toContain(id);
  expect(await control("say", { text: "x", conversation: "attic" })).toMatchObject({
    error: { code: "SANDBOX_INPUT" },
  });
  expect(await control("say", { text: "x", conversation: "dm", thread: "1" })).toMatchObject({
    error: { code: "SANDBOX_INPUT" },
  });
  expect(await control("say", { text: "x", conversation: "general", thread: "1" })).toMatchObject({
    error: { code: "SANDBOX_INPUT" },
  });
});

test("a reset brings the first threads back; what is said then has ids that no bot has heard of", async () => {
  const before = (await messages()).map(({ id, text }) => [id, text]);
  expect(before).toHaveLength(2);
  const id = await say("new");
  await sandbox.fetch(
    new Request(`${URL_BASE}/sandbox/reset`, { method: "POST", headers: { "content-type": "application/json" } }),
  );
  expect((await messages()).map(({ id, text }) => [id, text])).toEqual(before);
  expect(Number(await say("new again"))).toBeGreaterThan(Number(id));
});
