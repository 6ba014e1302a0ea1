import { beforeAll, describe, expect, test } from "vitest";
import type { Event, Message } from "../../../src/core/index.ts";
import type { StartedAdapter } from "../stage.ts";
import { bot, fixture, jordan, signed, startTwitter } from "./started.ts";

let adapter: StartedAdapter;

beforeAll(async () => {
  adapter = await startTwitter();
});

/** What came out of a body; it must have been taken. */
async function eventsOf(body: unknown): Promise<readonly Event[]> {
  const before = adapter.events.length;
  const answer = await adapter.deliver(signed(body));
  expect(answer.status).toBe(200);
  expect(JSON.parse(String(answer.body))).toEqual({ statusCode: 200, body: "Event(s) processed" });
  return adapter.events.slice(before);
}

async function messageOf(body: unknown): Promise<Message> {
  const [event, ...more] = await eventsOf(body);
  expect(more).toEqual([]);
  expect(event?.kind).toBe("message");
  return event as Message;
}

describe("a post", () => {
  test("that names the bot is a message to it, its id unchanged to the last digit", async () => {
    const message = await messageOf(fixture("mention"));
    expect(message).toEqual({
      kind: "message",
      id: "1990000000000000101",
      key: "post:1990000000000000101",
      conversation: {
        adapter: "twitter",
        account: bot,
        id: jordan,
        thread: "1990000000000000101",
        isDirect: false,
      },
      author: { id: jordan, name: "Jordan", isBot: false },
      text: "hello MoeRand please",
      isMention: true,
      attachments: [],
      sentAt: "2026-11-21T01:00:00.000Z",
      permalink: "https://x.com/jordan_ex/status/1990000000000000101",
      replyTo: { post: "1990000000000000101" },
      raw: fixture("mention").tweet_create_events[0],
    });
  });

  test("that answers the bot is one too, with its name or without", async () => {
    expect(await messageOf(fixture("answer"))).toMatchObject({ text: "one more moerand", isMention: true });
    expect(await messageOf(fixture("answer-without-mention"))).toMatchObject({
      text: "one more moerand",
      isMention: true,
    });
  });

  test("that names the bot deep in somebody else's thread counts", async () => {
    expect(await messageOf(fixture("mention-in-thread"))).toMatchObject({
      text: "look what can: moerand",
      isMention: true,
    });
  });

  test("in a thread where X only repeats the bot's name is not meant for it", async () => {
    expect(await eventsOf(fixture("carried-mention"))).toEqual([]);
  });

  test("that quotes the bot is heard, but is no mention", async () => {
    expect(await messageOf(fixture("quote"))).toMatchObject({
      text: "moerand, they say https://x.com/examplebot/status/1990000000000000050",
      isMention: false,
    });
  });

  test("is read in full, with links written out and entities undone", async () => {
    const { text } = await messageOf(fixture("long-post"));
    expect(text).toMatch(/^could you have .* the word Tom & Jerry <moerand> stands here 👩‍💻 /);
    expect(text.endsWith(" https://example.com/a?b=1&c=2")).toBe(true);
  });

  test("brings its pictures and films along, without their links in the text", async () => {
    expect(await messageOf(fixture("media"))).toMatchObject({
      text: "moerand like this",
      attachments: [
        { name: "Abc.jpg", mimeType: "image/jpeg", url: "https://pbs.twimg.com/media/Abc.jpg", altText: "A cat" },
        { name: "large.mp4", mimeType: "video/mp4", url: "https://video.twimg.com/large.mp4" },
      ],
    });
  });

  test.each([
    ["Hi @examplebot!", "Hi!"],
    ["@examplebot", ""],
    ["@examplebot  moerand", "moerand"],
    ["moerand @examplebot", "moerand"],
    ["a @examplebot b", "a b"],
    ["👋🏽 @examplebot 😀 b", "👋🏽 😀 b"],
    ["(@examplebot) b", "() b"],
    ["a @examplebot\nb", "a\nb"],
    ["a\n@examplebot b", "a\nb"],
    ["@examplebots are not meant by @examplebot", "@examplebots are not meant by"],
  ])("%j says %j", async (text, expected) => {
    const body = fixture("mention");
    const [post] = body.tweet_create_events;
    const start = [...text.slice(0, text.lastIndexOf("@examplebot"))].length;
    post.text = text;
    post.entities.user_mentions[0].indices = [start, start + 11];
    expect((await messageOf(body)).text).toBe(expected);
  });
});

describe("what no plugin can ask for is taken and counted", () => {
  test.each([
    "not-addressed",
    "repost",
    "own-post",
    "blocked",
    "own-direct",
    "follow",
    "like",
    "typing",
    "read",
    "deleted",
    "replay-status",
    "revoked",
    "activity-own-direct",
    "activity-deleted",
    "activity-revoked",
    "activity-chat",
  ])("%s", async (name) => {
    const before = adapter.ignored();
    expect(await eventsOf(fixture(name))).toEqual([]);
    expect(adapter.ignored()).toBe(before + 1);
  });

  test("posts of another account of the app, and kinds that nobody knows", async () => {
    expect(await eventsOf({ ...fixture("mention"), for_user_id: "3198576760" })).toEqual([]);
    expect(await eventsOf({ for_user_id: bot, new_events: [{}, {}] })).toEqual([]);
    expect(await eventsOf({ data: { event_type: "news.new", payload: 1 } })).toEqual([]);
  });

  test.each(["revoked", "activity-revoked"])("%s is said aloud", async (name) => {
    const before = adapter.lines.length;
    await eventsOf(fixture(name));
    expect(adapter.lines.slice(before)).toEqual([expect.objectContaining({ level: "error" })]);
  });
});

describe("a direct message", () => {
  test("is a message to the bot", async () => {
    expect(await messageOf(fixture("direct"))).toMatchObject({
      id: "1990000000000000301",
      key: "direct:1990000000000000301",
      conversation: { adapter: "twitter", account: bot, id: jordan, isDirect: true },
      author: { id: jordan, name: "Jordan", isBot: false },
      text: "moerand & more",
      isMention: true,
      sentAt: "2026-11-21T01:00:00.000Z",
    });
  });

  test("brings its picture along", async () => {
    expect(await messageOf(fixture("direct-media"))).toMatchObject({
      text: "a picture",
      attachments: [
        { name: "a.jpg", mimeType: "image/jpeg", url: "https://ton.x.com/1.1/ton/data/dm/1990/1990/a.jpg" },
      ],
    });
  });
});

test("a body with posts and direct messages gives all of them, each judged alone", async () => {
  const events = await eventsOf(fixture("posts-and-directs"));
  expect(events.map(({ id }) => id)).toEqual(["1990000000000000101", "1990000000000000102", "1990000000000000304"]);
});

describe("X Activity", () => {
  test("tells of the same post and the same direct message in the same way", async () => {
    const { raw: _, ...old } = await messageOf(fixture("mention"));
    const { raw: __, ...post } = await messageOf(fixture("activity-mention"));
    expect(post).toEqual(old);
    const { raw: ___, ...oldDirect } = await messageOf(fixture("direct"));
    const { raw: ____, ...direct } = await messageOf(fixture("activity-direct"));
    expect(direct).toEqual(oldDirect);
  });

  test("sends an answer that names the bot twice, and both have one key", async () => {
    const answer = await messageOf(fixture("activity-answer"));
    const mention = await messageOf(fixture("activity-answer-as-mention"));
    expect(answer).toMatchObject({ key: "post:1990000000000000202", text: "one more moerand", isMention: true });
    expect([mention.key, mention.text]).toEqual([answer.key, answer.text]);
  });

  test("tells of quotes, long posts, media, and of authors that are bots", async () => {
    expect(await messageOf(fixture("activity-quote"))).toMatchObject({ text: "moerand, they say", isMention: false });
    const long = await messageOf(fixture("activity-long"));
    expect(long.text).toMatch(/^x < y (?:moerand ){60}$/);
    expect(long).toMatchObject({
      author: { name: "Jordan's bot", isBot: true },
      attachments: [{ name: "Abc.png", mimeType: "image/png", altText: "A cat" }],
    });
  });
});
