import { createHmac } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { signature } from "../../src/sandbox/zendesk/signature.ts";
import { openDesk } from "./zendesk-stage.ts";

describe("webhooks", () => {
  test("a new and a changed ticket are told of, signed over time and body, also when the bot did it", async () => {
    await using desk = await openDesk();
    const { id } = await desk.open({ external_id: "1597931771.007500" });
    await desk.say("Have you tried water?", { conversation: String(id) });
    const hooks = await desk.bot.gets(2);
    expect(hooks.map(({ json }) => json)).toEqual([
      {
        event: "ticket_created",
        ticket_id: String(id),
        external_id: "1597931771.007500",
        status: "New",
        via: "Web Service",
        updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      },
      expect.objectContaining({ event: "ticket_updated", ticket_id: String(id) }),
    ]);
    for (const { headers, body } of hooks) {
      const timestamp = String(headers["x-zendesk-webhook-signature-timestamp"]);
      const mac = createHmac("sha256", desk.credentials.webhookSecret!).update(timestamp + body);
      expect(headers["x-zendesk-webhook-signature"]).toBe(mac.digest("base64"));
      expect(Math.abs(Date.parse(timestamp) - Date.now())).toBeLessThan(60_000);
    }
    const invocations = hooks.map(({ headers }) => headers["x-zendesk-webhook-invocation-id"]);
    expect(new Set(invocations).size).toBe(2);
    expect(await desk.hooks()).toMatchObject([{ acknowledged: true }, { acknowledged: true, channel: String(id) }]);
  });

  test("the signature is Zendesk's", () => {
    const secret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";
    const timestamp = "2026-11-21T01:00:00Z";
    const body = '{"id":"01HF","type":"zen:event-type:ticket.comment_added"}';
    expect(signature({ secret, timestamp, body })).toBe("RAjXcl2W11x5pL8yItMyulZPUx9OmMN1sSqSDb+rsLU=");
    expect(signature({ secret, timestamp, body: "" })).toBe("NRQ5u4RijFTG24uj3ej5ttTTvyWXFQqJLH66E5dLJyk=");
  });

  test.each<[string, { status: number; headers?: Record<string, string> }, number]>([
    ["409 three times", { status: 409 }, 4],
    ["429 after the time that the answer says", { status: 429, headers: { "retry-after": "0" } }, 5],
    ["503 after the time that the answer says", { status: 503, headers: { "retry-after": "0" } }, 5],
    ["503 without such a time not at all", { status: 503 }, 1],
    ["429 with a minute to wait not at all", { status: 429, headers: { "retry-after": "60" } }, 1],
    ["500 not at all", { status: 500 }, 1],
    ["404 not at all", { status: 404 }, 1],
  ])("it tries again after a %s", async (_, answer, tries) => {
    await using desk = await openDesk([0, 0, 0, 0, 0]);
    for (let left = tries === 5 ? 4 : 6; left > 0; left--) desk.bot.answers.push(answer);
    await desk.open();
    await vi.waitFor(async () => expect(await desk.hooks()).toMatchObject([{ pending: false }]));
    const [hook] = await desk.hooks();
    expect(hook!.attempts).toHaveLength(tries);
    expect(hook!.acknowledged).toBe(tries === 5);
    expect(new Set(desk.bot.received.map(({ headers }) => headers["x-zendesk-webhook-invocation-id"])).size).toBe(1);
  });

  test("a webhook that was lost on its way comes later, one that finds nobody does not", async () => {
    await using desk = await openDesk();
    await desk.control("/zendesk/faults", { on: "events", kind: "timeout" });
    await desk.open();
    await desk.bot.gets(1);
    await vi.waitFor(async () => expect(await desk.hooks()).toMatchObject([{ acknowledged: true }]));
    await desk.bot.close();
    await desk.open();
    await vi.waitFor(async () => expect((await desk.hooks())[1]).toMatchObject({ pending: false }));
    expect((await desk.hooks())[1]).toMatchObject({ acknowledged: false, attempts: [{ error: "connection" }] });
  });

  test("an administrator changes what triggers send and when", async () => {
    await using desk = await openDesk();
    const { json } = await desk.api("GET", "triggers");
    expect(json.triggers).toHaveLength(2);
    const [created, updated] = json.triggers;
    const [webhookId] = updated.actions[0].value;
    expect((await desk.api("GET", `webhooks/${webhookId}/signing_secret`, undefined, { isOdd: true })).json).toEqual({
      signing_secret: { algorithm: "sha256", secret: desk.credentials.webhookSecret },
    });
    const odd = { isOdd: true };
    await desk.api("DELETE", `triggers/${created.id}`, undefined, odd);
    const body = '{"token":"legacy","chat_id":"{{ticket.external_id}}","ticket_id":"{{ ticket.id }}"}';
    const conditions = { all: [{ field: "comment_is_public", operator: "is", value: "true" }] };
    const actions = [{ field: "notification_webhook", value: [webhookId, body] }];
    const changed = await desk.api("PUT", `triggers/${updated.id}`, { trigger: { conditions, actions } }, odd);
    expect(changed.json.trigger).toMatchObject({ title: updated.title, conditions, actions });

    const { id } = await desk.open({ external_id: "1.2" });
    await desk.command("note", "Who has a key?", id);
    await desk.say("Coming.", { conversation: String(id) });
    await vi.waitFor(async () => expect(await desk.hooks()).toHaveLength(2));
    const hooks = await desk.bot.gets(2);
    expect(hooks.map((hook) => hook.json)).toEqual(
      Array(2).fill({ token: "legacy", chat_id: "1.2", ticket_id: String(id) }),
    );
    const unknown = { trigger: { conditions: { all: [{ field: "weather", operator: "is", value: "fine" }] } } };
    expect((await desk.api("PUT", `triggers/${updated.id}`, unknown, odd)).status).toBe(422);
  });

  test("placeholders are filled in without minding JSON", async () => {
    await using desk = await openDesk();
    const { json } = await desk.api("GET", "triggers");
    const { id, actions } = json.triggers[0];
    const value = [actions[0].value[0], "{{ticket.title}} by {{ticket.requester.email}}"];
    const trigger = { actions: [{ field: "notification_webhook", value }] };
    await desk.api("PUT", `triggers/${id}`, { trigger }, { isOdd: true });
    await desk.command("email", 'The "new" printer', "1", "ada");
    expect((await desk.bot.gets(1))[0]!.body).toBe('The "new" printer by ada@example.com');
  });
});

describe("the staff and their customers", () => {
  test("an e-mail opens a ticket that shows who asks", async () => {
    await using desk = await openDesk();
    await desk.command("email", "My printer\n\nIt is on fire.", "1", "bob");
    const { conversations, home } = await desk.overview();
    expect(home).toBe("1");
    expect(conversations).toHaveLength(2);
    const [{ name, label }] = conversations;
    expect(label).toBe(`#${name} My printer · new · bob`);
    expect(await desk.shown(name)).toMatchObject([{ author: "bob", text: "It is on fire.", visibility: "everyone" }]);
    const { json } = await desk.api("GET", `tickets/${name}`);
    expect(json.ticket).toMatchObject({ via: { channel: "email" }, recipient: "support@sandbox.zendesk.com" });
    expect((await desk.bot.gets(1))[0]!.json).toMatchObject({ event: "ticket_created", via: "Mail", external_id: "" });
  });

  test("a note is for the staff, an answer for everybody", async () => {
    await using desk = await openDesk();
    const { id } = await desk.open();
    await desk.say("Have you tried water?", {
      conversation: String(id),
      files: [{ name: "hose.txt", mimeType: "text/plain" }],
    });
    await desk.command("note", "She has not.", id, "linus");
    const { json } = await desk.api("GET", `tickets/${id}/comments?include=users`);
    expect(json.comments).toMatchObject([
      { via: { channel: "api" } },
      { public: true, via: { channel: "web" }, attachments: [{ file_name: "hose.txt" }] },
      { public: false, body: "She has not." },
    ]);
    expect(json.users.map(({ name }: { name: string }) => name)).toEqual(["moe", "Grace", "Linus"]);
    expect((await desk.shown(id)).map(({ author, visibility, self }) => [author, visibility, self])).toEqual([
      ["moe", "everyone", true],
      ["grace", "everyone", false],
      ["linus", "agents", false],
    ]);
  });

  test("status, priority and whose it is are changed by commands, and a customer's answer opens it again", async () => {
    await using desk = await openDesk();
    const { id } = await desk.open({ requester: { email: "ada@example.com" } });
    const ticket = async () => (await desk.api("GET", `tickets/${id}`)).json.ticket;
    await desk.command("assign", "linus", id);
    expect(await ticket()).toMatchObject({ status: "open", assignee_id: expect.any(Number) });
    await desk.command("priority", "urgent", id);
    await desk.command("status", "solved", id);
    expect(await ticket()).toMatchObject({ status: "solved", priority: "urgent" });
    await desk.say("It burns again.", { conversation: String(id), user: "ada" });
    expect(await ticket()).toMatchObject({ status: "open" });
    await desk.command("delete", "", id);
    expect((await desk.api("GET", `tickets/${id}`)).status).toBe(404);
  });

  test("a closed ticket stays as it is: the staff cannot, and the customer's answer is a new one", async () => {
    await using desk = await openDesk();
    const { id } = await desk.open();
    await desk.command("status", "closed", id);
    for (const [name, text] of [
      ["note", "x"],
      ["status", "open"],
    ] as const) {
      const answer = await desk.control("/zendesk/command", { name, text, user: "grace", conversation: String(id) });
      expect(answer.status).toBe(400);
    }
    await desk.say("But it burns.", { conversation: String(id), user: "ada" });
    const { conversations } = await desk.overview();
    expect(conversations[0].label).toMatch(/^#\d+ Re: My printer · new · ada$/);
    expect(await desk.shown(id)).toHaveLength(1);
  });

  test.each([
    ["say", { text: "x", conversation: "17" }, "There is no ticket `17`"],
    ["command", { name: "stattus", text: "open" }, "did you mean"],
    ["command", { name: "status", text: "done" }, "Known: new, open, pending, hold, solved, closed"],
    ["command", { name: "note" }, "needs a text"],
    ["command", { name: "assign", text: "ada" }, "Known: grace, linus"],
    ["edit", { id: "1", text: "x" }, "Nobody can `edit` on Zendesk"],
  ])("%s says what was wrong: %j", async (path, body, words) => {
    await using desk = await openDesk();
    const answer = await desk.control(`/zendesk/${path}`, body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(words);
  });

  test("a desk that somebody has emptied can be written to", async () => {
    await using desk = await openDesk();
    await desk.command("delete", "", "1");
    expect((await desk.overview()).conversations).toEqual([]);
    await desk.control("/zendesk/command", { name: "email", text: "Hello?" });
    const { conversations, home } = await desk.overview();
    expect(conversations).toMatchObject([{ name: home, label: expect.stringContaining("Hello? · new · ada") }]);
  });

  test("a link to a ticket leads to the sandbox's page", async () => {
    await using desk = await openDesk();
    const answer = await fetch(`${desk.base}/sandbox/zendesk/agent/tickets/1`, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/#zendesk/1"]);
  });

  test("a reset empties the desk, and bots stay connected; no id comes twice", async () => {
    await using desk = await openDesk();
    const before = await desk.open({ requester: { name: "Dora", email: "dora@example.com" } });
    await desk.control("/reset", {});
    const { conversations, people, apps } = await desk.overview();
    expect(conversations).toMatchObject([{ name: "1" }]);
    expect(people).not.toContain("dora");
    expect(apps).toMatchObject([{ name: "zendesk-sync", bot: "moe" }]);
    const after = await desk.open();
    expect(after.id).toBeGreaterThan(before.id);
    await desk.bot.gets(2);
    expect((await desk.api("GET", "triggers")).json.triggers).toHaveLength(2);
  });

  test("two bots have users, secrets and webhooks of their own", async () => {
    await using desk = await openDesk();
    const webhook = `${desk.bot.url}/other`;
    const other = desk.sandbox.connect({ platform: "zendesk", name: "other", webhook })!;
    expect(other.oauthToken).not.toBe(desk.credentials.oauthToken);
    const headers = { authorization: `Bearer ${other.oauthToken}` };
    expect((await desk.api("GET", "users/me", undefined, { headers })).json.user.email).toBe("other@example.com");
    await desk.open();
    await desk.bot.gets(2);
    expect((await desk.hooks()).map(({ app }) => app).sort()).toEqual(["other", "zendesk-sync"]);
  });
});
