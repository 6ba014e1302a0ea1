import { afterEach, beforeEach, expect, test } from "vitest";
import { failure } from "../stage.ts";
import { refusal, send } from "./fake-twist.ts";
import { direct, form, item, now, posted, reply, type StartedTwist, startTwist, thread } from "./started.ts";

let bot: StartedTwist;

beforeEach(async () => {
  bot = await startTwist();
});
afterEach(() => bot[Symbol.asyncDispose]());

const note = (more: object = {}) => ({ callback: bot.api.callback, until: now + 600_000, ...more });
const last = () => bot.api.calls.at(-1)!;

test("a bare text goes over the callback, as JSON and without a token", async () => {
  bot.api.on("callback", { status: "ok" });
  const sent = await bot.adapter.send(direct, reply({ replyTo: note() }));
  expect(sent).toMatchObject({ conversation: direct, id: expect.stringMatching(/^callback\//) });
  expect(bot.api.names()).toEqual(["callback"]);
  expect(last().json).toEqual({ content: "Hi **Ada**" });
  expect(last().headers.authorization).toBeUndefined();
});

test("what an event leaves is what its answer goes by", async () => {
  bot.api.on("callback", {});
  await bot.adapter.webhook!(posted(form("comment", { url_callback: bot.api.callback })));
  const { conversation, replyTo } = bot.started.events[0]!;
  await bot.adapter.send(conversation, reply({ replyTo }));
  expect(bot.api.names()).toEqual(["callback"]);
});

test.each([
  ["has run out", { until: now - 1 }],
  ["is about to run out", { until: now + 5000 }],
  ["leads to another thread", { thread: "9" }],
])("a callback that %s is not called; the answer goes over the API", async (_, change) => {
  bot.api.on("conversation_messages/add", item("message"));
  const sent = await bot.adapter.send(direct, reply({ replyTo: note(change) }));
  expect(sent).toEqual({ id: "514069", conversation: direct });
  expect(bot.api.names()).toEqual(["conversation_messages/add"]);
  expect(last().headers.authorization).toBe("Bearer token-1");
  expect(last().json).toEqual({ conversation_id: 296779, content: "Hi **Ada**" });
});

test("a callback without a time is taken for good for half an hour", async () => {
  bot.api.on("callback", {});
  const body = form("message", { url_callback: bot.api.callback, url_ttl: undefined });
  await bot.adapter.webhook!(posted(body));
  expect(bot.started.events[0]!.replyTo).toMatchObject({ callback: bot.api.callback, until: now + 1_800_000 });
});

test.each([403, 404, 410])("a callback that answers %i is followed by the API", async (status) => {
  bot.api.on("callback", (response) => send(response, status, { error_string: "Expired" }));
  bot.api.on("comments/add", item("comment"));
  const sent = await bot.adapter.send(thread, reply({ replyTo: note({ thread: "180000" }) }));
  expect(sent).toEqual({ id: "206113", conversation: thread });
  expect(bot.api.names()).toEqual(["callback", "comments/add"]);
  expect(last().json).toEqual({ thread_id: 180000, content: "Hi **Ada**", recipients: [10073] });
});

test("a callback that answers 500 is followed by a look, and by the API when nothing is there", async () => {
  bot.api.on("callback", refusal(500, 201));
  bot.api.on("conversation_messages/get", [item("message", { content: "something else", creator: 42 })]);
  bot.api.on("conversation_messages/add", item("message"));
  await bot.adapter.send(direct, reply({ replyTo: note() }));
  expect(bot.api.names()).toEqual(["callback", "conversation_messages/get", "conversation_messages/add"]);
  // The next answer to the event takes the sure way at once.
  await bot.adapter.send(direct, reply({ replyTo: note() }));
  expect(bot.api.names().slice(3)).toEqual(["conversation_messages/add"]);
});

test("a callback that answers 500 and has posted all the same is not followed by a second post", async () => {
  bot.api.on("callback", refusal(500, 201));
  const there = item("message", { id: 7, content: "Hi **Ada**", creator: 42, posted_ts: now / 1000 });
  bot.api.on("conversation_messages/get", [there]);
  expect(await bot.adapter.send(direct, reply({ replyTo: note() }))).toEqual({ id: "7", conversation: direct });
  expect(bot.api.names()).toEqual(["callback", "conversation_messages/get"]);
});

test("a callback that does not answer leaves the post in doubt", async () => {
  bot.api.on("callback", () => {});
  const error = await failure(bot.adapter.send(direct, reply({ replyTo: note() })));
  expect(error).toMatchObject({ code: "DELIVERY_FAILED", maybeSent: true });
  expect(error.message).not.toContain(bot.api.callback);
  bot.api.on("conversation_messages/add", item("message"));
  await bot.adapter.send(direct, reply({ replyTo: note() }));
  expect(bot.api.names()).toEqual(["callback", "conversation_messages/add"]);
});

test("a reply to a channel begins a thread", async () => {
  bot.api.on("threads/add", item("thread"));
  const { thread: _, ...channel } = thread;
  const sent = await bot.adapter.send(channel, reply({ text: "# News\nall good" }));
  expect(sent).toEqual({ id: "180000", conversation: thread });
  expect(last().json).toEqual({ channel_id: 6984, title: "News", content: "# News\nall good" });
});

test("files are uploaded first, and go with the post as Twist names them", async () => {
  const upload = { attachment_id: "c8f9", title: "cat.png", url: "https://example.com/cat" };
  bot.api.on("attachments/upload", upload);
  bot.api.on("conversation_messages/add", item("message"));
  const data = Buffer.from("meow");
  const attachments = [{ name: "cat.png", mimeType: "image/png", data }];
  await bot.adapter.send(direct, reply({ attachments, replyTo: note() }));
  expect(bot.api.names()).toEqual(["attachments/upload", "conversation_messages/add"]);
  const [, uploaded, added] = bot.api.calls;
  expect(uploaded!.headers["content-type"]).toMatch(/^multipart\/form-data/);
  expect(uploaded!.body).toContain('name="file_size"\r\n\r\n4\r\n');
  expect(uploaded!.body).toContain("meow");
  expect(added!.json.attachments).toEqual([upload]);
});

test("a failed upload is certainly no post", async () => {
  bot.api.on("attachments/upload", refusal(500, 201));
  const attachments = [{ name: "a", mimeType: "text/plain", data: Buffer.from("a") }];
  expect(await failure(bot.adapter.send(direct, reply({ attachments })))).toMatchObject({ maybeSent: false });
});

test.each([
  [403, 200, { permanent: true, maybeSent: false, message: expect.stringContaining("TWIST_TOKEN") }],
  [403, 109, { permanent: true, maybeSent: false, message: expect.stringContaining("scope") }],
  [404, 107, { permanent: true, maybeSent: false, message: expect.stringContaining("not found (107)") }],
  [423, 999, { permanent: false, maybeSent: false }],
  [500, 201, { permanent: false, maybeSent: true }],
  [429, 0, { code: "RATE_LIMITED", scope: "account", retryAfter: 3000 }],
  [503, 0, { code: "RATE_LIMITED", scope: "account", retryAfter: 3000 }],
])("an answer of %i with Twist's code %i is named for what it is", async (status, code, wanted) => {
  bot.api.on("comments/add", refusal(status, code, { "retry-after": "3" }));
  const error = await failure(bot.adapter.send(thread, reply()));
  expect(error).toMatchObject(wanted);
  expect(`${error.message} ${JSON.stringify(error)}`).not.toMatch(/token-1|Hi \*\*Ada|a text of Twist/);
});

test("an answer that is no JSON, or without an id, leaves the post in doubt", async () => {
  bot.api.on("comments/add", (response) => response.end("<html>"), {});
  expect(await failure(bot.adapter.send(thread, reply()))).toMatchObject({ maybeSent: true });
  expect(await failure(bot.adapter.send(thread, reply()))).toMatchObject({ maybeSent: true });
});

test("an edit keeps the files and takes the old buttons away", async () => {
  bot.api.on("comments/update", item("comment"));
  bot.api.on("threads/update", item("thread"));
  await bot.adapter.edit!({ id: "206113", conversation: thread }, reply());
  expect(last().json).toEqual({ id: 206113, content: "Hi **Ada**", actions: [] });
  await bot.adapter.edit!({ id: "180000", conversation: thread }, reply());
  expect(bot.api.names()).toEqual(["comments/update", "threads/update"]);
});

test("a post that went over a callback is looked up once, and changed by its id from then on", async () => {
  bot.api.on("callback", {});
  const sent = await bot.adapter.send(direct, reply({ replyTo: note() }));
  const there = item("message", { id: 7, content: "Hi **Ada**", creator: 42, posted_ts: now / 1000 });
  bot.api.on("conversation_messages/get", [], [there]);
  bot.api.on("conversation_messages/update", there);
  bot.api.on("conversation_messages/remove", { status: "ok" });
  expect(await failure(bot.adapter.edit!(sent, reply()))).toMatchObject({ maybeSent: false, permanent: false });
  await bot.adapter.edit!(sent, reply({ text: "another text" }));
  await bot.adapter.edit!(sent, reply({ text: "and another" }));
  await bot.adapter.delete!(sent);
  expect(bot.api.names().slice(3)).toEqual([
    "conversation_messages/update",
    "conversation_messages/update",
    "conversation_messages/remove",
  ]);
  expect(last().json).toEqual({ id: 7 });
});

test("deleting what is gone and reacting twice are no errors", async () => {
  bot.api.on("comments/remove", refusal(404, 108), refusal(403, 109));
  const comment = { id: "206113", conversation: thread };
  await bot.adapter.delete!(comment);
  expect(await failure(bot.adapter.delete!(comment))).toMatchObject({ permanent: true });
  bot.api.on("reactions/add", { status: "ok" }, refusal(409, 131));
  await bot.adapter.react!(comment, "thumbsup");
  expect(last().json).toEqual({ comment_id: 206113, reaction: "👍" });
  await bot.adapter.react!({ id: "180000", conversation: thread }, "🎉");
  expect(last().json).toEqual({ thread_id: 180000, reaction: "🎉" });
  await bot.adapter.react!({ id: "514069", conversation: direct }, "tada");
  expect(last().json).toEqual({ message_id: 514069, reaction: "🎉" });
  expect(await failure(bot.adapter.react!(comment, "constructor"))).toMatchObject({ permanent: true });
});
