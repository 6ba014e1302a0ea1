import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { twitter } from "../../../src/adapters/twitter/index.ts";
import { type Attachment, type Conversation, definePlugin, type Message, type Reply } from "../../../src/core/index.ts";
import { openPlatforms, type PlatformStage, startAdapter } from "../stage.ts";
import { reply } from "./started.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const picture: Attachment = { name: "a.png", mimeType: "image/png", data: PNG, altText: "A portrait" };
const film: Attachment = { name: "a.mp4", mimeType: "video/mp4", data: Buffer.from("a film") };

interface Opened extends AsyncDisposable {
  readonly adapter: ReturnType<typeof twitter>;
  readonly stage: PlatformStage;
  readonly heard: readonly Message[];
}

/** A bot that answers each message with this, at its simulator. */
async function open(answer: Reply | ((message: Message) => Reply | undefined), options = {}): Promise<Opened> {
  const heard: Message[] = [];
  const adapter = twitter({ timeout: "2s", ...options });
  const plugin = definePlugin({
    name: "answering",
    setup(bot) {
      bot.hears(
        /(?:)/,
        async ({ message, reply: say }) => {
          heard.push(message);
          const said = typeof answer === "function" ? answer(message) : answer;
          if (said !== undefined) await say(said);
        },
        { backoff: { delay: 5 } },
      );
    },
  });
  const stage = await openPlatforms({ adapters: [adapter], plugins: [plugin()] });
  return { adapter, stage, heard, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}

/** Own posts and direct messages, as people see them. */
async function said(stage: PlatformStage, conversation?: string) {
  await stage.settle();
  return (await stage.messages(conversation)).filter(({ self }) => self);
}

describe("a picture", () => {
  test("goes with the answer to a post, described", async () => {
    await using bot = await open({ text: "Here's your generated anime girl!", attachments: [picture] });
    const id = await bot.stage.say("@moe moerand");
    await bot.stage.answers(1);
    expect(await said(bot.stage)).toMatchObject([
      { text: "Here's your generated anime girl!", thread: id, attachments: [{ mimeType: "image/png" }] },
    ]);
    const thread: Message[] = [];
    for await (const message of bot.adapter.history!(bot.heard[0]!.conversation, 0)) thread.push(message);
    expect(thread[1]?.attachments).toMatchObject([{ altText: "A portrait" }]);
  });

  test("goes with a direct message too", async () => {
    await using bot = await open({ text: "Here's your generated anime girl!", attachments: [picture] });
    await bot.stage.say("moerand", { conversation: "@grace" });
    await bot.stage.answers(1, "@grace");
    expect(await said(bot.stage, "@grace")).toMatchObject([
      { text: "Here's your generated anime girl!", attachments: [{ mimeType: "image/png" }] },
    ]);
    expect(await said(bot.stage)).toEqual([]);
  });

  test("comes four to a post, and one to a direct message", async () => {
    await using bot = await open({ text: "Look", attachments: Array.from({ length: 5 }, () => picture) });
    await bot.stage.say("@moe five");
    await bot.stage.say("five", { conversation: "@ada" });
    await bot.stage.answers(2);
    await bot.stage.answers(5, "@ada");
    const count = async (conversation?: string) =>
      (await said(bot.stage, conversation)).map(({ text, attachments }) => [text, attachments.length]);
    expect(await count()).toEqual([
      ["Look", 4],
      ["", 1],
    ]);
    expect(await count("@ada")).toEqual([
      ["Look", 1],
      ["", 1],
      ["", 1],
      ["", 1],
      ["", 1],
    ]);
  });

  test("that X will never take does not cost the text", async () => {
    const broken = { ...picture, data: Buffer.from("broken") };
    await using bot = await open({ text: "Look", attachments: [broken] });
    await bot.stage.say("@moe one");
    expect(await bot.stage.answers(1)).toEqual(["Look"]);
    expect(bot.stage.warnings).toEqual(["a file was left out of a reply"]);
  });

  test("that cannot be brought to X for a moment is tried again, and nothing is said twice", async () => {
    await using bot = await open({ text: "Look", attachments: [picture] });
    await bot.stage.control("/twitter/faults", { on: "appendMediaUpload", kind: "500" });
    await bot.stage.say("@moe one");
    await bot.stage.answers(1);
    expect(await said(bot.stage)).toMatchObject([{ text: "Look", attachments: [{ mimeType: "image/png" }] }]);
  });
});

test("a film is waited for until X has looked through it", async () => {
  await using bot = await open(({ text }) => ({
    text,
    attachments: [text === "bad" ? { ...film, data: Buffer.from("broken film") } : film],
  }));
  await Promise.all([bot.stage.say("@moe good"), bot.stage.say("@moe bad", { user: "grace" })]);
  await bot.stage.answers(2);
  const shown = (await said(bot.stage)).map(({ text, attachments }) => [text, attachments.length]);
  expect(shown.sort()).toEqual([
    ["bad", 0],
    ["good", 1],
  ]);
});

describe("an answer whose answer was lost", () => {
  test.each(["lost-answer", "500"])("is looked up before it is posted again: %s", async (kind) => {
    await using bot = await open("See [it](https://example.com/a_b?c=1&d=2) & **smile** <3");
    await bot.stage.control("/twitter/faults", { on: "createPosts", kind });
    await bot.stage.control("/twitter/faults", { on: "createDirectMessagesByParticipantId", kind });
    await bot.stage.say("@moe one");
    await bot.stage.say("two", { conversation: "@ada" });
    const text = "See it (https://example.com/a_b?c=1&d=2) & smile <3";
    expect(await bot.stage.answers(1)).toEqual([text]);
    expect(await bot.stage.answers(1, "@ada")).toEqual([text]);
  });

  test("of several posts is made up for where it broke off", async () => {
    await using bot = await open({ text: "Look", attachments: Array.from({ length: 9 }, () => picture) });
    await bot.stage.control("/twitter/faults", { on: "createPosts", kind: "lost-answer", times: 2 });
    await bot.stage.say("@moe nine");
    await bot.stage.answers(3);
    expect((await said(bot.stage)).map(({ attachments }) => attachments.length)).toEqual([4, 4, 1]);
  });
});

test("a rate limit is waited out until the second that X names", async () => {
  await using bot = await open("Yes");
  await bot.stage.control("/twitter/faults", { on: "createPosts", kind: "429", retryAfter: 0 });
  await bot.stage.say("@moe one");
  expect(await bot.stage.answers(1)).toEqual(["Yes"]);
});

test.each([0, 2])("a long answer is a chain of posts in its order, of which %i get lost on the way", async (times) => {
  const text = Array.from({ length: 120 }, (_, index) => `word${index}`).join(" ");
  await using bot = await open(text);
  if (times > 0) await bot.stage.control("/twitter/faults", { on: "createPosts", kind: "lost-answer", times });
  const id = await bot.stage.say("@moe tell");
  await bot.stage.answers(3);
  const posts = await said(bot.stage);
  expect(posts.map((post) => post.text).join(" ")).toBe(text);
  expect(posts.every(({ thread }) => thread === id)).toBe(true);
  expect(posts.length).toBeGreaterThan(2);
});

test("a direct message holds ten thousand characters, a post 280 as X weighs them", () => {
  const { limits } = twitter();
  const post: Conversation = { adapter: "twitter", id: "1", thread: "2", isDirect: false };
  const direct: Conversation = { adapter: "twitter", id: "1", isDirect: true };
  expect([limits.textLengthIn!(post), limits.textLengthIn!(direct)]).toEqual([280, 10_000]);
  expect(limits.measure!("日本 👩‍👩‍👧‍👦 **a** [b](https://example.com/a/very/long/address)", post)).toBe(
    4 + 1 + 2 + 1 + 1 + 1 + 3 + 23 + 1,
  );
  expect(limits.measure!("日本 👋", direct)).toBe(4);
});

describe("who has not called the bot by name", () => {
  /** Somebody answers a post of the bot without naming it. */
  async function bareAnswer(bot: Opened): Promise<void> {
    await bot.stage.say("@moe hello");
    await bot.stage.answers(1);
    const [own] = await said(bot.stage);
    await bot.stage.say("and now?", { user: "grace", thread: own!.id });
  }

  test("gets a direct message, since X refuses the public answer", async () => {
    await using bot = await open("Yes");
    await bareAnswer(bot);
    expect(await bot.stage.answers(1, "@grace")).toEqual(["Yes"]);
    expect(await bot.stage.answers(1)).toEqual(["Yes"]);
  });

  test("gets it once, also when its answer was lost", async () => {
    await using bot = await open("Yes");
    await bot.stage.control("/twitter/faults", { on: "createDirectMessagesByParticipantId", kind: "lost-answer" });
    await bareAnswer(bot);
    expect(await bot.stage.answers(1, "@grace")).toEqual(["Yes"]);
  });

  test("gets none when the bot speaks of itself: that is refused for good", async () => {
    await using bot = await open(() => undefined);
    const thread = await bot.stage.say("hello, nobody");
    const to = { adapter: "twitter", account: "1", id: "2", thread, isDirect: false };
    await expect(bot.adapter.send(to, reply())).rejects.toMatchObject({ permanent: true, maybeSent: false });
  });
});

test("the same text again is the post that is there", async () => {
  await using bot = await open(() => undefined);
  await bot.stage.say("@moe hello");
  await bot.stage.settle();
  const { conversation } = bot.heard[0]!;
  const first = await bot.adapter.send(conversation, reply());
  const other = twitter();
  other.sandbox!(await credentials(bot.stage));
  await using again = await start(other);
  expect(await again.adapter.send(conversation, reply())).toEqual(first);
  expect(await again.adapter.find!(conversation, reply())).toEqual(first);
  expect(await again.adapter.find!(conversation, reply({ text: "Another" }))).toBeUndefined();
  expect(await again.adapter.find!(conversation, reply({ since: Date.now() + 60_000 }))).toBeUndefined();
});

test("links, files that X does not take, and buttons are written out, in a post of their own where they do not fit", async () => {
  await using bot = await open({
    text: "x".repeat(260),
    attachments: [
      { name: "menu.pdf", mimeType: "application/pdf", url: "https://example.com/menu.pdf" },
      { name: "b.txt", mimeType: "text/plain", data: Buffer.from("b") },
    ],
    buttons: [
      { id: "a", label: "Yes" },
      { id: "b", label: "Page", url: "https://example.com/" },
    ],
  });
  await bot.stage.say("@moe go");
  expect(await bot.stage.answers(2)).toEqual([
    "x".repeat(260),
    "menu.pdf: https://example.com/menu.pdf\nb.txt\n• Yes\nPage: https://example.com/",
  ]);
});

test("posts are marked as made with AI where that is asked for, and only there", async () => {
  const bodies: string[] = [];
  await using bot = await open("Yes", { madeWithAi: true });
  const { apiUrl, ...rest } = await credentials(bot.stage);
  const spy = createServer(async (request, response) => {
    for await (const chunk of request) bodies.push(String(chunk));
    response.writeHead(201, { "content-type": "application/json" }).end('{"data":{"id":"1"}}');
  });
  await new Promise<void>((resolve) => spy.listen(0, "127.0.0.1", resolve));
  const address = spy.address() as { readonly port: number };
  for (const madeWithAi of [true, false]) {
    const adapter = twitter({ madeWithAi });
    adapter.sandbox!({ ...rest, apiUrl: `http://127.0.0.1:${address.port}/` });
    await using started = await start(adapter);
    await started.adapter.send({ adapter: "twitter", id: "1", thread: "2", isDirect: false }, reply());
  }
  spy.close();
  const text = "Hi Ada";
  const answered = { in_reply_to_tweet_id: "2" };
  expect(bodies.map((body) => JSON.parse(body))).toEqual([
    { text, reply: answered, made_with_ai: true },
    { text, reply: answered },
  ]);
  expect(apiUrl).toContain("/sandbox/twitter/");
});

describe("what is read back", () => {
  test("a thread and a direct conversation, the oldest first", async () => {
    await using bot = await open("Yes & no");
    const first = await bot.stage.say("@moe one <3", {
      files: [{ name: "b.png", mimeType: "image/png", altText: "B" }],
    });
    await bot.stage.answers(1);
    await bot.stage.say("@moe two", { thread: first });
    await bot.stage.say("three", { conversation: "@ada" });
    await bot.stage.answers(1, "@ada");
    await bot.stage.answers(2);
    const read = async (conversation: Conversation) => {
      const found: (readonly [string, boolean])[] = [];
      for await (const { text, author } of bot.adapter.history!(conversation, 0))
        found.push([text, author.isSelf === true]);
      return found;
    };
    const [post, , direct] = bot.heard.map(({ conversation }) => conversation);
    expect(await read(post!)).toEqual([
      ["one <3", false],
      ["Yes & no", true],
      ["two", false],
      ["Yes & no", true],
    ]);
    expect(await read(direct!)).toEqual([
      ["three", false],
      ["Yes & no", true],
    ]);
    expect(bot.heard[0]!.attachments).toMatchObject([{ name: "b.png", altText: "B" }]);
  });

  test("files of posts and of direct messages, but none of a stranger's", async () => {
    await using bot = await open(() => undefined);
    const files = [{ name: "b.png", mimeType: "image/png", data: PNG.toString("base64") }];
    await bot.stage.say("@moe one", { files });
    await bot.stage.say("two", { files, conversation: "@ada" });
    await bot.stage.settle();
    for (const { attachments } of bot.heard) {
      expect(Buffer.from(await bot.adapter.download!(attachments[0]!))).toEqual(PNG);
      await expect(bot.adapter.download!(attachments[0]!, { maxBytes: 10 })).rejects.toMatchObject({ permanent: true });
    }
    const direct = bot.heard[1]!.attachments[0]!;
    expect((await fetch(direct.url!)).status).toBe(404);
    for (const url of [
      "https://example.com/a.png",
      "https://x.com.example.com/a",
      "http://pbs.twimg.com/a",
      "file:///etc/passwd",
      "https://a:b@ton.x.com/",
    ]) {
      await expect(bot.adapter.download!({ ...direct, url })).rejects.toMatchObject({ permanent: true });
    }
  });

  test("a person, and that there is no such person", async () => {
    await using bot = await open(() => undefined);
    await bot.stage.say("@moe one");
    await bot.stage.settle();
    const { id } = bot.heard[0]!.author;
    expect(await bot.adapter.user!(id)).toEqual({ id, name: "ada", isBot: false });
    expect(await bot.adapter.user!("1")).toBeUndefined();
  });
});

test("a post and a direct message are deleted, twice without harm", async () => {
  await using bot = await open("Yes");
  await bot.stage.say("@moe one");
  await bot.stage.say("two", { conversation: "@ada" });
  await bot.stage.answers(1, "@ada");
  await bot.stage.answers(1);
  for (const [at, conversation] of [undefined, "@ada"].entries()) {
    const [own] = await said(bot.stage, conversation);
    const sent = { id: own!.id, conversation: bot.heard[at]!.conversation };
    await bot.adapter.delete!(sent);
    await bot.adapter.delete!(sent);
    expect(await said(bot.stage, conversation)).toEqual([]);
  }
});

/** What the simulator lends a bot of this name. */
async function credentials(stage: PlatformStage): Promise<Readonly<Record<string, string>>> {
  return stage.sandbox.connect({ platform: "twitter", name: "twitter", webhook: `${stage.url}/twitter/webhook` })!;
}

async function start(adapter: ReturnType<typeof twitter>) {
  const started = await startAdapter(adapter);
  return { ...started, adapter, [Symbol.asyncDispose]: () => started[Symbol.asyncDispose]() };
}
