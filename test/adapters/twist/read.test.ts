import { afterEach, beforeEach, expect, test } from "vitest";
import type { Thread, UnreadChannel } from "../../../src/core/index.ts";
import { listOf } from "../../storage/desk.ts";
import { failure } from "../stage.ts";
import { BOT, type FakeCall, refusal, send } from "./fake-twist.ts";
import { direct, form, item, now, posted, reply, type StartedTwist, startTwist, thread } from "./started.ts";

const DAY = 86_400;
const seconds = now / 1000;
let bot: StartedTwist;

beforeEach(async () => {
  bot = await startTwist();
});
afterEach(() => bot[Symbol.asyncDispose]());

const query = { account: "5517", updatedFrom: now - 21 * DAY * 1000, updatedTo: now - 3 * DAY * 1000 };
const list = (more: object = {}) => listOf(bot.adapter.threads!({ ...query, ...more }));
const titles = (found: readonly (Thread | UnreadChannel)[]) =>
  found.map((each) => ("title" in each ? each.title : `${each.channel}: ${each.error.code}`));

/** Answers `threads/get` by channel. */
function channels(threads: Readonly<Record<number, (call: FakeCall) => object[]>>, more: readonly object[] = []) {
  bot.api.on("channels/get", [
    ...Object.keys(threads).map((id) => ({ id: Number(id), name: `channel ${id}`, archived: false })),
    ...more,
  ]);
  bot.api.on("threads/get", (response, call) => {
    send(response, 200, threads[Number(call.query.channel_id)]!(call));
  });
}

test("threads are read channel by channel, once each, and nothing of what is archived", async () => {
  channels({ 2: () => [item("thread", { id: 21, title: "B" })], 1: () => [item("thread", { id: 11, title: "A" })] }, [
    { id: 3, name: "old", archived: true },
    { id: 4, name: "older", is_archived: true },
  ]);
  const found = await list();
  expect(titles(found)).toEqual(["A", "B"]);
  expect(found[0]).toEqual({
    conversation: { adapter: "twist", account: "5517", id: "1", thread: "11", isDirect: false },
    title: "A",
    channel: "channel 1",
    creator: "10073",
    updatedAt: 1_794_963_600_000,
    isClosed: false,
    permalink: "https://twist.com/a/5517/ch/1/t/11/",
    participants: ["10073", "10076"],
    lastAuthor: "10076",
  });
  expect([...bot.api.names()].sort()).toEqual(["channels/get", "threads/get", "threads/get"]);
  for (const { headers } of bot.api.calls) expect(headers.authorization).toBe("Bearer token-1");
});

test("both ends of the time are included, whatever Twist sends beside them", async () => {
  const times = [1794963601, 1794963600, 1794963599, 1793408401, 1793408400, 1793408399];
  channels({
    1: () =>
      times.map((last_updated_ts) =>
        item("thread", { id: last_updated_ts, title: `${last_updated_ts}`, last_updated_ts }),
      ),
  });
  expect(titles(await list())).toEqual(["1794963600", "1794963599", "1793408401", "1793408400"]);
  const { newer_than_ts, older_than_ts } = bot.api.calls.at(-1)!.query;
  expect(Number(newer_than_ts)).toBeLessThan(1793408400);
  expect(Number(older_than_ts)).toBeGreaterThan(1794963600);
});

test("a thread without `closed`, or with null, is open; archived ones are left out", async () => {
  const of = (id: number, more: object) => item("thread", { id, title: `${id}`, ...more });
  channels({
    1: () => [
      of(1, { closed: null }),
      of(2, { closed: undefined }),
      of(3, { closed: true }),
      of(4, { is_archived: true }),
      of(5, { id: null }),
    ],
  });
  expect((await list()).map((each) => "title" in each && [each.title, each.isClosed])).toEqual([
    ["1", false],
    ["2", false],
    ["3", true],
  ]);
});

test("a channel of more than one page is read to its end, each thread once", async () => {
  const all = Array.from({ length: 1203 }, (_, at) => ({
    id: at + 1,
    last_updated_ts: 1794963600 - Math.floor(at / 3),
  }));
  channels({
    1: ({ query: { older_than_ts, limit } }) =>
      all
        .filter(({ last_updated_ts }) => last_updated_ts < Number(older_than_ts))
        .slice(0, Number(limit))
        .map((each) => item("thread", each)),
  });
  const found = await list();
  expect(found).toHaveLength(1203);
  expect(new Set(found.map((each) => "title" in each && each.conversation.thread)).size).toBe(1203);
});

test("a channel that cannot be read is named, and the others are listed", async () => {
  const answer = (code: number) => (call: FakeCall) => (call.query.channel_id === "2" ? code : 200);
  channels({ 1: () => [item("thread", { title: "A" })], 2: () => [], 3: () => [item("thread", { title: "C" })] });
  for (const code of [403, 500]) {
    bot.api.on("threads/get", (response, call) => {
      const status = answer(code)(call);
      send(response, status, status === 200 ? [item("thread", { title: call.query.channel_id })] : { error_code: 109 });
    });
    expect(titles(await list())).toEqual(["1", "channel 2: DELIVERY_FAILED", "3"]);
  }
});

test("a rate limit is waited for", async () => {
  channels({ 1: () => [] });
  bot.api.on("threads/get", refusal(429, 0, { "retry-after": "1" }), [item("thread", { title: "A" })]);
  expect(titles(await list())).toEqual(["A"]);
});

test("nobody waits for a reader who has gone", async () => {
  channels({ 1: () => [item("thread")], 2: () => [] });
  bot.api.on("threads/get", [item("thread")], () => {});
  for await (const _ of bot.adapter.threads!(query)) break;
  const ending = new AbortController();
  const listing = list({ signal: ending.signal });
  ending.abort();
  await expect(listing).rejects.toThrow();
});

test("what a person sees is read with their own token; one that is taken back is forgotten", async () => {
  const { vault } = bot.started.host;
  await vault.set("user/5517/10073", "token-ada");
  channels({ 1: () => [] });
  await list({ viewer: "10073" });
  await list({ viewer: "10076" });
  const used = () => bot.api.calls.splice(0).map(({ headers }) => headers.authorization);
  expect(used()).toEqual([
    "Bearer token-1",
    "Bearer token-ada",
    "Bearer token-ada",
    "Bearer token-1",
    "Bearer token-1",
  ]);
  bot.api.on("channels/get", refusal(403, 200), []);
  await list({ viewer: "10073" });
  expect(used()).toEqual(["Bearer token-ada", "Bearer token-1"]);
  expect(await vault.get("user/5517/10073")).toBeUndefined();
});

test("an uninstalled workspace's tokens are dropped, and nobody else's", async () => {
  const { vault } = bot.started.host;
  for (const key of ["user/5517/1", "user/5517/2", "user/55170/1"]) await vault.set(key, "t");
  expect((await bot.adapter.webhook!(posted(form("uninstall")))).status).toBe(200);
  expect(await listOf(vault.keys("user/"))).toEqual(["user/55170/1"]);
});

test("a post is found by author, text and time", async () => {
  const of = (more: object) =>
    item("comment", { obj_index: 0, content: "Hi **Ada**", creator: 42, posted_ts: seconds, ...more });
  const find = (...posts: (object | null)[]) => {
    bot.api.on("comments/get", posts);
    return bot.adapter.find!(thread, reply());
  };
  expect(await find(of({ id: 9 }))).toEqual({ id: "9", conversation: thread });
  expect(await find(of({ content: "Hi **Ada**\r\n" }))).toMatchObject({ id: "206113" });
  expect(await find(of({ creator: 10073 }))).toBeUndefined();
  expect(await find(of({ content: "Hi" }))).toBeUndefined();
  expect(await find(of({ posted_ts: seconds - 60 }))).toBeUndefined();
  expect(await find(of({ is_deleted: true }))).toBeUndefined();
  expect(await find(null, of({ id: "__proto__" }))).toMatchObject({ id: "__proto__" });
  bot.api.on("comments/get", refusal(403, 109));
  expect(await bot.adapter.find!(thread, reply())).toBe("unknown");
  bot.api.on("comments/get", refusal(500, 201));
  expect(await failure(bot.adapter.find!(thread, reply()) as Promise<unknown>)).toMatchObject({
    code: "DELIVERY_FAILED",
  });
});

test("an equal answer to an earlier message is not taken for this one", async () => {
  const of = (id: number) => item("message", { id, content: "Hi **Ada**", creator: 42, posted_ts: seconds - 30 });
  const find = (...posts: object[]) => {
    bot.api.on("conversation_messages/get", posts);
    return bot.adapter.find!(direct, reply({ replyTo: { after: "message/100" } }));
  };
  expect(await find(of(99), of(100))).toBeUndefined();
  expect(await find(of(99), of(101))).toMatchObject({ id: "101" });
  bot.api.on("comments/get", [of(99)]);
  expect(
    await bot.adapter.find!(thread, reply({ since: now - 30_000, replyTo: { after: "thread/180000" } })),
  ).toMatchObject({ id: "99" });
});

test("a post with files is found by their names too", async () => {
  const attachments = [{ name: "cat.png", mimeType: "image/png", data: Buffer.from("x") }];
  const there = item("message", { content: "Hi **Ada**", creator: 42, posted_ts: seconds });
  bot.api.on("conversation_messages/get", [there], [{ ...there, attachments: [{ file_name: "cat.png" }] }]);
  expect(await bot.adapter.find!(direct, reply({ attachments }))).toBeUndefined();
  expect(await bot.adapter.find!(direct, reply({ attachments }))).toMatchObject({ id: "514069" });
});

test("a history goes back page by page and comes oldest first, with the thread's first post", async () => {
  const all = Array.from({ length: 250 }, (_, at) =>
    item("comment", { id: 1000 + at, obj_index: at + 1, content: `${at}`, posted_ts: seconds - 1000 + at }),
  );
  bot.api.on("comments/get", (response, { query: { from_obj_index: from, to_obj_index: to, limit } }) => {
    const inside =
      from === undefined
        ? all.toReversed()
        : all.filter(({ obj_index: at }) => Number(at) >= +from && Number(at) <= Number(to));
    send(response, 200, inside.slice(0, Number(limit)));
  });
  bot.api.on("threads/getone", item("thread", { posted_ts: seconds - 2000 }));
  const whole = await listOf(bot.adapter.history!(thread, 0));
  expect(whole.map(({ text }) => text)).toEqual(["When do we ship?", ...all.map(({ content }) => content)]);
  expect(whole[0]).toMatchObject({ id: "180000", key: "thread/180000", author: { name: "Ada L." } });
  expect(whole[1]).toMatchObject({ id: "1000", key: "comment/1000", conversation: thread, isMention: false });
  const some = await listOf(bot.adapter.history!(thread, now - 900_000));
  expect(some.map(({ text }) => text)).toEqual(all.slice(100).map(({ content }) => content));
});

test("a history leaves out what nobody said, and marks what the bot said", async () => {
  const of = (id: number, more: object) => item("message", { id, obj_index: id, posted_ts: seconds + id, ...more });
  bot.api.on("conversation_messages/get", [
    of(1, {
      attachments: [{ file_name: "a.png", underlying_type: "image/png", file_size: 5, url: "https://example.com/a" }],
    }),
    of(2, { is_deleted: true }),
    of(3, { system_message: "USER_ADDED" }),
    of(0, { creator: 42 }),
    { id: null },
    "rubbish",
  ]);
  const found = await listOf(bot.adapter.history!(direct, now - 1000));
  expect(found.map(({ id, author }) => [id, author.isSelf === true])).toEqual([
    ["0", true],
    ["1", false],
  ]);
  expect(found[1]!.attachments).toEqual([
    { name: "a.png", mimeType: "image/png", size: 5, url: "https://example.com/a" },
  ]);
});

test("a channel's history is the first posts of its threads", async () => {
  bot.api.on("threads/get", [
    item("thread", { id: 2, posted_ts: seconds }),
    item("thread", { id: 1, posted_ts: seconds - DAY }),
  ]);
  const { thread: _, ...channel } = thread;
  const found = await listOf(bot.adapter.history!(channel, now - 1000));
  expect(found.map(({ conversation }) => conversation)).toEqual([{ ...channel, thread: "2" }]);
});

test("a person has a name and an e-mail address; an unknown one is undefined", async () => {
  bot.api.on(
    "workspace_users/getone",
    { id: 10073, name: "Ada L.", email: "ada@example.com", bot: false },
    refusal(404, 110),
  );
  expect(await bot.adapter.user!("10073", "5517")).toEqual({
    id: "10073",
    name: "Ada L.",
    isBot: false,
    email: "ada@example.com",
  });
  expect(bot.api.calls.at(-1)!.query).toEqual({ id: "5517", user_id: "10073" });
  expect(await bot.adapter.user!("1")).toBeUndefined();
});

test("a refused token stops the start, a Twist that is away does not", async () => {
  await using away = await startTwist({ apiUrl: "http://127.0.0.1:9/" });
  expect(away.started.lines).toMatchObject([{ level: "warn" }]);
  bot.api.on("users/get_session_user", refusal(403, 200));
  await expect(startTwist({ apiUrl: bot.api.apiUrl })).rejects.toMatchObject({
    message: expect.stringContaining("TWIST_TOKEN"),
  });
});

test("with a person's token and no bot's id the start warns, and nothing is edited or deleted", async () => {
  bot.api.on("users/get_session_user", { ...BOT, id: 10073, bot: false });
  await using personal = await startTwist({ apiUrl: bot.api.apiUrl });
  expect(personal.started.lines).toMatchObject([{ level: "warn", fields: { variable: "TWIST_BOT_USER_ID" } }]);
  expect(personal.adapter).not.toHaveProperty("edit");
  expect(personal.adapter).not.toHaveProperty("delete");
  expect(bot.adapter.edit).toBeDefined();
});

test("with a person's token that person is heard, but not what the bot says in their name", async () => {
  bot.api.on("users/get_session_user", { ...BOT, id: 10073, bot: false });
  await using personal = await startTwist({ apiUrl: bot.api.apiUrl, botUserId: "42" });
  const comment = (id: string) => posted(form("comment", { comment_id: id }));
  await personal.adapter.webhook!(comment("1"));
  expect(personal.started.events[0]).toMatchObject({ isMention: true, author: { id: "10073", isBot: false } });
  let told: unknown;
  bot.api.on("comments/add", (response) => {
    // Twist tells of the post before it answers the call that made it.
    told = personal.adapter.webhook!(comment("206113"));
    send(response, 200, item("comment"));
  });
  await personal.adapter.send(thread, reply());
  await told;
  await personal.adapter.webhook!(comment("2"));
  expect(personal.started.events.map(({ author }) => author.isSelf === true)).toEqual([false, true, false]);
});
