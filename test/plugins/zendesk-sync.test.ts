import { expect, test } from "vitest";
import { hello, openHelpDesk, SUPPORT, urlOf } from "./zendesk-sync-stage.ts";

test("a message becomes a ticket, and thread and ticket stay in step until it is done", async () => {
  await using desk = await openHelpDesk();
  const root = await desk.say("the printer is on fire", { user: "ada" });
  const [ticket, ...more] = await desk.tickets();
  expect(more).toEqual([]);
  expect(ticket).toMatchObject({
    subject: "the printer is on fire",
    external_id: root,
    type: "question",
    status: "new",
  });
  const [first] = await desk.comments();
  expect(first).toContain("the printer is on fire");
  expect(first).toMatch(new RegExp(`This is the message on slack \\S+/p${root.replace(".", "")}\\.$`));
  expect(await desk.said()).toEqual([hello(ticket.id)]);

  await desk.say("any news?", { user: "ada", thread: root });
  expect((await desk.comments()).slice(1)).toEqual(["ada (Slack): any news?"]);

  await desk.staff("Have you tried water?");
  expect((await desk.said()).slice(1)).toEqual(["(Zendesk): Have you tried water?"]);

  await desk.say("done", { user: "ada", thread: root });
  expect((await desk.said()).slice(2)).toEqual([`🤖 Understood. Ticket ${urlOf(ticket.id)} has been closed.`]);
  expect(await desk.tickets()).toMatchObject([{ status: "solved" }]);
  expect(await desk.comments()).toHaveLength(3);
  expect(desk.warnings).toEqual([]);
  const messages = await desk.messages("support");
  expect(messages.every(({ thread, self }) => !self || thread === root)).toBe(true);
});

test("the asker is the ticket's requester, by the e-mail address that the platform tells", async () => {
  await using desk = await openHelpDesk({ group: undefined });
  await desk.say("help me", { user: "ada" });
  const [ticket] = await desk.tickets();
  const { user } = await desk.api(`users/${ticket.requester_id}`);
  expect(user).toMatchObject({ email: expect.stringMatching(/^ada@/) });
});

test("other conversations and other bots open no tickets, bots on the list do", async () => {
  await using desk = await openHelpDesk({ channels: [SUPPORT] });
  await desk.say("not here", { conversation: "general" });
  await desk.say("I am a robot", { bot: true, user: "robot" });
  expect(await desk.tickets()).toEqual([]);
  await desk.say("here", { user: "ada" });
  expect(await desk.tickets()).toHaveLength(1);
});

test("an answer in a thread without a ticket is left alone", async () => {
  await using desk = await openHelpDesk({ channels: [SUPPORT] });
  const bare = await desk.say("nothing", { conversation: "support", bot: true, user: "robot" });
  await desk.say("what was that?", { thread: bare });
  expect(await desk.tickets()).toEqual([]);
  expect(await desk.said()).toEqual([]);
});

test.each(["resolve", " Resolve Ticket ", ":white_check_mark:", "✅", ":ok:", "🆗", "done"])(
  "%j closes the ticket and is no comment",
  async (word) => {
    await using desk = await openHelpDesk();
    const root = await desk.say("hi");
    await desk.say(word, { thread: root });
    const [{ id, status }] = await desk.tickets();
    expect(status).toBe("solved");
    expect(await desk.comments()).toHaveLength(1);
    expect((await desk.said()).slice(1)).toEqual([`🤖 Understood. Ticket ${urlOf(id)} has been closed.`]);
  },
);

test("help, talk on a closed ticket, and closing what is closed have their texts", async () => {
  await using desk = await openHelpDesk({ closeAs: "closed" });
  const root = await desk.say("hi");
  for (const text of ["help", "resolve", "and another thing", "resolve"]) await desk.say(text, { thread: root });
  const [{ id, status }] = await desk.tickets();
  const url = urlOf(id);
  expect(status).toBe("closed");
  expect((await desk.said()).slice(1)).toEqual([
    `I understand the follow commands:\n\n- help: <this command>\n- resolve, resolve ticket, ✅, 🆗: close this ticket (${url})\n\nBest regards.\n\n🤖`,
    `🤖 Understood. Ticket ${url} has been closed.`,
    `🤖 This ticket is closed ${url}. Please raise a new support issue.`,
    `🤖 Ticket ${url} is already closed.`,
  ]);
  expect(await desk.comments()).toHaveLength(1);
});

test("a comment of the staff comes once, however often the hook fires, and our own come never", async () => {
  await using desk = await openHelpDesk();
  const root = await desk.say("hi");
  const [{ id }] = await desk.tickets();
  await desk.control("/zendesk/faults", { on: "events", kind: "duplicate" });
  await desk.staff("first");
  await desk.staff(":tada: 🎉 -- in one sentence");
  await desk.staff("first");
  await desk.say("thanks", { thread: root });
  await desk.control("/zendesk/command", { name: "note", text: "between us", user: "grace", conversation: `${id}` });
  expect((await desk.said()).slice(1)).toEqual([
    "(Zendesk): first",
    expect.stringContaining("-- in one sentence"),
    "(Zendesk): first",
  ]);
});

test("what comes by e-mail is cut, and its signature left away", async () => {
  await using desk = await openHelpDesk();
  await desk.say("hi", { user: "ada" });
  await desk.staff(`${"x".repeat(400)}\n-- \nAda`, { user: "customer" });
  await desk.staff("short\n-- \nAda\nAcme", { user: "grace" });
  expect((await desk.said()).slice(1)).toEqual([`(Zendesk): ${"x".repeat(320)}...`, "(Zendesk): short"]);
});

test("people who are named have their names in the ticket", async () => {
  await using desk = await openHelpDesk();
  const root = await desk.say("ask @grace about it");
  await desk.say("or @linus", { thread: root });
  expect(await desk.tickets()).toMatchObject([{ subject: "ask @grace about it" }]);
  expect((await desk.comments())[1]).toBe("ada (Slack): or @linus");
});

test("the same question twice is two tickets", async () => {
  await using desk = await openHelpDesk();
  await desk.say("why?");
  await desk.say("why?");
  const tickets = await desk.tickets();
  expect(tickets).toHaveLength(2);
  expect(await desk.said()).toEqual(tickets.map(({ id }) => hello(id)));
});

test("an edit and a deletion are noted in the ticket", async () => {
  await using desk = await openHelpDesk();
  const root = await desk.say("hi", { user: "ada" });
  const reply = await desk.say("it is blue", { user: "ada", thread: root });
  await desk.control("/slack/edit", { id: reply, text: "it is green", conversation: "support" });
  await desk.settle();
  await desk.control("/slack/delete", { id: reply, conversation: "support" });
  await desk.settle();
  expect((await desk.comments()).slice(1)).toEqual([
    "ada (Slack): it is blue",
    "ada (Slack) has changed a message: it is green",
    "ada (Slack) has deleted a message. it is green",
  ]);
});

test("a long text is the subject's first 150 characters, and whole in the first comment", async () => {
  await using desk = await openHelpDesk();
  const long = "long words ".repeat(60).trim();
  await desk.say(long);
  const [{ subject }] = await desk.tickets();
  expect(Array.from(subject)).toHaveLength(150);
  expect((await desk.comments())[0]).toContain(long);
});

test("messages about a channel are not in it", async () => {
  const { options } = await import("../../src/plugins/zendesk-sync/options.ts");
  const { createFilters } = await import("../../src/plugins/zendesk-sync/filters.ts");
  const given = options.parse({ channels: ["C1", "twist"], bots: ["B1"] });
  const wants = createFilters(given);
  const message = (more: object) =>
    wants.message({
      kind: "message",
      id: "1",
      conversation: { adapter: "slack", id: "C1", isDirect: false },
      author: { id: "U1", name: "ada", isBot: false },
      text: "hi",
      isMention: false,
      attachments: [],
      sentAt: "2026-11-21T00:00:00.000Z",
      ...more,
    });
  expect(given.ignoreSubtypes).toHaveLength(25);
  expect(given.ignoreSubtypes.filter((subtype) => message({ raw: { subtype } }))).toEqual([]);
  expect(["file_share", "bot_message", undefined].map((subtype) => message({ raw: { subtype } }))).toEqual([
    true,
    true,
    true,
  ]);
  const at = (adapter: string, id: string) => message({ conversation: { adapter, id, isDirect: false } });
  expect([at("slack", "C2"), at("twist", "9"), at("slack", "twist")]).toEqual([false, true, true]);
  const by = (id: string) => message({ author: { id, name: id, isBot: true } });
  expect([by("B1"), by("B2")]).toEqual([true, false]);
});
