import { afterEach, beforeEach, expect, test } from "vitest";
import type { OutgoingReply } from "../../../src/core/index.ts";
import { listOf } from "../../storage/desk.ts";
import { createFakeSlack, type FakeSlack } from "./fake-slack.ts";
import { now, type Started, secret, startSlack } from "./started.ts";

const to = { adapter: "slack", account: "T0A1B2C3D", id: "C0A1B2C3D", thread: "1800000000.000100", isDirect: false };
const direct = { adapter: "slack", id: "D0A1B2C3D", isDirect: true };
const reply: OutgoingReply = {
  ref: "store:1:reply",
  text: "Hi",
  attachments: [],
  buttons: [],
  visibility: "everyone",
  since: now,
};
let api: FakeSlack;
let bot: Started;

beforeEach(async () => {
  api = await createFakeSlack();
  bot = await startSlack({ apiUrl: api.apiUrl });
});

afterEach(async () => {
  await bot.adapter.stop!();
  await api[Symbol.asyncDispose]();
});

const post = (ts: string, ref: string) => ({
  type: "message",
  user: "U0BOTUSER",
  ts,
  metadata: { event_type: "hobnob_reply", event_payload: { ref } },
});
const root = { type: "message", user: "U0HUMAN01", text: "root", ts: "1800000000.000100" };

test("a post is found in its thread by its name, on a later page too", async () => {
  api.on(
    "conversations.replies",
    {
      ok: true,
      messages: [root, post("1800000011.000100", "store:1:other")],
      response_metadata: { next_cursor: "dXNlcg==" },
    },
    { ok: true, messages: [root, post("1800000012.000100", "store:1:reply")], response_metadata: { next_cursor: "" } },
  );
  expect(await bot.adapter.find!(to, reply)).toEqual({ id: "1800000012.000100", conversation: to });
  expect(api.calls[0]!.args).toMatchObject({
    channel: "C0A1B2C3D",
    ts: "1800000000.000100",
    oldest: "1799999705.000000",
    include_all_metadata: "true",
  });
  expect(api.calls[1]!.args.cursor).toBe("dXNlcg==");
});

test("a post is found in a direct conversation by its history", async () => {
  api.on("conversations.history", { ok: true, messages: [post("1800000012.000100", "store:1:reply")] });
  expect(await bot.adapter.find!(direct, reply)).toEqual({ id: "1800000012.000100", conversation: direct });
});

test("a post that is not there is not found, and a metadata of another kind is not taken for it", async () => {
  const other = {
    ...post("1800000012.000100", "store:1:reply"),
    metadata: { event_type: "other", event_payload: { ref: reply.ref } },
  };
  api.on("conversations.replies", { ok: true, messages: [root, other, { ts: "1.2", metadata: null }, 7] });
  expect(await bot.adapter.find!(to, reply)).toBeUndefined();
});

test("the search ends after ten pages, without an answer", async () => {
  api.on("conversations.replies", { ok: true, messages: [root], response_metadata: { next_cursor: "on" } });
  expect(await bot.adapter.find!(to, reply)).toBe("unknown");
  expect(api.calls.length).toBe(10);
});

test("an upload is found by its files, for it carries no metadata", async () => {
  const attachments = [{ name: "cat.png", mimeType: "image/png", data: Buffer.from("cat") }];
  const upload = {
    type: "message",
    user: "U0BOTUSER",
    ts: "1800000012.000100",
    files: [{ id: "F1", name: "cat.png", size: 3 }],
  };
  api.on("conversations.replies", { ok: true, messages: [root, { ...upload, user: "U0HUMAN01" }, upload] });
  expect(await bot.adapter.find!(to, { ...reply, attachments })).toMatchObject({ id: "1800000012.000100" });
  api.on("conversations.replies", { ok: true, messages: [{ ...upload, ts: "1800000000.000100" }] });
  expect(await bot.adapter.find!(to, { ...reply, attachments })).toBeUndefined();
});

test("an ephemeral post is not looked for, a failed search is not an answer", async () => {
  expect(await bot.adapter.find!(to, { ...reply, visibility: "author", author: "U0HUMAN01" })).toBe("unknown");
  expect(api.calls).toEqual([]);
  api.on("conversations.replies", { ok: false, error: "internal_error" });
  await expect(bot.adapter.find!(to, reply)).rejects.toMatchObject({ code: "DELIVERY_FAILED" });
  api.on("conversations.replies", { ok: false, error: "thread_not_found" });
  expect(await bot.adapter.find!(to, reply)).toBeUndefined();
});

test("a history comes oldest first, without joins and without what is too old", async () => {
  const message = (ts: string, more: object = {}) => ({
    type: "message",
    user: "U0HUMAN01",
    text: `at ${ts}`,
    ts,
    ...more,
  });
  api.on(
    "conversations.history",
    {
      ok: true,
      messages: [message("1800000004.000100"), message("1800000003.000100")],
      response_metadata: { next_cursor: "x" },
    },
    {
      ok: true,
      messages: [
        message("1800000002.000100", { subtype: "channel_join" }),
        message("1800000001.000100"),
        message("1800000000.000000"),
      ],
    },
  );
  const { thread: _, ...channel } = to;
  const found = await listOf(bot.adapter.history!(channel, 1_800_000_000_000));
  expect(found.map(({ id }) => id)).toEqual(["1800000001.000100", "1800000003.000100", "1800000004.000100"]);
  expect(found[0]).toMatchObject({
    kind: "message",
    text: "at 1800000001.000100",
    conversation: { ...channel, thread: "1800000001.000100" },
  });
});

test("a history of a thread asks for the thread", async () => {
  api.on("conversations.replies", {
    ok: true,
    messages: [root, { ...root, ts: "1800000009.000100", thread_ts: root.ts }],
  });
  const found = await listOf(bot.adapter.history!(to, 1_800_000_005_000));
  expect(found.map(({ id }) => id)).toEqual(["1800000009.000100"]);
});

test("a person has the name people see, and the e-mail address when Slack tells it", async () => {
  const profile = { display_name: "", real_name: "Ada Lovelace", email: "ada@x.dev" };
  api.on(
    "users.info",
    { ok: true, user: { id: "U0HUMAN01", name: "ada", is_bot: false, profile } },
    { ok: false, error: "user_not_found" },
  );
  expect(await bot.adapter.user!("U0HUMAN01")).toEqual({
    id: "U0HUMAN01",
    name: "Ada Lovelace",
    isBot: false,
    email: "ada@x.dev",
  });
  expect(await bot.adapter.user!("U0NOBODY")).toBeUndefined();
});

test("a person's full name is told beside another that people see", async () => {
  const profile = { display_name: "ada", real_name: "Ada Lovelace" };
  api.on("users.info", { ok: true, user: { id: "U0HUMAN01", name: "ada.l", profile } });
  expect(await bot.adapter.user!("U0HUMAN01")).toMatchObject({ name: "ada", fullName: "Ada Lovelace" });
});

test("a message has an address, which Slack is asked for; a slash command has none", async () => {
  const permalink = "https://acme.slack.com/archives/C1/p1800000000000100";
  api.on("chat.getPermalink", { ok: true, permalink });
  expect(await bot.adapter.permalink!({ id: "1800000000.000100", conversation: to })).toBe(permalink);
  expect(await bot.adapter.permalink!({ id: "command", conversation: to })).toBeUndefined();
});

test("the bot's ids are asked of Slack when they are not told", async () => {
  api.on("auth.test", { ok: true, user_id: "U0ASKED01", bot_id: "B0ASKED01" });
  const asked = await startSlack({ apiUrl: api.apiUrl, botUserId: undefined });
  const event = {
    type: "message",
    channel: "C1",
    ts: "1800000000.000100",
    subtype: "bot_message",
    bot_id: "B0ASKED01",
  };
  await asked.deliver({ type: "event_callback", event });
  expect(asked.events[0]?.author.isSelf).toBe(true);
  await asked.adapter.stop!();
});

test("a refused token stops the start, a Slack that is away does not", async () => {
  api.on("auth.test", { ok: false, error: "invalid_auth" }, { ok: false, error: "internal_error" });
  await expect(startSlack({ apiUrl: api.apiUrl, botUserId: undefined })).rejects.toMatchObject({
    code: "DELIVERY_FAILED",
  });
  const late = await startSlack({ apiUrl: api.apiUrl, botUserId: undefined, signingSecret: secret });
  expect(late.lines).toMatchObject([{ level: "warn" }]);
  await late.adapter.stop!();
});
