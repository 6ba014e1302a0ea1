import { beforeAll, describe, expect, test } from "vitest";
import { slack } from "../../../src/adapters/slack/index.ts";
import { HobnobError, type Receipt } from "../../../src/core/index.ts";
import { createRandom, fixture } from "./fixture.ts";
import { type Started, secret, signed, startSlack } from "./started.ts";

const FORM = "application/x-www-form-urlencoded";
let bot: Started;

beforeAll(async () => {
  bot = await startSlack({});
});

test("an event is answered with 200 once it is stored, and the answer names it", async () => {
  const answer = await bot.deliver(fixture("message"));
  expect(answer).toEqual({ status: 200, acknowledges: "slack message 1800000000.000100" });
  expect(bot.events.at(-1)).toMatchObject({ kind: "message", text: "hello", raw: fixture("message").event });
});

test("no answer leaves while the event is not stored yet", async () => {
  const storing = Promise.withResolvers<Receipt>();
  const received = Promise.withResolvers<void>();
  const slow = await startSlack({}, () => {
    received.resolve();
    return storing.promise;
  });
  let answered = false;
  const answer = slow.deliver(fixture("message")).finally(() => {
    answered = true;
  });
  await received.promise;
  await new Promise(setImmediate);
  expect(answered).toBe(false);
  storing.resolve({ event: "e", duplicate: false });
  expect(await answer).toMatchObject({ status: 200 });
});

test("an event that cannot be stored is answered with 503, and the next one is taken again", async () => {
  const errors: unknown[] = [
    new HobnobError("STORAGE_FULL", "The disk is full."),
    new Error("SELECT secret"),
    undefined,
  ];
  const full = await startSlack({}, async () => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    return { event: "e", duplicate: true };
  });
  const first = await full.deliver(fixture("message"));
  expect(first.status).toBe(503);
  expect(JSON.parse(String(first.body))).toEqual({ error: { code: "STORAGE_FULL", message: "The disk is full." } });
  const second = await full.deliver(fixture("message"));
  expect(second.status).toBe(503);
  expect(JSON.parse(String(second.body))).toMatchObject({ error: { code: "NOT_STORED" } });
  expect(second.body).not.toContain("SELECT");
  expect(await full.deliver(fixture("message"))).toEqual({ status: 200, acknowledges: "e" });
});

test("a mention and its message come with one key", async () => {
  await bot.deliver(fixture("app-mention"));
  await bot.deliver(fixture("message"), {
    headers: {
      ...signed(fixture("message")).headers,
      "x-slack-retry-num": "1",
      "x-slack-retry-reason": "http_timeout",
    },
  });
  const [mention, message] = bot.events.slice(-2);
  expect(mention?.key).toBe(message?.key);
  expect(mention?.conversation).toEqual(message?.conversation);
});

test.each(["own-message", "own-message-changed", "own-message-deleted"])(
  "%s comes marked as the bot's own",
  async (name) => {
    await bot.deliver(fixture(name));
    expect(bot.events.at(-1)?.author.isSelf).toBe(true);
  },
);

test("a slash command comes as a form and is answered with an empty 200", async () => {
  const form = new URLSearchParams(fixture("slash-command") as Record<string, string>).toString();
  expect(await bot.adapter.webhook!(signed(form, secret, FORM))).toEqual({
    status: 200,
    acknowledges: "slack command 1.2.abc",
  });
  expect(bot.events.at(-1)).toMatchObject({ kind: "command", name: "ticket", text: "open 42" });
});

test("a button comes as JSON inside a form and is answered with an empty 200", async () => {
  const form = new URLSearchParams({ payload: JSON.stringify(fixture("block-actions")) }).toString();
  expect(await bot.adapter.webhook!(signed(form, secret, FORM))).toEqual({
    status: 200,
    acknowledges: "slack action 1.2.abc",
  });
  expect(bot.events.at(-1)).toMatchObject({ kind: "action", name: "approve", value: "42" });
});

test("the challenge is answered, but only when it is signed", async () => {
  const body = fixture("url-verification");
  const answer = await bot.deliver(body);
  expect(answer.status).toBe(200);
  expect(JSON.parse(String(answer.body))).toEqual({ challenge: body.challenge });
  expect((await bot.deliver(body, { headers: { "content-type": "application/json" } })).status).toBe(403);
});

test("dropped events are said aloud", async () => {
  expect(await bot.deliver(fixture("app-rate-limited"))).toEqual({ status: 200 });
  expect(bot.lines.at(-1)).toMatchObject({ level: "warn" });
});

test("the certificate check is answered without a signature, and nothing else in it counts", async () => {
  const before = bot.events.length;
  const body = Buffer.from("ssl_check=1&token=x&command=%2Fticket&trigger_id=1&channel_id=C1&user_id=U1");
  expect(await bot.deliver("", { headers: { "content-type": FORM }, body })).toEqual({ status: 200 });
  const other = Buffer.from("ssl_check=11&text=ssl_check%3D1");
  expect((await bot.deliver("", { headers: { "content-type": FORM }, body: other })).status).toBe(403);
  // It is believed unread, so it must not be much to read.
  const large = Buffer.from(`ssl_check=1${"&a".repeat(2000)}`);
  expect((await bot.deliver("", { headers: { "content-type": FORM }, body: large })).status).toBe(403);
  expect(bot.events.length).toBe(before);
});

test.each(["member-joined", "tokens-revoked", "channel-join", "view-submission", "message-shortcut", "link-unfurled"])(
  "%s is taken and counted without reaching a plugin",
  async (name) => {
    const before = bot.events.length;
    const ignored = bot.ignored();
    expect(await bot.deliver(fixture(name))).toEqual({ status: 200 });
    expect(bot.events.length).toBe(before);
    expect(bot.ignored()).toBe(ignored + 1);
  },
);

test("another method is refused", async () => {
  expect((await bot.deliver("", { method: "GET" })).status).toBe(405);
});

test("a wrong signature is refused, and the refusal names the variable but not the secret", async () => {
  const answer = await bot.adapter.webhook!(signed(fixture("message"), "another"));
  expect(answer.status).toBe(403);
  expect(answer.body).toContain("SLACK_SIGNING_SECRET");
  expect(answer.body).not.toContain(secret);
});

describe("a signed body that Slack would not send", () => {
  const deep = `{"type":"event_callback","event":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  const event = fixture("message").event as object;
  test.each<[string, unknown]>([
    ["nothing", ""],
    ["a truncated body", JSON.stringify(fixture("message")).slice(0, -20)],
    ["100,000 levels", deep],
    [
      "100,000 levels in a field",
      JSON.stringify({ ...fixture("message"), x: 1 }).replace('"x":1', `"x":${"[".repeat(1e5)}${"]".repeat(1e5)}`),
    ],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ["a list", "[]"],
    ["null", "null"],
    ["a number", "1"],
    ["no type", "{}"],
    ["everything under __proto__", `{"__proto__":${JSON.stringify(fixture("message"))}}`],
    ["an event under __proto__", '{"type":"event_callback","__proto__":{"event":{"type":"message"}}}'],
    ["no event", { type: "event_callback" }],
    ["an event that is a text", { type: "event_callback", event: "message" }],
    ["an event without a type", { type: "event_callback", event: {} }],
    ["an item that is null", { type: "event_callback", event: { ...event, item: null } }],
    ["a channel that is null", { type: "event_callback", event: { ...event, channel: null } }],
    ["a ts that is a number", { type: "event_callback", event: { ...event, ts: 1.2 } }],
    ["a user that is a list", { type: "event_callback", event: { ...event, user: ["U1"] } }],
    ["a text that is an object", { type: "event_callback", event: { ...event, text: {} } }],
    ["actions that are a text", { ...fixture("block-actions"), actions: "x" }],
    ["a challenge that is a number", { type: "url_verification", challenge: 1 }],
  ])("%s gets a short 400", async (_, body) => {
    const before = bot.events.length;
    const answer = await bot.deliver(body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(String(answer.body))).toMatchObject({ error: { code: "WEBHOOK_INVALID" } });
    expect(String(answer.body).length).toBeLessThan(300);
    expect(bot.events.length).toBe(before);
  });

  test("a harmless __proto__ key beside a message changes nothing", async () => {
    const body = JSON.stringify(fixture("message")).replace("{", '{"__proto__":{"polluted":true},');
    expect((await bot.deliver(body)).status).toBe(200);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

test("10,000 random bodies get a 4xx, signed or not, and nothing is received", async () => {
  const random = createRandom(3);
  const whole = JSON.stringify(fixture("message"));
  const before = bot.events.length;
  for (let round = 0; round < 10_000; round++) {
    const body =
      round % 2 === 0
        ? Buffer.from(Array.from({ length: random(200) }, () => random(256)))
        : Buffer.from(whole.slice(0, random(whole.length)));
    const type = round % 5 === 0 ? FORM : "application/json";
    const request = round % 3 === 0 ? signed(body, "another", type) : signed(body, secret, type);
    const { status } = await bot.adapter.webhook!(request);
    expect(status >= 400 && status < 500).toBe(true);
  }
  expect(bot.events.length).toBe(before);
});

test("two apps in one process share neither credentials nor identity", async () => {
  const other = await startSlack({
    name: "twilio-events",
    path: "/twilio/events",
    signingSecret: "another",
    botUserId: "U0OTHERBT",
  });
  expect(other.adapter.paths[0]).toBe("/twilio/events");
  expect((await other.adapter.webhook!(signed(fixture("other-bot"), secret))).status).toBe(403);
  const mine = { ...fixture("other-bot"), authorizations: [] };
  await other.deliver(mine);
  await bot.deliver(mine);
  expect(other.events.at(-1)).toMatchObject({ conversation: { adapter: "twilio-events" }, author: { isSelf: true } });
  expect(bot.events.at(-1)).toMatchObject({ conversation: { adapter: "slack" } });
  expect(bot.events.at(-1)?.author.isSelf).toBeUndefined();
});

test("neither text nor secrets are logged", async () => {
  const logged = JSON.stringify(bot.lines);
  for (const secretText of ["hello", secret, "xoxb-"]) expect(logged).not.toContain(secretText);
});

test("before its start and after its stop nothing is acknowledged", async () => {
  const adapter = slack({ token: "xoxb-1", signingSecret: secret });
  expect((await adapter.webhook!(signed(fixture("message")))).status).toBe(503);
  const stopped = await startSlack({});
  await stopped.adapter.stop!();
  expect((await stopped.deliver(fixture("message"))).status).toBe(503);
  expect(stopped.events).toEqual([]);
  await expect(adapter.delete!({ id: "1", conversation: bot.events[0]!.conversation })).rejects.toMatchObject({
    code: "ADAPTER_NOT_STARTED",
  });
});
