import { expect, test } from "vitest";
import { openStage } from "./stage.ts";

test("a call needs a token, a method that exists, and may be a form", async () => {
  await using stage = await openStage();
  const url = `${stage.base}/sandbox/slack/api`;
  const ask = async (method: string, init: RequestInit) =>
    (await fetch(`${url}/${method}`, { method: "POST", ...init })).json();

  expect(await ask("auth.test", {})).toEqual({ ok: false, error: "not_authed" });
  const wrong = { headers: { authorization: "Bearer xoxb-wrong" } };
  expect(await ask("auth.test", wrong)).toEqual({ ok: false, error: "invalid_auth" });
  expect(await ask("auth.tset", {})).toMatchObject({ ok: false, error: "unknown_method" });
  const form = new URLSearchParams({ token: stage.credentials.token!, channel: "#general", text: "by form" });
  expect(await ask("chat.postMessage", { body: form })).toMatchObject({ ok: true, message: { text: "by form" } });
  expect(await stage.api("auth.test")).toMatchObject({ ok: true, user_id: stage.credentials.botUserId, user: "moe" });
});

test("posting is refused for the reasons Slack has", async () => {
  await using stage = await openStage();
  const post = async (body: object) => (await stage.api("chat.postMessage", body)).error;
  expect(await post({ channel: "nowhere", text: "x" })).toBe("channel_not_found");
  expect(await post({ channel: "general" })).toBe("no_text");
  expect(await post({ channel: "general", text: "x".repeat(40_001) })).toBe("msg_too_long");
  expect(await post({ channel: "general", markdown_text: "x", text: "x" })).toBe("markdown_text_conflict");
});

test("nobody edits or deletes what others said", async () => {
  await using stage = await openStage();
  const ts = await stage.say("mine");
  expect(await stage.api("chat.update", { channel: "general", ts, text: "yours" })).toMatchObject({
    error: "cant_update_message",
  });
  expect(await stage.api("chat.delete", { channel: "general", ts })).toMatchObject({ error: "cant_delete_message" });
  expect(await stage.api("chat.update", { channel: "general", ts: "1.2", text: "x" })).toMatchObject({
    error: "message_not_found",
  });
});

test("metadata is found in a thread only when asked for", async () => {
  await using stage = await openStage();
  const ts = await stage.say("question");
  const metadata = { event_type: "bot_reply", event_payload: { ref: "abc" } };
  const { channel } = await stage.api("chat.postMessage", {
    channel: "general",
    text: "answer",
    thread_ts: ts,
    metadata,
  });

  const asked = await stage.api("conversations.replies", { channel, ts, include_all_metadata: true });
  expect(asked.messages).toMatchObject([
    { ts, reply_count: 1 },
    { text: "answer", thread_ts: ts, metadata },
  ]);
  const plain = await stage.api("conversations.replies", { channel, ts });
  expect(plain.messages[1].metadata).toBeUndefined();
  expect(await stage.api("conversations.replies", { channel, ts: "1.2" })).toMatchObject({ error: "thread_not_found" });
});

test("history is newest first, without answers, page by page and between two times", async () => {
  await using stage = await openStage();
  const ids = [];
  for (const text of ["one", "two", "three"]) ids.push(await stage.say(text));
  await stage.say({ text: "an answer", thread: ids[0] });
  const texts = async (args: object) =>
    (await stage.api("conversations.history", { channel: "general", ...args })).messages.map(
      ({ text }: { text: string }) => text,
    );

  expect(await texts({})).toEqual(["three", "two", "one"]);
  expect(await texts({ oldest: ids[1] })).toEqual(["three"]);
  expect(await texts({ oldest: ids[1], inclusive: true })).toEqual(["three", "two"]);
  expect(await texts({ latest: ids[1] })).toEqual(["one"]);
  const first = await stage.api("conversations.history", { channel: "general", limit: 2 });
  expect(first).toMatchObject({ has_more: true, messages: [{ text: "three" }, { text: "two" }] });
  await stage.say("said in between");
  expect(await texts({ limit: 2, cursor: first.response_metadata.next_cursor })).toEqual(["one"]);
});

test("Markdown becomes mrkdwn, and blocks are what people read", async () => {
  await using stage = await openStage();
  await stage.api("chat.postMessage", {
    channel: "general",
    markdown_text: "**bold** and [a link](https://example.com) with `**code**`",
  });
  await stage.api("chat.postMessage", {
    channel: "general",
    text: "fallback",
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: "Pick one &amp; go" } },
      { type: "actions", elements: [{ type: "button", action_id: "go", text: { type: "plain_text", text: "Go" } }] },
    ],
  });
  expect(await stage.messages()).toMatchObject([
    { text: "*bold* and <https://example.com|a link> with `**code**`", author: "moe", self: true },
    { text: "Pick one & go", buttons: [{ id: "go", label: "Go" }] },
  ]);
});

test("an ephemeral post is for one person and sends no event", async () => {
  await using stage = await openStage();
  const { user } = await stage.api("users.lookupByEmail", { email: "ada@example.com" });
  const answer = await stage.api("chat.postEphemeral", { channel: "general", user: user.id, text: "only you" });
  expect(answer).toMatchObject({ ok: true, message_ts: expect.any(String) });
  expect(await stage.messages()).toMatchObject([{ text: "only you", visibility: "author" }]);
  expect((await stage.api("conversations.history", { channel: "general" })).messages).toEqual([]);
  expect(await stage.deliveries()).toEqual([]);
});

test("a reaction is added once", async () => {
  await using stage = await openStage();
  const timestamp = await stage.say("hello");
  const reaction = { channel: "general", timestamp, name: "wave" };
  expect(await stage.api("reactions.add", reaction)).toEqual({ ok: true });
  expect(await stage.api("reactions.add", reaction)).toMatchObject({ error: "already_reacted" });
  expect((await stage.api("reactions.get", reaction)).message.reactions).toMatchObject([{ name: "wave", count: 1 }]);
  expect(await stage.api("reactions.remove", reaction)).toEqual({ ok: true });
  expect(await stage.api("reactions.remove", reaction)).toMatchObject({ error: "no_reaction" });
});

test("an uploaded file is shared in its thread", async () => {
  await using stage = await openStage();
  const thread = await stage.say("send it");
  const asked = await stage.api("files.getUploadURLExternal", { filename: "report.pdf", length: 4 });
  expect((await fetch(asked.upload_url, { method: "POST", body: "toolong" })).status).toBe(400);
  expect((await fetch(asked.upload_url, { method: "POST", body: "%PDF" })).status).toBe(200);
  const done = await stage.api("files.completeUploadExternal", {
    files: [{ id: asked.file_id }],
    channel_id: (await stage.api("conversations.list")).channels[0].id,
    thread_ts: thread,
    initial_comment: "here",
  });
  expect(done).toMatchObject({ ok: true, files: [{ id: asked.file_id, name: "report.pdf", size: 4 }] });
  expect((await stage.messages())[1]).toMatchObject({
    text: "here",
    thread,
    attachments: [{ name: "report.pdf", mimeType: "application/pdf" }],
  });
});

test("people, channels and teams can be looked up", async () => {
  await using stage = await openStage();
  const { channels } = await stage.api("conversations.list", { types: "public_channel,private_channel" });
  expect(channels.map(({ name }: { name: string }) => name)).toEqual(["general", "random", "support", "staff"]);
  const { user } = await stage.api("users.lookupByEmail", { email: "grace@example.com" });
  expect(await stage.api("users.info", { user: user.id })).toMatchObject({ user: { name: "grace", is_bot: false } });
  expect(await stage.api("users.info", { user: "U0" })).toMatchObject({ error: "user_not_found" });
  const opened = await stage.api("conversations.open", { users: user.id });
  expect(opened.channel.id).toMatch(/^D/);
  expect((await stage.api("conversations.members", { channel: opened.channel.id })).members).toEqual([
    user.id,
    stage.credentials.botUserId,
  ]);
  expect(await stage.api("team.info")).toMatchObject({ ok: true, team: { id: expect.stringMatching(/^T/) } });
});
