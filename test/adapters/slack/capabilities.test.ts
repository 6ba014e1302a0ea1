import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type SlackOptions, slack } from "../../../src/adapters/slack/index.ts";
import {
  type Attachment,
  silentLog,
  systemClock,
  type Thread,
  type ThreadQuery,
  type UnreadChannel,
} from "../../../src/core/index.ts";
import { listOf } from "../../storage/desk.ts";
import { failure, request } from "../stage.ts";
import { createFakeSlack, type FakeSlack } from "./fake-slack.ts";
import { type Started, startSlack } from "./started.ts";

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

const quiet = {
  receive: async () => ({ event: "e", duplicate: false }),
  store: undefined as never,
  vault: undefined as never,
  url: "https://bot.example.com",
  ignore() {},
  log: silentLog,
};
const methods = () => api.calls.map(({ method }) => method);

describe("a file that came in", () => {
  const file = (more: Partial<Attachment> = {}): Attachment => ({
    name: "cat.png",
    mimeType: "image/png",
    url: `${api.origin}/files-pri/T1-F1/cat.png`,
    ...more,
  });
  const download = (attachment: Attachment, maxBytes?: number) =>
    bot.adapter.download!(attachment, maxBytes === undefined ? {} : { maxBytes });

  test("is fetched with the bot's token", async () => {
    const bytes = Buffer.from([0, 1, 254, 255]);
    api.on("cat.png", (response) => response.writeHead(200, { "content-type": "image/png" }).end(bytes));
    expect(Buffer.from(await download(file()))).toEqual(bytes);
    expect(api.calls[0]!.headers.authorization).toBe("Bearer xoxb-1");
  });

  test.each([
    "https://evil.example/cat.png",
    "https://slack.com.evil.example/cat.png",
    "https://evilslack.com/cat.png",
    "http://files.slack.com/cat.png",
    "https://files.slack.com@evil.example/cat.png",
    "//evil.example/cat.png",
    "file:///etc/passwd",
    undefined,
  ])("at %s is not fetched: the token goes nowhere but to Slack", async (url) => {
    expect(
      await failure(download({ name: "x", mimeType: "image/png", ...(url !== undefined && { url }) })),
    ).toMatchObject({
      permanent: true,
    });
    expect(api.calls).toEqual([]);
  });

  test("that lies behind a redirect is not followed there", async () => {
    const other = await createFakeSlack();
    api.on("cat.png", (response) => response.writeHead(302, { location: `${other.origin}/cat.png` }).end());
    expect((await failure(download(file()))).message).toContain("files:read");
    expect(other.calls).toEqual([]);
    await other[Symbol.asyncDispose]();
  });

  test("in whose place a sign-in page comes names the scope that is missing", async () => {
    const html = { "content-type": "text/html; charset=utf-8" };
    api.on("cat.png", (response) => response.writeHead(200, html).end("<html>Sign in</html>"));
    expect(await failure(download(file()))).toMatchObject({
      permanent: true,
      message: expect.stringMatching(/files:read.*OAuth & Permissions/),
    });
    expect(await failure(download(file({ mimeType: "text/html", size: 7 })))).toMatchObject({ permanent: true });
    expect(await download(file({ mimeType: "text/html", size: 20 }))).toHaveLength(20);
  });

  test("that is too large is refused, whether Slack has told its size or not", async () => {
    api.on("cat.png", (response) => response.writeHead(200, { "content-type": "image/png" }).end("x".repeat(100)));
    expect(await failure(download(file({ size: 100 }), 99))).toMatchObject({ permanent: true });
    expect(api.calls).toEqual([]);
    expect(await failure(download(file(), 99))).toMatchObject({ permanent: true });
    expect(await download(file(), 100)).toHaveLength(100);
  });

  test("that is gone or does not come is told as that", async () => {
    api.on(
      "cat.png",
      (response) => response.writeHead(404).end(),
      (response) => response.writeHead(429, { "retry-after": "3" }).end(),
      (response) => response.writeHead(500).end(),
      (response) => response.socket!.destroy(),
    );
    expect(await failure(download(file()))).toMatchObject({ permanent: true });
    expect(await failure(download(file()))).toMatchObject({ code: "RATE_LIMITED", retryAfter: 3000 });
    expect(await failure(download(file()))).toMatchObject({ code: "DELIVERY_FAILED", permanent: false });
    expect(await failure(download(file()))).toMatchObject({ permanent: false, maybeSent: false });
  });
});

describe("threads", () => {
  const day = 86_400;
  const at = 1_800_000_000;
  const query: ThreadQuery = {
    account: "T0A1B2C3D",
    updatedFrom: (at - 21 * day) * 1000,
    updatedTo: (at - 3 * day) * 1000,
  };
  const root = (ts: number, latest: number, more: object = {}) => ({
    type: "message",
    user: "U0HUMAN01",
    text: `begun at ${ts}`,
    ts: `${ts}.000100`,
    reply_count: 1,
    latest_reply: `${latest}.000000`,
    ...more,
  });

  const list = (more: Partial<ThreadQuery> = {}): Promise<(Thread | UnreadChannel)[]> =>
    listOf(bot.adapter.threads!({ ...query, ...more }));

  beforeEach(() => {
    api.on("auth.test", { ok: true, url: "https://acme.slack.com/" });
    api.on("users.conversations", {
      ok: true,
      channels: [
        { id: "C1", name: "general" },
        { id: "C2", name: "secret", is_private: true },
      ],
    });
    api.on("conversations.history", { ok: true, messages: [] });
  });

  test("are listed by their last answer, both ends included, with all that a list shows", async () => {
    api.on(
      "conversations.history",
      {
        ok: true,
        messages: [
          root(at - 4 * day, at - 3 * day + 1),
          root(at - 5 * day, at - 3 * day, { text: "<@U2> &amp; others:\nwhere is it?" }),
          { type: "message", user: "U1", text: "without answers", ts: `${at - 6 * day}.000100` },
          root(at - 40 * day, at - 21 * day, { reactions: [{ name: "white_check_mark", users: ["U1"], count: 1 }] }),
          root(at - 41 * day, at - 21 * day - 1),
        ],
      },
      { ok: true, messages: [] },
    );
    expect(await list()).toEqual([
      {
        conversation: {
          adapter: "slack",
          account: "T0A1B2C3D",
          id: "C1",
          thread: `${at - 5 * day}.000100`,
          isDirect: false,
        },
        title: "@U2 & others:",
        channel: "general",
        creator: "U0HUMAN01",
        updatedAt: (at - 3 * day) * 1000,
        isClosed: false,
        participants: ["U0HUMAN01"],
        permalink: `https://acme.slack.com/archives/C1/p${at - 5 * day}000100`,
      },
      expect.objectContaining({ updatedAt: (at - 21 * day) * 1000, isClosed: true }),
    ]);
    const [, , history] = api.calls;
    // A thread may have begun long before its last answer.
    expect(history!.args).toMatchObject({
      channel: "C1",
      oldest: `${at - 81 * day}.000000`,
      latest: `${at - 3 * day}.000000`,
    });
  });

  test("come from every page and from channels that are not archived", async () => {
    api.on(
      "users.conversations",
      { ok: true, channels: [{ id: "C1", name: "general" }], response_metadata: { next_cursor: "more" } },
      { ok: true, channels: [{ id: "C3", name: "random" }] },
    );
    api.on(
      "conversations.history",
      { ok: true, messages: [root(at - 9 * day, at - 8 * day)], response_metadata: { next_cursor: "older" } },
      { ok: true, messages: [root(at - 19 * day, at - 18 * day)] },
    );
    expect(await list()).toMatchObject([{ channel: "general" }, { channel: "general" }, { channel: "random" }]);
    const asked = api.calls.filter(({ method }) => method === "users.conversations");
    expect(asked.map(({ args }) => [args.exclude_archived, args.cursor])).toEqual([
      ["true", undefined],
      ["true", "more"],
    ]);
  });

  test("of a channel that cannot be read are missing, and the list says so", async () => {
    api.on(
      "conversations.history",
      { ok: false, error: "missing_scope", needed: "channels:history" },
      {
        ok: true,
        messages: [root(at - 9 * day, at - 8 * day)],
      },
    );
    expect(await list()).toMatchObject([
      { channel: "general", error: { code: "DELIVERY_FAILED", message: expect.stringContaining("channels:history") } },
      { channel: "secret", title: `begun at ${at - 9 * day}` },
    ]);
  });

  test("are listed in part when Slack allows one call a minute", async () => {
    api.on("conversations.history", { ok: true, messages: [root(at - 9 * day, at - 8 * day)] }, (response) =>
      response.writeHead(429, { "retry-after": "60" }).end(),
    );
    api.on("users.conversations", { ok: true, channels: ["C1", "C2", "C3"].map((id) => ({ id, name: id })) });
    expect(await list()).toMatchObject([
      { channel: "C1", title: expect.any(String) },
      { channel: "C2", error: { code: "RATE_LIMITED" } },
      { channel: "C3", error: { code: "RATE_LIMITED" } },
    ]);
    expect(methods().filter((method) => method === "conversations.history")).toHaveLength(2);
  });

  test("wait for a short limit", async () => {
    const waits: number[] = [];
    const after = (ms: number, fn: () => void) => {
      waits.push(ms);
      setImmediate(fn);
      return () => {};
    };
    const adapter = slack({ token: "xoxb-1", signingSecret: "x", botUserId: "U1", apiUrl: api.apiUrl });
    await adapter.start({ ...quiet, clock: { ...systemClock, after } });
    const limited = (response: ServerResponse) => response.writeHead(429, { "retry-after": "7" }).end();
    api.on("conversations.history", limited, { ok: true, messages: [root(at - 9 * day, at - 8 * day)] });
    expect(await listOf(adapter.threads!(query))).toMatchObject([{ channel: "general" }, { channel: "secret" }]);
    expect(waits).toEqual([7000]);
    await adapter.stop!();
  });

  test("of a private channel are not shown to somebody who is not in it", async () => {
    api.on("conversations.history", { ok: true, messages: [root(at - 9 * day, at - 8 * day)] });
    api.on("conversations.members", { ok: true, members: ["U0HUMAN01"] });
    expect(await list({ viewer: "U0HUMAN01" })).toHaveLength(2);
    expect(await list({ viewer: "U0HUMAN02" })).toMatchObject([{ channel: "general" }]);
    expect(await list()).toHaveLength(2);
  });

  test("are closed by the emoji that is set", async () => {
    await bot.adapter.stop!();
    bot = await startSlack({ apiUrl: api.apiUrl, closedReaction: ":lock:" });
    const closed = { reactions: [{ name: "lock", users: ["U1"], count: 1 }] };
    api.on("conversations.history", { ok: true, messages: [root(at - 9 * day, at - 8 * day, closed)] });
    expect(await list()).toMatchObject([{ isClosed: true }, { isClosed: true }]);
  });

  test("end when nobody waits for them any more", async () => {
    const life = new AbortController();
    const threads = bot.adapter.threads!({ ...query, signal: life.signal })[Symbol.asyncIterator]();
    api.on("conversations.history", { ok: true, messages: [root(at - 9 * day, at - 8 * day)] });
    await threads.next();
    life.abort(new Error("enough"));
    await expect(threads.next()).rejects.toThrow("enough");
  });
});

test("a bot that has no user is found by its bot id", async () => {
  api.on("bots.info", { ok: true, bot: { id: "B0BOT0001", name: "deploys" } }, { ok: false, error: "bot_not_found" });
  expect(await bot.adapter.user!("B0BOT0001")).toEqual({ id: "B0BOT0001", name: "deploys", isBot: true });
  expect(await bot.adapter.user!("B0NOBODY")).toBeUndefined();
});

describe("paths that tell the bot's user id", () => {
  const paths = ["/bot_user_id", "/twilio/bot_user_id"];
  const get = (path: string) => request({ method: "GET", path });
  const start = (more: SlackOptions) => startSlack({ apiUrl: api.apiUrl, botUserIdPaths: paths, ...more });

  test("answer with the setting", async () => {
    const { adapter } = await start({ botUserId: "U0BOTUSER" });
    expect(adapter.paths).toEqual(expect.arrayContaining(paths));
    for (const path of paths) {
      const answer = await adapter.webhook!(get(path));
      expect([answer.status, JSON.parse(String(answer.body))]).toEqual([200, { user_id: "U0BOTUSER" }]);
    }
    expect(api.calls).toEqual([]);
    await adapter.stop!();
  });

  test("ask Slack without one, and say 500 when Slack does not tell", async () => {
    const refuse = { ok: false, error: "token_revoked" };
    api.on("auth.test", { ok: true, user_id: "U0ASKED01" }, { ok: true, user_id: "U0ASKED01" }, refuse);
    const { adapter } = await start({ botUserId: undefined });
    expect(JSON.parse(String((await adapter.webhook!(get("/bot_user_id"))).body))).toEqual({ user_id: "U0ASKED01" });
    const refused = await adapter.webhook!(get("/bot_user_id"));
    expect([refused.status, String(refused.body)]).toEqual([500, expect.stringContaining("token_revoked")]);
    expect(refused.body).not.toContain("xoxb");
    await adapter.stop!();
  });
});
