import { describe, expect, test } from "vitest";
import type { Receipt } from "../../../src/core/index.ts";
import { account, customer, fixture, secret, startInstalled, webhook } from "./started.ts";

const conversation = { adapter: "livechat", account, id: "PJ0MRSHTDG", isDirect: false };

test("a customer's message is answered with 200 once it is stored, and the answer names it", async () => {
  await using started = await startInstalled();
  expect(await started.deliver(webhook(fixture("incoming-event")))).toEqual({
    status: 200,
    acknowledges: "message K600PKZON8_4",
  });
  const { event } = fixture("incoming-event").payload;
  expect(started.events).toEqual([
    {
      kind: "message",
      id: "K600PKZON8_4",
      conversation,
      author: { id: customer, name: customer, isBot: false },
      text: "hello there",
      isMention: false,
      attachments: [],
      sentAt: "2026-11-21T01:00:00.010Z",
      raw: event,
    },
  ]);
});

test("of a chat that begins, every message comes, in order, with the names that are told", async () => {
  await using started = await startInstalled();
  expect((await started.deliver(webhook(fixture("incoming-chat")))).status).toBe(200);
  const author = { id: customer, name: "Thomas Anderson", isBot: false, email: "t.anderson@example.com" };
  expect(started.events).toMatchObject([
    { kind: "message", id: "K600PKZON8_2", text: "Hello there", author, conversation },
    { kind: "message", id: "K600PKZON8_3", text: "where is my pizza?", author, conversation },
  ]);
});

describe("the old form", () => {
  test("is read like the new one", async () => {
    await using started = await startInstalled();
    for (const name of ["old-incoming-event", "old-incoming-chat-thread"]) {
      expect((await started.deliver(webhook(fixture(name)))).status).toBe(200);
      expect(started.events.at(-1)).toMatchObject({
        id: "Q298LUVPRH_1",
        text: "Hey! where is my pizza?",
        conversation,
        sentAt: "2026-11-21T01:00:00.000Z",
      });
    }
  });

  test("may name neither license nor organization when there is only one", async () => {
    await using started = await startInstalled();
    const { license_id: _, ...body } = fixture("old-incoming-event");
    await started.deliver(webhook(body));
    expect(started.events).toHaveLength(1);
    await started.host.vault.set("installation:other", { account: "other", bot: { id: "b" } });
    expect((await started.deliver(webhook(body))).status).toBe(200);
    expect(started.events).toHaveLength(1);
  });

  test("said `recipients` for a whisper", async () => {
    await using started = await startInstalled();
    await started.deliver(webhook(fixture("old-whisper")));
    expect(started.events[0]).toMatchObject({ visibility: "agents", author: { isAgent: true } });
  });
});

test("a whisper is told from what the customer sees, and so is who of the staff spoke", async () => {
  await using started = await startInstalled();
  await started.deliver(webhook(fixture("whisper")));
  await started.deliver(webhook(fixture("agent-message")));
  const [whisper, message] = started.events;
  expect(whisper).toMatchObject({
    visibility: "agents",
    author: { id: "smith@example.com", isAgent: true, isBot: false },
    replyTo: { isWhisper: true, fromAgent: true },
  });
  expect(message).toMatchObject({ author: { isAgent: true }, replyTo: { fromAgent: true } });
  expect(message).not.toHaveProperty("visibility");
});

test("with `ignoreAgents` only what customers and bots say comes through", async () => {
  await using started = await startInstalled({ ignoreAgents: true });
  for (const name of ["whisper", "agent-message", "other-bot", "incoming-event"]) {
    expect((await started.deliver(webhook(fixture(name)))).status).toBe(200);
  }
  expect(started.events.map(({ id }) => id)).toEqual(["K600PKZON8_7", "K600PKZON8_4"]);
  expect(started.ignored()).toBe(2);
});

test("the bot's own words are marked as its own, other bots' as a bot's", async () => {
  await using started = await startInstalled();
  const own = fixture("own-whisper");
  await started.deliver(webhook(own));
  await started.deliver(webhook({ ...own, action: "event_updated" }));
  await started.deliver(webhook(fixture("other-bot")));
  expect(started.events.map(({ author: { isBot, isSelf = false } }) => ({ isBot, isSelf }))).toEqual([
    { isBot: true, isSelf: true },
    { isBot: true, isSelf: true },
    { isBot: true, isSelf: false },
  ]);
});

test("a chat that the bot is part of is a conversation with it; elsewhere its name calls it", async () => {
  await using started = await startInstalled({ botName: "Moe" });
  await started.deliver(webhook(fixture("bot-in-chat")));
  const named = fixture("incoming-event");
  for (const text of ["@moe, help me", "@Moest", "moe help"]) {
    named.payload.event.text = text;
    await started.deliver(webhook(named));
  }
  expect(started.events).toMatchObject([
    { isMention: true, conversation: { isDirect: true } },
    { isMention: true, text: "help me", conversation: { isDirect: false } },
    { isMention: false, text: "@Moest" },
    { isMention: false, text: "moe help" },
  ]);
});

test("a chat in which another process of the bot whispers is no conversation with it", async () => {
  await using started = await startInstalled();
  const said = fixture("bot-in-chat");
  await started.deliver(webhook(said));
  await started.host.store.set("visits", [{ account, chat: said.payload.chat_id }]);
  await started.deliver(webhook(said));
  expect(started.events.map(({ conversation: { isDirect } }) => isDirect)).toEqual([true, false]);
});

test("the text that a pressed button says is not heard beside the press", async () => {
  await using started = await startInstalled();
  const said = fixture("incoming-event");
  said.payload.event.postback = { id: "action_yes", event_id: "K600PKZON8_6", type: "message", value: "yes" };
  expect((await started.deliver(webhook(said))).status).toBe(200);
  await started.deliver(webhook(fixture("postback")));
  expect(started.events.map(({ kind }) => kind)).toEqual(["action"]);
});

test("files, edits, deletions and buttons are events of their own", async () => {
  await using started = await startInstalled();
  for (const name of ["file", "event-updated", "event-deleted", "postback"]) {
    expect((await started.deliver(webhook(fixture(name)))).status).toBe(200);
  }
  expect(started.events).toMatchObject([
    {
      kind: "message",
      text: "",
      attachments: [{ name: "pizza.png", mimeType: "image/png", size: 7000, altText: "a pizza" }],
    },
    { kind: "edited", id: "K600PKZON8_4", text: "edited" },
    { kind: "deleted", id: "K600PKZON8_4", conversation },
    { kind: "action", name: "action_yes", value: "yes", messageId: "K600PKZON8_6", author: { id: customer } },
  ]);
  const again = fixture("event-updated");
  await started.deliver(webhook(again));
  again.payload.event.text = "edited again";
  await started.deliver(webhook(again));
  const [, first, , , same, other] = started.events;
  expect(same?.key).toBe(first?.key);
  expect(other?.key).not.toBe(first?.key);
});

test("the same press or edit is one event while LiveChat may send it again, and a new one later", async () => {
  let now = Date.now();
  await using started = await startInstalled({}, undefined, () => now);
  const keysAfter = async (name: string, ...pauses: readonly number[]) => {
    const before = started.events.length;
    for (const pause of pauses) {
      now += pause;
      await started.deliver(webhook(fixture(name)));
    }
    return started.events.slice(before).map(({ key }) => key);
  };
  for (const name of ["postback", "event-updated"]) {
    const [first, soon, last, later, laterAgain] = await keysAfter(name, 0, 20_000, 100_000, 100_000, 60_000);
    expect([soon, last]).toEqual([first, first]);
    expect(later).not.toBe(first);
    expect(laterAgain).toBe(later);
  }
  const [press, , , , other] = started.events;
  expect(other?.id).toBe(press?.id);
});

test("a press whose first delivery was not stored keeps its key when it comes again", async () => {
  const keys: (string | undefined)[] = [];
  await using started = await startInstalled({}, async (event) => {
    keys.push(event.key);
    if (keys.length === 1) throw new Error("disk full");
    return { event: "1", duplicate: false };
  });
  expect((await started.deliver(webhook(fixture("postback")))).status).toBe(503);
  expect((await started.deliver(webhook(fixture("postback")))).status).toBe(200);
  expect(keys[1]).toBe(keys[0]);
});

test.each(["system-message", "filled-form", "chat-deactivated"])(
  "%s is taken without reaching a plugin",
  async (name) => {
    await using started = await startInstalled();
    expect(await started.deliver(webhook(fixture(name)))).toEqual({ status: 200 });
    expect(started.events).toEqual([]);
    expect(started.ignored()).toBe(1);
  },
);

test("a webhook of a license that is not installed is taken and ignored", async () => {
  await using started = await startInstalled();
  for (const organization of ["another", "__proto__", "constructor"]) {
    const body = { ...fixture("incoming-event"), organization_id: organization };
    expect(await started.deliver(webhook(body))).toEqual({ status: 200 });
  }
  expect(started.events).toEqual([]);
});

describe("the secret", () => {
  test.each<[string, unknown]>([
    ["another", "another"],
    ["a longer one", `${secret}x`],
    ["a shorter one", secret.slice(1)],
    ["an empty one", ""],
    ["none", undefined],
    ["a list of it", [secret]],
    ["a number", 1],
    ["true", true],
    ["an object", { secret }],
  ])("%s is refused with 401, and neither is ever logged", async (_, given) => {
    await using started = await startInstalled();
    const answer = await started.deliver(webhook({ ...fixture("incoming-event"), secret_key: given }));
    expect(answer.status).toBe(401);
    expect(answer.body).toContain("LIVECHAT_WEBHOOK_SECRET");
    expect(started.events).toEqual([]);
    expect(started.lines).toHaveLength(1);
    const seen = JSON.stringify([started.lines, answer.body]);
    expect(seen).not.toContain(secret);
    if (typeof given === "string" && given !== "") expect(seen).not.toContain(given);
  });

  test("is not handed on to plugins, nor is a text logged", async () => {
    await using started = await startInstalled();
    await started.deliver(webhook(fixture("incoming-chat")));
    await started.deliver(webhook({ ...fixture("incoming-event"), organization_id: "another" }));
    expect(JSON.stringify(started.events)).not.toContain(secret);
    expect(JSON.stringify(started.lines)).not.toMatch(/hello|pizza|secret of/);
  });
});

test("a broken event in a body does not take the others with it", async () => {
  await using started = await startInstalled();
  const body = fixture("incoming-chat");
  const { events } = body.payload.chat.thread;
  events.splice(1, 0, null, "x", { type: "message" }, { id: 1, type: "message", author_id: "a" });
  expect((await started.deliver(webhook(body))).status).toBe(200);
  expect(started.events.map(({ id }) => id)).toEqual(["K600PKZON8_2", "K600PKZON8_3"]);
  body.payload.chat.thread.events = [null];
  expect((await started.deliver(webhook(body))).status).toBe(400);
});

describe("a body that LiveChat would not send", () => {
  const good = fixture("incoming-event");
  const deep = `{"secret_key":"${secret}","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  test.each<[string, unknown]>([
    ["nothing", ""],
    ["a truncated body", JSON.stringify(good).slice(0, -20)],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ["a list", "[]"],
    ["100,000 levels", deep],
    ["no action", { ...good, action: undefined }],
    ["an action that is a list", { ...good, action: ["incoming_event"] }],
    ["no payload", { ...good, payload: undefined }],
    ["a payload that is a text", { ...good, payload: "x" }],
    ["an organization that is an object", { ...good, organization_id: {} }],
    ["no chat", { ...good, payload: { ...good.payload, chat_id: undefined } }],
    ["a chat that is a number", { ...good, payload: { ...good.payload, chat_id: 1 } }],
    ["no event", { ...good, payload: { ...good.payload, event: null } }],
    ["an event without an id", { ...good, payload: { ...good.payload, event: { ...good.payload.event, id: "" } } }],
    ["a text that is an object", { ...good, payload: { ...good.payload, event: { ...good.payload.event, text: {} } } }],
    ["no author", { ...good, payload: { ...good.payload, event: { ...good.payload.event, author_id: null } } }],
    ["a postback without a button", { ...good, action: "incoming_rich_message_postback", payload: { postback: {} } }],
  ])("%s gets a short 400", async (_, body) => {
    await using started = await startInstalled();
    const answer = await started.deliver(webhook(body));
    expect(answer.status).toBe(400);
    expect(JSON.parse(String(answer.body))).toMatchObject({ error: { code: "WEBHOOK_INVALID" } });
    expect(String(answer.body).length).toBeLessThan(300);
    expect(started.events).toEqual([]);
  });
});

test("no answer leaves before every event is stored; what cannot be stored is answered with 503", async () => {
  const storing = Promise.withResolvers<Receipt>();
  const received: string[] = [];
  await using slow = await startInstalled({}, async ({ id }) => {
    received.push(id);
    return received.length === 1 ? { event: "first", duplicate: false } : storing.promise;
  });
  let answered = false;
  const answer = slow.deliver(webhook(fixture("incoming-chat"))).finally(() => {
    answered = true;
  });
  while (received.length < 2) await new Promise(setImmediate);
  expect(answered).toBe(false);
  storing.reject(new Error("SELECT secret"));
  expect(await answer).toMatchObject({ status: 503 });
  expect((await answer).body).not.toContain("SELECT");
});

test("before its start and after its stop nothing is acknowledged", async () => {
  const started = await startInstalled();
  await started[Symbol.asyncDispose]();
  expect((await started.deliver(webhook(fixture("incoming-event")))).status).toBe(503);
});

test("whoever only looks gets an empty 200; other methods are refused", async () => {
  await using started = await startInstalled();
  for (const method of ["GET", "HEAD"]) {
    expect(await started.deliver({ ...webhook(""), method })).toEqual({ status: 200 });
  }
  expect((await started.deliver({ ...webhook(""), method: "PUT" })).status).toBe(405);
});
