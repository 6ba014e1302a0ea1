import { expect, test } from "vitest";
import { createResponses } from "../../src/sandbox/slack/responses.ts";
import { signature } from "../../src/sandbox/slack/signature.ts";
import { openStage } from "./stage.ts";

type Stage = Awaited<ReturnType<typeof openStage>>;

const BUTTONS = [
  {
    type: "actions",
    elements: [{ type: "button", action_id: "yes", value: "42", text: { type: "plain_text", text: "Yes" } }],
  },
];

async function postButtons(stage: Stage, more: object = {}): Promise<string> {
  const { ts } = await stage.api("chat.postMessage", { channel: "general", text: "Sure?", blocks: BUTTONS, ...more });
  return ts;
}

/** The first request of that kind. */
async function gets(stage: Stage, fits: (body: string) => boolean) {
  for (let count = 1; ; count++) {
    const last = (await stage.bot.gets(count)).at(-1)!;
    if (fits(last.body)) return last;
  }
}

const respond = (url: string, body: unknown) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

async function useCommand(stage: Stage, more: object = {}) {
  await stage.control("/slack/command", { name: "ticket", text: "open 42", ...more });
  return gets(stage, (body) => body.includes("command="));
}

test("a pressed button comes signed, as a form with one payload", async () => {
  await using stage = await openStage();
  const ts = await postButtons(stage);
  expect((await stage.control("/slack/press", { id: ts, button: "yes", user: "grace" })).status).toBe(200);
  const { headers, body, form } = await gets(stage, (text) => text.startsWith("payload="));
  expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
  const timestamp = String(headers["x-slack-request-timestamp"]);
  expect(headers["x-slack-signature"]).toBe(signature({ secret: stage.credentials.signingSecret!, timestamp, body }));
  expect(JSON.parse(form.get("payload")!)).toMatchObject({
    type: "block_actions",
    user: { name: "grace" },
    channel: { name: "general" },
    container: { type: "message", message_ts: ts, is_ephemeral: false },
    message: { ts, text: "Sure?" },
    actions: [{ type: "button", action_id: "yes", value: "42", text: { text: "Yes" }, block_id: expect.any(String) }],
    response_url: expect.stringMatching(/^http:.*\/sandbox\/slack\/actions\/T\w+\/\d+\/\S+$/),
  });
});

test("a button that is not there cannot be pressed", async () => {
  await using stage = await openStage();
  const ts = await postButtons(stage);
  expect((await stage.control("/slack/press", { id: ts, button: "no" })).status).toBe(400);
  expect((await stage.control("/slack/press", { id: await stage.say("hi"), button: "yes" })).status).toBe(400);
});

test("a slash command comes as a form, and what the bot answers at once is shown to who used it", async () => {
  await using stage = await openStage();
  stage.bot.answers.push({ status: 200, body: JSON.stringify({ response_type: "ephemeral", text: "On *it*" }) });
  const { form } = await useCommand(stage, { user: "grace" });
  expect(Object.fromEntries(form)).toMatchObject({
    command: "/ticket",
    text: "open 42",
    user_name: "grace",
    channel_name: "general",
    trigger_id: expect.any(String),
  });
  await expect.poll(() => stage.messages()).toMatchObject([{ self: true, text: "On *it*", visibility: "author" }]);
});

test("a command that the bot refuses is said to have failed, and is not sent again", async () => {
  await using stage = await openStage();
  stage.bot.answers.push({ status: 500 });
  await useCommand(stage);
  await expect
    .poll(() => stage.messages())
    .toMatchObject([{ author: "slackbot", text: '/ticket failed with the error "dispatch_failed"' }]);
  expect(await stage.deliveries()).toMatchObject([{ attempts: [{ status: 500 }], pending: false }]);
});

test("a response_url takes five answers, for one person or for all", async () => {
  await using stage = await openStage();
  const url = (await useCommand(stage)).form.get("response_url")!;
  expect(await (await respond(url, { text: "psst" })).text()).toBe("ok");
  await respond(url, { text: "hear, hear", response_type: "in_channel" });
  expect(await stage.messages()).toMatchObject([
    { text: "psst", visibility: "author", self: true },
    { text: "hear, hear", visibility: "everyone", self: true },
  ]);
  expect(await (await respond(url, {})).json()).toEqual({ ok: false, error: "no_text" });
  for (let use = 3; use <= 5; use++) expect((await respond(url, { text: `${use}` })).status).toBe(200);
  const sixth = await respond(url, { text: "6" });
  expect([sixth.status, await sixth.json()]).toEqual([404, { ok: false, error: "used_url" }]);
  const unknown = await respond(`${url}x`, { text: "x" });
  expect([unknown.status, await unknown.json()]).toEqual([404, { ok: false, error: "expired_url" }]);
});

test("a response_url ends after half an hour", async () => {
  let now = 0;
  const channel = { messages: new Map() };
  const posted: unknown[] = [];
  const actions = { post: (_: unknown, said: unknown) => posted.push(said) };
  const responses = createResponses({ actions: actions as never, team: "T1", now: () => now });
  const app = { user: { bot: { appId: "A1" } } };
  const path = responses.open({
    kind: "commands",
    app: app as never,
    channel: channel as never,
    user: { id: "U1" } as never,
  });
  const answer = () => responses.answer(path, new Request("http://x/", { method: "POST", body: "text=hi" }));
  now = 30 * 60_000 - 1;
  expect((await answer()).status).toBe(200);
  now += 1;
  expect((await answer()).status).toBe(404);
  expect(posted).toHaveLength(1);
});

test("the message of a button can be replaced and deleted by its response_url", async () => {
  await using stage = await openStage();
  const ts = await postButtons(stage);
  await stage.control("/slack/press", { id: ts, button: "yes" });
  const { form } = await gets(stage, (text) => text.startsWith("payload="));
  const url = JSON.parse(form.get("payload")!).response_url;
  await respond(url, { replace_original: true, text: "Done" });
  expect(await stage.messages()).toMatchObject([{ id: ts, text: "Done", buttons: [], edited: true }]);
  await respond(url, { delete_original: true });
  expect(await stage.messages()).toEqual([]);
});

test("a button that only one person sees comes without its message", async () => {
  await using stage = await openStage();
  await stage.say({ text: "hi", user: "grace" });
  const { user } = (await stage.bot.gets(1))[0]!.json.event;
  const { message_ts } = await stage.api("chat.postEphemeral", {
    channel: "general",
    text: "x",
    user,
    blocks: BUTTONS,
  });
  await stage.control("/slack/press", { id: message_ts, button: "yes", user: "grace" });
  const payload = JSON.parse((await gets(stage, (text) => text.startsWith("payload="))).form.get("payload")!);
  expect(payload).toMatchObject({ container: { is_ephemeral: true, message_ts } });
  expect(payload).not.toHaveProperty("message");
  await respond(payload.response_url, { replace_original: true, text: "Done" });
  expect((await stage.messages()).at(-1)).toMatchObject({ id: message_ts, text: "Done" });
  expect((await stage.deliveries()).filter(({ type }) => type === "message")).toHaveLength(1);
});

test("faults strike a response_url as any call", async () => {
  await using stage = await openStage();
  const url = (await useCommand(stage)).form.get("response_url")!;
  await stage.control("/slack/faults", { on: "response_url", kind: "429", retryAfter: 7 });
  const limited = await respond(url, { text: "hi" });
  expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
  expect(await stage.messages()).toEqual([]);
});

test("a bot sees nothing of a channel that it was not invited to, but its commands work there", async () => {
  await using stage = await openStage();
  await stage.say({ text: "secret plans", conversation: "board" });
  expect(await stage.api("chat.postMessage", { channel: "board", text: "x" })).toMatchObject({
    error: "channel_not_found",
  });
  const { channels } = await stage.api("users.conversations", { types: "public_channel,private_channel" });
  expect(channels.map(({ name }: { name: string }) => name)).toEqual(["general", "random", "support", "staff"]);
  const { form } = await useCommand(stage, { conversation: "board" });
  expect(form.get("channel_name")).toBe("privategroup");
  await respond(form.get("response_url")!, { text: "done", response_type: "in_channel" });
  expect((await stage.messages("conversation=board")).at(-1)).toMatchObject({ text: "done", self: true });
  expect((await stage.deliveries()).map(({ type }) => type)).toEqual(["slash_commands"]);
});

test("what an app has no scope for, it is refused and not told", async () => {
  await using stage = await openStage();
  const scopes = ["chat:write", "app_mentions:read", "channels:history"];
  expect((await stage.control("/slack/app", { scopes })).status).toBe(200);
  const answer = await stage.callApi("auth.test");
  expect(answer.headers.get("x-oauth-scopes")).toBe(scopes.join(","));
  expect(await stage.api("reactions.add", { channel: "general" })).toEqual({
    ok: false,
    error: "missing_scope",
    needed: "reactions:write",
    provided: scopes.join(","),
  });
  await stage.say({ text: "psst", conversation: "@ada" });
  await stage.say({ text: "hello" });
  const [first] = await stage.bot.gets(1);
  expect(first!.json.event.text).toBe("hello");
  expect((await stage.control("/slack/command", { name: "ticket" })).status).toBe(400);
  await stage.control("/reset", {});
  expect((await stage.callApi("auth.test")).headers.get("x-oauth-scopes")).toContain("reactions:write");
});

test.each([[{ scopes: "chat:write" }], [{ scopes: ["<script>"] }], [{ app: "nobody", scopes: [] }], [{ scope: [] }]])(
  "the settings %j are refused",
  async (settings) => {
    await using stage = await openStage();
    const answer = await stage.control("/slack/app", settings);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: "SANDBOX_INPUT" } }]);
  },
);

test("settings are changed by JSON only, so by no foreign page", async () => {
  await using stage = await openStage();
  const answer = await fetch(`${stage.base}/sandbox/slack/app`, { method: "POST", body: '{"scopes":[]}' });
  expect(answer.status).toBe(415);
});
