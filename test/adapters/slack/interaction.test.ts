import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Conversation, OutgoingReply, Reply } from "../../../src/core/index.ts";
import { failure } from "../stage.ts";
import { createFakeSlack, type FakeSlack } from "./fake-slack.ts";
import { fixture } from "./fixture.ts";
import { now, posted, reply, type Started, secret, signed, startSlack, to } from "./started.ts";

const FORM = "application/x-www-form-urlencoded";
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

describe("an acknowledgement with a text", () => {
  const command = new URLSearchParams(fixture("slash-command") as Record<string, string>).toString();
  const withAck = (ack: Reply) => startSlack({}, async () => ({ event: "e", duplicate: false, ack }));

  test("answers a slash command inside the HTTP answer, to the person who used it", async () => {
    const { adapter } = await withAck("**One** moment");
    expect(await adapter.webhook!(signed(command, secret, FORM))).toEqual({
      status: 200,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ response_type: "ephemeral", text: "*One* moment" }),
      acknowledges: "e",
    });
  });

  test("can have buttons", async () => {
    const { adapter } = await withAck({ text: "Which?", buttons: [{ id: "a", label: "A" }] });
    const { body } = await adapter.webhook!(signed(command, secret, FORM));
    expect(JSON.parse(String(body))).toMatchObject({
      text: "Which?",
      blocks: [{ type: "section" }, { type: "actions", elements: [{ action_id: "a" }] }],
    });
  });

  test("is wanted for commands only, and only when it fits into one answer", () => {
    const { inlineAck } = bot.adapter.limits;
    if (typeof inlineAck !== "function") return expect.unreachable();
    const event = { id: "1", conversation: to, author: { id: "U1", name: "ada", isBot: false }, sentAt: "" };
    const slash = { ...event, kind: "command", name: "x", text: "" } as const;
    expect(inlineAck(slash, "yes")).toBe(true);
    expect(inlineAck({ ...event, kind: "action", name: "x" }, "yes")).toBe(false);
    expect(inlineAck(slash, "x".repeat(4001))).toBe(false);
    expect(inlineAck(slash, { native: { slack: "no blocks" } })).toBe(false);
    const file = { name: "a", mimeType: "text/plain", data: Buffer.from("a") };
    expect(inlineAck(slash, { text: "yes", attachments: [file] })).toBe(false);
  });
});

describe("an answer to an interaction", () => {
  const { thread: _, ...place } = to;
  const channel: Conversation = place;
  const answer = (parts: Partial<OutgoingReply> = {}) =>
    reply({ replyTo: { responseUrl: `${api.origin}/commands/T1/RESPOND`, until: now + 1000 }, ...parts });
  const methods = () => api.calls.map(({ method }) => method);
  const json = (at: number) => JSON.parse(api.calls[at]!.body.toString());

  test("is an ordinary post where the bot is a member", async () => {
    api.on("chat.postMessage", posted);
    await bot.adapter.send(channel, answer());
    expect(methods()).toEqual(["chat.postMessage"]);
  });

  test.each(["not_in_channel", "channel_not_found"])(
    "leaves by the response_url when Slack says %s, visible to everyone",
    async (error) => {
      api.on("chat.postMessage", { ok: false, error });
      api.on("RESPOND", (response) => response.end("ok"));
      const sent = await bot.adapter.send(channel, answer({ buttons: [{ id: "a", label: "A" }] }));
      expect(methods()).toEqual(["chat.postMessage", "RESPOND"]);
      expect(json(1)).toMatchObject({ response_type: "in_channel", replace_original: false, text: "Hi *Ada*" });
      expect(json(1).blocks).toHaveLength(2);
      expect(api.calls[1]!.headers).not.toHaveProperty("authorization");
      expect(await failure(bot.adapter.edit!(sent, reply()))).toMatchObject({ permanent: true, maybeSent: false });
      expect(await failure(bot.adapter.delete!(sent))).toMatchObject({ permanent: true });
    },
  );

  test("for its author alone leaves by the response_url at once, in the thread of the button", async () => {
    api.on("RESPOND", (response) => response.end("ok"));
    await bot.adapter.send(to, answer({ visibility: "author", author: "U0HUMAN01" }));
    expect(methods()).toEqual(["RESPOND"]);
    expect(json(0)).toEqual({
      response_type: "ephemeral",
      replace_original: false,
      thread_ts: to.thread,
      text: "Hi *Ada*",
    });
  });

  test.each([
    [404, '{"ok":false,"error":"used_url"}'],
    [200, '{"ok":false,"error":"expired_url"}'],
    [404, "no such address"],
  ])("for its author is an ephemeral post once Slack says %d %s", async (status, said) => {
    api.on("RESPOND", (response) => response.writeHead(status).end(said));
    api.on("chat.postEphemeral", { ok: true, message_ts: "1800000300.000500" });
    const sent = await bot.adapter.send(channel, answer({ visibility: "author", author: "U0HUMAN01" }));
    expect(sent.id).toBe("1800000300.000500");
    expect(methods()).toEqual(["RESPOND", "chat.postEphemeral"]);
  });

  test("does not use an address that is too old, or not Slack's, or no address", async () => {
    api.on("chat.postMessage", { ok: false, error: "not_in_channel" });
    const urls = [
      { responseUrl: `${api.origin}/RESPOND`, until: now },
      { responseUrl: "https://hooks.slack.com.evil.example/commands", until: now + 1000 },
      { responseUrl: "http://hooks.slack.com/commands", until: now + 1000 },
      { responseUrl: "https://hooks.slack.com:8443/commands", until: now + 1000 },
      { responseUrl: "https://me:pw@hooks.slack.com/commands", until: now + 1000 },
      { responseUrl: 7, until: now + 1000 },
      { responseUrl: "nowhere" },
      "text",
      null,
    ];
    for (const replyTo of urls) {
      const error = await failure(bot.adapter.send(channel, answer({ replyTo })));
      expect(error).toMatchObject({ permanent: true, cause: "not_in_channel" });
    }
    expect(methods()).toEqual(urls.map(() => "chat.postMessage"));
  });

  test("tells truthfully whether a failed one may have been seen", async () => {
    api.on("chat.postMessage", { ok: false, error: "not_in_channel" });
    api.on(
      "RESPOND",
      (response) => response.writeHead(500).end(),
      (response) => response.socket!.destroy(),
      (response) => response.writeHead(429, { "retry-after": "7" }).end(),
      (response) => response.writeHead(404).end("expired_url"),
    );
    const send = () => failure(bot.adapter.send(channel, answer()));
    expect(await send()).toMatchObject({ code: "DELIVERY_FAILED", maybeSent: true });
    expect(await send()).toMatchObject({ code: "DELIVERY_FAILED", maybeSent: true });
    expect(await send()).toMatchObject({ code: "RATE_LIMITED", retryAfter: 7000 });
    const last = await send();
    expect(last).toMatchObject({ code: "DELIVERY_FAILED", maybeSent: false, permanent: true });
    expect(last.message).not.toContain(api.origin);
  });

  test("cannot be looked up where the bot may not read", async () => {
    api.on("conversations.history", { ok: false, error: "channel_not_found" });
    expect(await bot.adapter.find!(channel, answer())).toBe("unknown");
  });
});

describe("blocks of the platform's own kind", () => {
  const blocks = [{ type: "header", text: { type: "plain_text", text: "Ticket 42" } }, { type: "divider" }];

  test("are passed through with the text for notifications, buttons behind them", async () => {
    api.on("chat.postMessage", posted);
    await bot.adapter.send(to, reply({ native: blocks, buttons: [{ id: "close", label: "Close" }] }));
    expect(api.calls[0]!.args.text).toBe("Hi *Ada*");
    expect(api.calls[0]!.args.blocks).toMatchObject([...blocks, { type: "actions" }]);
  });

  test("need no text, and stay in an edit", async () => {
    api.on("chat.postMessage", posted);
    api.on("chat.update", posted);
    const sent = await bot.adapter.send(to, reply({ text: "", native: blocks }));
    await bot.adapter.edit!(sent, reply({ native: blocks }));
    expect(api.calls.map(({ args }) => args.blocks)).toEqual([blocks, blocks]);
  });

  test.each([["text"], [{}], [[]], [[7]], [[{ text: "no type" }]]])(
    "that are %j are refused for good",
    async (native) => {
      expect(await failure(bot.adapter.send(to, reply({ native })))).toMatchObject({
        permanent: true,
        maybeSent: false,
      });
      expect(api.calls).toEqual([]);
    },
  );

  test("that Slack does not take are refused for good", async () => {
    api.on("chat.postMessage", { ok: false, error: "invalid_blocks" });
    expect(await failure(bot.adapter.send(to, reply({ native: blocks })))).toMatchObject({ permanent: true });
  });
});
