import { afterAll, beforeAll, expect, test } from "vitest";
import { twist } from "../../../src/adapters/twist/index.ts";
import { createBot, definePlugin, HobnobError, type Receipt, silentLog } from "../../../src/core/index.ts";
import { memory } from "../../../src/storage/memory/index.ts";
import { createFakeTwist, send } from "./fake-twist.ts";
import { direct, form, now, posted, type StartedTwist, startTwist, thread, verifyToken } from "./started.ts";

let bot: StartedTwist;

beforeAll(async () => {
  bot = await startTwist();
});
afterAll(() => bot[Symbol.asyncDispose]());

const deliver = (body: string | Uint8Array, more?: Parameters<typeof posted>[1]) =>
  bot.adapter.webhook!(posted(body, more));
const status = async (body: string | Uint8Array) => (await deliver(body)).status;

test("a direct message is answered with 200 and an empty content once it is stored", async () => {
  expect(await deliver(form("message"))).toEqual({
    status: 200,
    headers: { "content-type": "application/json" },
    body: '{"content":""}',
    acknowledges: "message 3456789",
  });
  const event = bot.started.events.at(-1)!;
  expect(event).toMatchObject({
    kind: "message",
    id: "3456789",
    key: "message/3456789",
    conversation: direct,
    author: { id: "10073", name: "Ada L.", isBot: false },
    text: "status please",
    isMention: true,
    sentAt: new Date(now).toISOString(),
    permalink: "https://twist.com/a/5517/msg/296779/m/3456789",
  });
  expect(event.conversation).not.toHaveProperty("thread");
});

test("a comment and a thread are messages of the thread; only a link to the bot's user names it", async () => {
  await deliver(form("comment"));
  expect(bot.started.events.at(-1)).toMatchObject({
    id: "6402000",
    key: "comment/6402000",
    conversation: thread,
    text: "any update?",
    isMention: true,
    permalink: "https://twist.com/a/5517/ch/6984/t/180000/c/6402000",
  });
  await deliver(form("thread"));
  expect(bot.started.events.at(-1)).toMatchObject({
    id: "180000",
    key: "thread/180000",
    conversation: thread,
    text: "first post",
    isMention: false,
    permalink: "https://twist.com/a/5517/ch/6984/t/180000",
  });
});

test("the older path is a webhook too", async () => {
  expect(bot.adapter.paths).toEqual(["/twist", "/stale-threads", "/twist/install", "/twist/oauth"]);
  expect((await deliver(form("message"), { path: "/stale-threads" })).status).toBe(200);
  expect(twist({ path: "/other" }).paths).toEqual(["/other", "/other/install", "/other/oauth"]);
});

test("a ping needs no workspace and is answered with a pong", async () => {
  const answer = await deliver(form("ping"));
  expect(answer).toMatchObject({ status: 200, body: '{"content":"pong"}' });
});

test.each([
  ["another", form("message", { verify_token: "221_3c2cabcdeg" })],
  ["none", form("message", { verify_token: undefined })],
  ["an empty one", form("message", { verify_token: "" })],
  ["a doubled one", `${form("message")}&verify_token=${verifyToken}`],
  ["a longer one", form("message", { verify_token: `${verifyToken}0` })],
  ["a shorter one", form("message", { verify_token: verifyToken.slice(0, -1) })],
  ["one in another field", form("message", { verify_token: undefined, "verify_token[]": verifyToken })],
  ["one in a JSON body", JSON.stringify({ event_type: "ping", verify_token: verifyToken })],
])("a request with %s as verify token is refused with 401", async (_, body) => {
  const before = bot.started.events.length;
  const answer = await deliver(body);
  expect(answer.status).toBe(401);
  expect(String(answer.body)).toContain("TWIST_VERIFY_TOKEN");
  expect(bot.started.events).toHaveLength(before);
  const said = JSON.stringify([answer, bot.started.lines]);
  expect(said).not.toContain("3c2cabcde");
  expect(said).not.toContain("status please");
});

test("only the first of many refusals is a warning", () => {
  const refused = bot.started.lines.filter(({ sentence }) => sentence.startsWith("refused"));
  expect(refused.filter(({ level }) => level === "warn")).toHaveLength(1);
});

test.each(["workspace_id", "user_id", "url_callback", "content", "conversation_id", "message_id"])(
  "a message without %s is refused with 400, and so is one with two",
  async (field) => {
    expect(await status(form("message", { [field]: undefined }))).toBe(400);
    expect(await status(`${form("message")}&${field}=x`)).toBe(400);
  },
);

test("what verifies but is not what it claims is refused with 400", async () => {
  expect(await status(form("message", { event_type: undefined }))).toBe(400);
  expect(await status(form("message", { event_type: "comment" }))).toBe(400);
  expect(await status(form("comment", { thread_id: "" }))).toBe(400);
  expect(await status(form("uninstall", { workspace_id: undefined }))).toBe(400);
  expect(await status(Buffer.from([0xff, 0xfe, 0x80]))).toBe(400);
  expect(await status("")).toBe(401);
});

test("a form that repeats one name for a megabyte is refused, and holds up nobody", async () => {
  expect(await status("a&".repeat(500_000))).toBe(400);
  expect(await status(`${form("message")}${"&verify_token=x".repeat(900)}`)).toBe(401);
});

test("an unknown kind of event is taken and counted as ignored", async () => {
  const before = bot.started.ignored();
  expect(await status(form("message", { event_type: "thread_moved" }))).toBe(200);
  expect(await status(form("message", { event_type: "__proto__" }))).toBe(200);
  expect(bot.started.ignored()).toBe(before + 2);
});

test("only POST is taken", async () => {
  expect((await deliver(form("message"), { method: "GET" })).status).toBe(405);
});

test("ids are texts, whatever they are called", async () => {
  const id = "__proto__";
  const odd = { workspace_id: id, user_id: "constructor", conversation_id: id, message_id: id };
  expect(await status(`${form("message", odd)}&__proto__=1&toString=2`)).toBe(200);
  expect(bot.started.events.at(-1)).toMatchObject({
    id,
    conversation: { account: id, id: `conversation/${id}` },
    author: { id: "constructor" },
  });
});

test("a file alone has no text; an unknown field and a huge text do no harm", async () => {
  expect(await status(form("message", { content: "" }))).toBe(200);
  expect(bot.started.events.at(-1)).toMatchObject({ text: "" });
  const content = "[Moe](twist-mention://42) ".repeat(20_000);
  expect(await status(form("comment", { content, later: "new" }))).toBe(200);
  expect(bot.started.events.at(-1)).toMatchObject({ text: "", isMention: true });
});

test("the bot's own posts come marked as its own", async () => {
  await deliver(form("message", { user_id: "42" }));
  expect(bot.started.events.at(-1)?.author).toMatchObject({ isSelf: true, isBot: true });
});

test("the event carries no verify token", async () => {
  await deliver(form("message"));
  expect(JSON.stringify(bot.started.events.at(-1))).not.toContain(verifyToken);
});

test.each([
  ["https://api.twist.com/api/v3/integration_incoming/1", true],
  ["https://twist.com/x", true],
  ["https://hooks.twistapp.com/x", true],
  ["http://twist.com/x", false],
  ["https://twist.com:8443/x", false],
  ["https://user@twist.com/x", false],
  ["https://twist.com.example.com/x", false],
  ["https://eviltwist.com/x", false],
  ["http://169.254.169.254/latest/meta-data", false],
  ["file:///etc/passwd", false],
  ["not an address", false],
])("the callback %s is kept: %s", async (callback, isKept) => {
  expect(await status(form("message", { url_callback: callback }))).toBe(200);
  const { replyTo } = bot.started.events.at(-1)!;
  expect(replyTo).toEqual({ after: "message/3456789", ...(isKept && { callback, until: 1_795_224_600_000 }) });
});

test("callbacks that are none of Twist's are warned of once", () => {
  const noted = bot.started.lines.filter(({ sentence }) => sentence.startsWith("a callback is no address"));
  expect(noted.length).toBeGreaterThan(1);
  expect(noted.filter(({ level }) => level === "warn")).toHaveLength(1);
});

test("no answer leaves while the event is not stored; one that cannot be stored gets 503", async () => {
  const storing = Promise.withResolvers<Receipt>();
  const received = Promise.withResolvers<void>();
  await using slow = await startTwist(
    {},
    {
      receive: () => {
        received.resolve();
        return storing.promise;
      },
    },
  );
  let answered = false;
  const answer = slow.adapter.webhook!(posted(form("message"))).finally(() => {
    answered = true;
  });
  await received.promise;
  await new Promise(setImmediate);
  expect(answered).toBe(false);
  storing.reject(new HobnobError("STORAGE_FULL", "The disk is full."));
  expect(await answer).toMatchObject({ status: 503, body: expect.stringContaining("STORAGE_FULL") });
});

test("the immediate text leaves with the acknowledgement, before any call to Twist has ended, for exactly one job", async () => {
  await using api = await createFakeTwist();
  const asked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  api.on("channels/get", async (response) => {
    asked.resolve();
    await release.promise;
    send(response, 200, []);
  });
  const lister = definePlugin({
    name: "lister",
    setup(bot) {
      const ack = "Getting stale threads. This will take a couple of seconds.";
      bot.hears(
        "stale threads",
        async (ctx) => {
          for await (const _ of ctx.threads!({ updatedFrom: 0, updatedTo: now })) expect.unreachable();
        },
        { ack },
      );
    },
  })();
  const storage = memory();
  const adapters = [twist({ token: "token-1", verifyToken, apiUrl: api.apiUrl })];
  const bot = createBot({ name: "moe", storage, adapters, plugins: [lister] }, { log: silentLog });
  await bot.start();
  try {
    const answer = await bot.webhook(posted(form("message", { content: "stale threads" })));
    expect(answer).toMatchObject({
      status: 200,
      body: '{"content":"Getting stale threads. This will take a couple of seconds."}',
    });
    await asked.promise;
    expect(storage.pending()).toBe(1);
    const again = await bot.webhook(posted(form("message", { content: "stale threads" })));
    expect(again).toMatchObject({ status: 200, body: '{"content":""}' });
    expect(storage.pending()).toBe(1);
    expect(api.names()).toEqual(["channels/get"]);
  } finally {
    release.resolve();
    await bot.stop();
  }
});

test("without its credentials it says which, and does not start", async () => {
  const adapter = twist({ name: "team-b", token: "" });
  expect(adapter.missing).toEqual(["TEAM_B_TOKEN", "TEAM_B_VERIFY_TOKEN"]);
  await expect(adapter.start(bot.started.host)).rejects.toMatchObject({ code: "CONFIG_MISSING_CREDENTIAL" });
  await expect(adapter.send(direct, undefined as never)).rejects.toMatchObject({ code: "ADAPTER_NOT_STARTED" });
  expect((await adapter.webhook!(posted(form("ping")))).status).toBe(503);
  expect(() => twist({ tokn: "x" } as never)).toThrow(/no option `tokn`/);
});
