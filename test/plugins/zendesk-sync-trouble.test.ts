import { describe, expect, test } from "vitest";
import { zendeskSync } from "../../src/plugins/zendesk-sync/index.ts";
import { isSigned, PUBLIC_TEST_SECRET, sign } from "../../src/plugins/zendesk-sync/signature.ts";
import { testBot } from "../../src/testing/index.ts";
import { openDesk } from "../sandbox/zendesk-stage.ts";
import { hello, openHelpDesk } from "./zendesk-sync-stage.ts";

const API_ERROR = "🤖 I'm unable to talk to Zendesk (API Error).";

describe("signatures", () => {
  const timestamp = "2026-11-21T01:00:00Z";
  const now = Date.parse(timestamp);
  const bytes = (text: string) => new TextEncoder().encode(text);

  test.each([
    ['{"id":"01HF","type":"zen:event-type:ticket.comment_added"}', "RAjXcl2W11x5pL8yItMyulZPUx9OmMN1sSqSDb+rsLU="],
    ["", "NRQ5u4RijFTG24uj3ej5ttTTvyWXFQqJLH66E5dLJyk="],
  ])("of %j are what Zendesk's own are, with the secret as a literal text", (body, signature) => {
    expect(sign(PUBLIC_TEST_SECRET, timestamp, bytes(body))).toBe(signature);
    expect(isSigned({ signature, timestamp, body: bytes(body) }, PUBLIC_TEST_SECRET, now)).toBe(true);
  });

  test("hold for five minutes either way, for these bytes and this secret", () => {
    const body = bytes("{}");
    const signature = sign("secret", timestamp, body);
    const signed = { signature, timestamp, body };
    expect(isSigned(signed, "secret", now + 299_000)).toBe(true);
    expect(isSigned(signed, "secret", now - 299_000)).toBe(true);
    expect(isSigned(signed, "secret", now + 301_000)).toBe(false);
    expect(isSigned(signed, "secret", now - 301_000)).toBe(false);
    expect(isSigned(signed, "another", now)).toBe(false);
    expect(isSigned(signed, "", now)).toBe(false);
    expect(isSigned({ ...signed, body: bytes("{ }") }, "secret", now)).toBe(false);
    expect(isSigned({ ...signed, signature: null }, "secret", now)).toBe(false);
    expect(isSigned({ ...signed, timestamp: null }, "secret", now)).toBe(false);
    expect(isSigned({ ...signed, timestamp: "soon" }, "secret", now)).toBe(false);
  });
});

test("the secret that everybody knows is refused at start", async () => {
  const plugin = zendeskSync({ webhookSecret: PUBLIC_TEST_SECRET });
  await expect(plugin.setup({} as never)).rejects.toMatchObject({
    code: "PLUGIN_OPTIONS",
    message: expect.stringContaining("public test secret"),
  });
});

describe("the webhook", () => {
  test("refuses what is not from Zendesk, and does nothing of it", async () => {
    await using desk = await openHelpDesk({ webhookToken: "old token" });
    await desk.say("hi");
    const [{ id, external_id }] = await desk.tickets();
    const body = { ticket_id: `${id}`, external_id };
    expect((await desk.hook(body)).status).toBe(403);
    expect((await desk.hook({ ...body, token: "wrong" })).status).toBe(403);
    const stamp = { "x-zendesk-webhook-signature-timestamp": new Date().toISOString() };
    expect((await desk.hook(body, { ...stamp, "x-zendesk-webhook-signature": "bm8=" })).status).toBe(403);
    expect((await desk.hook("{", { ...stamp, "x-zendesk-webhook-signature": "bm8=" })).status).toBe(403);
    const known = sign(PUBLIC_TEST_SECRET, stamp["x-zendesk-webhook-signature-timestamp"], Buffer.from("{}"));
    expect((await desk.hook("{}", { ...stamp, "x-zendesk-webhook-signature": known })).status).toBe(403);
  });

  test("takes the old hook with its token, whatever else it holds", async () => {
    await using desk = await openHelpDesk({ webhookToken: "old token" });
    const token = "old token";
    for (const more of [{}, { ticket_id: "" }, { ticket_id: {}, chat_id: null }, { ticket_id: "1", chat_id: "" }]) {
      const response = await desk.hook({ token, ...more });
      expect([response.status, await response.text()]).toEqual([200, "OK, Thanks"]);
    }
    await desk.settle();
    expect(await desk.said()).toEqual([]);
  });

  test("takes signed events of other kinds, and refuses a signed body that is no object", async () => {
    await using desk = await openHelpDesk();
    const send = (body: string) => {
      const timestamp = new Date().toISOString();
      return desk.hook(body, {
        "x-zendesk-webhook-signature-timestamp": timestamp,
        "x-zendesk-webhook-signature": sign(desk.webhookSecret, timestamp, Buffer.from(body)),
      });
    };
    expect((await send('{"type":"zen:event-type:user.created","detail":{"id":"1"}}')).status).toBe(200);
    expect((await send('{"type":"zen:event-type:ticket.comment_added"}')).status).toBe(200);
    expect((await send('{"__proto__":{"ticket_id":"1"}}')).status).toBe(200);
    expect((await send("[]")).status).toBe(400);
    expect((await send("not json")).status).toBe(400);
  });

  test("asks for the hook again when it cannot be stored", async () => {
    await using desk = await openHelpDesk({ webhookToken: "old token" });
    desk.bot.storage.add = () => Promise.reject(new Error("disk full"));
    expect((await desk.hook({ token: "old token", ticket_id: "1" })).status).toBe(409);
  });
});

describe("a new message", () => {
  test.each([
    ["500", 1],
    ["500", 3],
    ["lost-answer", 1],
    ["timeout", 1],
  ])("that Zendesk answers with %s, %i times, gets an apology, and in the end one ticket", async (kind, times) => {
    await using desk = await openHelpDesk({ timeout: 100 });
    await desk.control("/zendesk/faults", { on: "CreateTicket", kind, times });
    await desk.say("help");
    const [{ id }, ...more] = await desk.tickets();
    expect(more).toEqual([]);
    expect(await desk.said()).toEqual([API_ERROR, hello(id)]);
    expect(await desk.comments()).toHaveLength(1);
  });

  test("waits in silence while Zendesk takes no more calls", async () => {
    await using desk = await openHelpDesk();
    await desk.control("/zendesk/faults", { on: "CreateTicket", kind: "429", retryAfter: 1 });
    await desk.say("help");
    const [{ id }] = await desk.tickets();
    expect(await desk.said()).toEqual([hello(id)]);
  });

  test("is given up with a text at last", async () => {
    await using desk = await openHelpDesk({ attempts: 2 });
    await desk.control("/zendesk/faults", { on: "CreateTicket", kind: "500", times: 2 });
    const root = await desk.say("help");
    expect(await desk.said()).toEqual([API_ERROR, expect.stringContaining("stopped trying")]);
    expect((await desk.messages("support")).filter(({ self }) => self).map(({ thread }) => thread)).toEqual([
      root,
      root,
    ]);
    expect(await desk.tickets()).toEqual([]);
  });

  test.each(["duplicate", "lost-answer"])("that comes as %s is one ticket with one greeting", async (kind) => {
    await using desk = await openHelpDesk();
    await desk.control("/slack/faults", { on: "events", kind });
    const root = await desk.say("help");
    await desk.say("please", { thread: root });
    const [{ id }, ...more] = await desk.tickets();
    expect(more).toEqual([]);
    expect(await desk.said()).toEqual([hello(id)]);
    expect((await desk.comments()).slice(1)).toEqual(["ada (Slack): please"]);
  });

  test("may come after the first answer to it", async () => {
    await using desk = await openHelpDesk({ patience: ["10ms", "100ms"] });
    await desk.control("/slack/faults", { on: "events", kind: "reorder" });
    const { id: thread } = await desk.control<{ id: string }>("/slack/say", { text: "help", conversation: "support" });
    await desk.say("please", { thread });
    const [{ id }] = await desk.tickets();
    expect(await desk.said()).toEqual([hello(id)]);
    expect((await desk.comments()).slice(1)).toEqual(["ada (Slack): please"]);
  });

  test("gets its greeting once when Slack fails", async () => {
    for (const kind of ["500", "lost-answer"]) {
      await using desk = await openHelpDesk();
      await desk.control("/slack/faults", { on: "chat.postMessage", kind });
      await desk.say("help");
      const [{ id }, ...more] = await desk.tickets();
      expect(more).toEqual([]);
      expect(await desk.said()).toEqual([hello(id)]);
    }
  });
});

describe("a comment", () => {
  test.each(["500", "lost-answer", "timeout"])("that Zendesk answers with %s is there once", async (kind) => {
    await using desk = await openHelpDesk({ timeout: 100 });
    const root = await desk.say("help");
    await desk.say("the same", { thread: root });
    await desk.control("/zendesk/faults", { on: "UpdateTicket", kind });
    await desk.say("the same", { thread: root });
    await desk.say("after", { thread: root });
    const line = "ada (Slack): the same";
    expect((await desk.comments()).slice(1)).toEqual([line, line, "ada (Slack): after"]);
    expect((await desk.said()).slice(1)).toEqual([API_ERROR]);
  });

  test("of the staff comes once and in order, though reading it fails", async () => {
    await using desk = await openHelpDesk({ timeout: 100 });
    await desk.say("help");
    await desk.control("/zendesk/faults", { on: "ListTicketComments", kind: "500" });
    await desk.control("/zendesk/faults", { on: "events", kind: "reorder" });
    const texts = ["one", "two", "three"];
    const [{ id }] = await desk.tickets();
    // In different seconds, by which Zendesk counts, and in the same one.
    for (const text of texts.slice(0, 2)) {
      await desk.control("/zendesk/say", { text, user: "grace", conversation: `${id}` });
      await new Promise((resolve) => setTimeout(resolve, 1001));
    }
    await desk.staff("three");
    expect((await desk.said()).slice(1)).toEqual(texts.map((text) => `(Zendesk): ${text}`));
  });

  test("for a ticket that is no longer there is explained, and the thread goes on", async () => {
    await using desk = await openHelpDesk();
    const root = await desk.say("help");
    const [{ id }] = await desk.tickets();
    await desk.control("/zendesk/command", { name: "delete", text: "", user: "grace", conversation: `${id}` });
    await desk.settle();
    await desk.say("hello?", { thread: root });
    await desk.say("done", { thread: root });
    expect((await desk.said()).slice(1)).toEqual([
      expect.stringContaining("no longer in Zendesk"),
      expect.stringContaining("already closed"),
    ]);
    expect(desk.warnings).toEqual([expect.stringContaining("no longer in Zendesk")]);
  });

  test("for a ticket that Zendesk has closed is refused with a text", async () => {
    await using desk = await openHelpDesk();
    const root = await desk.say("help");
    const [{ id }] = await desk.tickets();
    // Without a hook: the bot does not know yet.
    await desk.control("/zendesk/faults", { on: "events", kind: "lost-answer" });
    await desk.api(`tickets/${id}`, "PUT", { ticket: { status: "closed" } });
    await desk.say("hello?", { thread: root });
    expect((await desk.said()).slice(1)).toEqual([expect.stringContaining("This ticket is closed")]);
    expect(desk.warnings).toEqual([expect.stringContaining("closed for good")]);
    await desk.say("another matter");
    expect(await desk.tickets()).toHaveLength(2);
  });

  test("of 100 KB is cut into several, without losing a word", async () => {
    await using zendesk = await openDesk();
    await using bot = await testBot(zendeskSync({ ...zendesk.credentials, report: null }));
    const words = Array.from({ length: 10_000 }, (_, n) => `word-${n}`);
    await bot.says("hi");
    await bot.says(words.join(" "), { thread: "message-1" });
    await bot.says(words.join(" "));
    const { conversations } = await zendesk.overview();
    for (const { id } of conversations.slice(0, 2)) {
      const comments = (await zendesk.shown(id)).map(({ text }) => text).filter((text) => text.includes("word-"));
      expect(comments).toHaveLength(2);
      expect(comments.join(" ").match(/word-\d+/g)).toEqual(words);
    }
  });
});
