import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { hello, openHelpDesk, SUPPORT, urlOf, type Wire } from "./zendesk-sync-stage.ts";

/** PagerDuty, as far as it is asked. */
async function openPagerDuty(
  people: readonly (readonly [level: number, name: string, email?: string])[],
  status = 200,
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, { "content-type": "application/json" });
    const oncalls = people.map(([level, summary, email]) => ({ escalation_level: level, user: { summary, email } }));
    response.end(JSON.stringify(request.method === "POST" ? { access_token: "t" } : { oncalls }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    asked,
    options: {
      clientId: "id",
      clientSecret: "secret",
      escalationPolicy: "P1",
      apiUrl: url,
      identityUrl: `${url}/oauth/token`,
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

describe("in the thread of a ticket", () => {
  test("`reopen` opens a solved ticket again, and follows up one that is closed for good", async () => {
    await using desk = await openHelpDesk();
    const root = await desk.say("hi");
    const [{ id }] = await desk.tickets();
    for (const text of ["reopen", "done", "reopen", "more"]) await desk.say(text, { thread: root });
    expect(await desk.tickets()).toMatchObject([{ status: "new" }].map(() => ({ status: "open" })));
    await desk.api(`tickets/${id}`, "PUT", { ticket: { status: "closed" } });
    await desk.settle();
    await desk.say("reopen", { thread: root });
    const [, next] = await desk.tickets();
    expect(next).toMatchObject({ external_id: root, via: { source: { from: { ticket_id: id } } } });
    await desk.say("still here", { thread: root });
    expect(await desk.comments(next.id)).toContain("ada (Slack): still here");
    await desk.staff("so are we");
    expect((await desk.said()).slice(1)).toEqual([
      `🤖 Ticket ${urlOf(id)} is open.`,
      `🤖 Understood. Ticket ${urlOf(id)} has been closed.`,
      `🤖 Ticket ${urlOf(id)} is open again.`,
      `🤖 The old ticket is closed for good. Its follow-up is ${urlOf(next.id)}.`,
      "(Zendesk): so are we",
    ]);
  });

  test("`assign`, `priority` and `status` change the ticket; talk about them does not", async () => {
    await using desk = await openHelpDesk();
    const root = await desk.say("hi");
    const [{ id }] = await desk.tickets();
    const lines = [
      "assign grace@example.com",
      "assign nobody@example.com",
      "priority high",
      "status pending",
      "status",
      "please assign it to grace",
    ];
    for (const text of lines) await desk.say(text, { thread: root });
    const [ticket] = await desk.tickets();
    expect(ticket).toMatchObject({ priority: "high", status: "pending" });
    expect((await desk.api(`users/${ticket.assignee_id}`)).user.email).toBe("grace@example.com");
    expect((await desk.said()).slice(1)).toEqual([
      `🤖 Ticket ${urlOf(id)} is assigned to grace@example.com.`,
      "🤖 Nobody in Zendesk can be assigned as nobody@example.com.",
      `🤖 Ticket ${urlOf(id)} has priority high.`,
      `🤖 Ticket ${urlOf(id)} is pending.`,
      `🤖 Ticket ${urlOf(id)} is pending.`,
    ]);
    expect(await desk.comments()).toHaveLength(2);
  });

  test("`stats` tells the numbers of the channel", async () => {
    await using desk = await openHelpDesk();
    await desk.say("one");
    await desk.staff("an answer");
    const root = await desk.say("two");
    await desk.say("done", { thread: root });
    await desk.say("stats", { thread: root });
    const text = (await desk.said()).at(-1);
    expect(text).toMatch(/^Open: 1\nOpened this week: 2, closed: 1\nMedian time to the first reply: 0 min\n/);
  });

  test("what the staff closes is closed here too", async () => {
    await using desk = await openHelpDesk();
    const root = await desk.say("hi");
    const [{ id }] = await desk.tickets();
    await desk.control("/zendesk/command", { name: "status", text: "solved", user: "grace", conversation: `${id}` });
    await desk.settle();
    await desk.say("and now?", { thread: root });
    expect((await desk.said()).slice(1)).toEqual([
      `🤖 This ticket is closed ${urlOf(id)}. Please raise a new support issue.`,
    ]);
  });
});

test("a reaction closes a ticket, and another makes one of a message that has none", async () => {
  await using desk = await openHelpDesk();
  const react = async (id: string, name: string) => {
    await desk.control("/slack/react", { id, name, user: "grace", conversation: "support" });
    await desk.settle();
  };
  const root = await desk.say("hi");
  await react(root, "eyes");
  await react(root, "white_check_mark");
  const bare = await desk.say("a robot is broken", { bot: true, user: "robot" });
  await react(bare, "ticket");
  const [first, second, ...more] = await desk.tickets();
  expect(more).toEqual([]);
  expect(first.status).toBe("solved");
  expect(second).toMatchObject({ subject: "a robot is broken", external_id: bare });
  expect((await desk.said()).slice(1)).toEqual([
    `🤖 Understood. Ticket ${urlOf(first.id)} has been closed.`,
    hello(second.id),
  ]);
});

describe("files", () => {
  const note = { name: "note.txt", mimeType: "text/plain", data: Buffer.from("hello file").toString("base64") };

  test("go from the message to the ticket, and from the ticket to the thread", async () => {
    await using desk = await openHelpDesk();
    const root = await desk.say("see this", { files: [note] });
    await desk.say("", { files: [{ ...note, name: "again.txt" }], thread: root });
    const [{ id }] = await desk.tickets();
    const { comments } = await desk.api(`tickets/${id}/comments`);
    expect(comments.map(({ attachments }: Wire) => attachments.map((file: Wire) => file.file_name))).toEqual([
      ["note.txt"],
      ["again.txt"],
    ]);
    expect(comments[1].body).toBe("ada (Slack): [again.txt]");
    expect(await (await fetch(comments[0].attachments[0].content_url)).text()).toBe("hello file");

    await desk.staff("and this", { files: [{ ...note, name: "answer.txt" }] });
    const answer = (await desk.messages("support")).findLast(({ self }) => self);
    expect(answer).toMatchObject({ text: "(Zendesk): and this", attachments: [{ name: "answer.txt" }] });
  });

  test("that are too large are named, and the person is told", async () => {
    await using desk = await openHelpDesk({ maxFileBytes: 3 });
    await desk.say("see this", { files: [note] });
    expect((await desk.comments())[0]).toContain("[note.txt]");
    expect((await desk.said()).slice(1)).toEqual([expect.stringContaining("note.txt is too large")]);
    expect(desk.warnings).toEqual([expect.stringContaining("maxFileBytes")]);
  });
});

describe("people on call", () => {
  test("are named in the thread and follow the ticket", async () => {
    await using pager = await openPagerDuty([
      [2, "Grace", "grace@example.com"],
      [1, "Linus", "linus@example.com"],
      [3, "Third"],
    ]);
    await using desk = await openHelpDesk({ onCall: pager.options });
    await desk.say("hi");
    expect((await desk.said()).slice(1)).toEqual(["📧 Primary on call: Linus\nℹ️ Secondary on call: Grace."]);
    const [{ follower_ids }] = await desk.tickets();
    expect(follower_ids).toHaveLength(2);
    expect(pager.asked[1]).toContain("escalation_policy_ids%5B%5D=P1");
  });

  test("may be one only, and when they cannot be asked the rest goes on", async () => {
    await using one = await openPagerDuty([[1, "Linus"]]);
    await using alone = await openHelpDesk({ onCall: one.options });
    await alone.say("hi");
    expect((await alone.said()).slice(1)).toEqual(["📧 Primary on call: Linus."]);

    await using broken = await openPagerDuty([], 500);
    const hours = { begin: "00:00", end: "00:00", days: [], timeZone: "UTC" };
    await using desk = await openHelpDesk({ onCall: broken.options, hours });
    await desk.say("hi");
    expect((await desk.said()).slice(1)).toEqual(["No Out Of Hours Message Set!"]);
  });
});

test("a ticket that comes by e-mail is told of in the channel, and joined with the thread", async () => {
  await using desk = await openHelpDesk({ mail: { adapter: "slack", id: SUPPORT } });
  const command = { name: "email", text: "My printer\nIt is on fire.", user: "bob", conversation: "1" };
  await desk.control("/zendesk/command", command);
  await desk.settle();
  const [{ id, external_id }] = await desk.tickets();
  const [root, ...more] = (await desk.messages("support")).filter(({ self }) => self);
  expect(root).toMatchObject({ id: external_id, text: "(From Zendesk Email): My printer", thread: null });
  expect(more.map(({ text, thread }) => [text, thread])).toEqual([
    [hello(id), external_id],
    ["(Zendesk): It is on fire.", external_id],
  ]);
  expect((await desk.comments()).slice(1)).toEqual([
    expect.stringMatching(/^The SRE team is aware of your issue on Slack here https:\S+\/p\d+\.$/),
  ]);
  await desk.say("we are on it", { thread: external_id });
  expect((await desk.comments()).at(-1)).toBe("ada (Slack): we are on it");
});

test("a bot with the credentials of an OAuth client fetches its token itself", async () => {
  await using desk = await openHelpDesk({}, { login: "OAuth client" });
  await desk.say("hi");
  const [{ id }] = await desk.tickets();
  expect(await desk.said()).toEqual([hello(id)]);
});

test("a bot with an agent's API token works, and says at start that such tokens end", async () => {
  await using desk = await openHelpDesk({}, { login: "API token" });
  expect(desk.warnings).toEqual([expect.stringContaining("2027-04-30")]);
  const root = await desk.say("hi");
  const [{ id }] = await desk.tickets();
  await desk.say("any news?", { thread: root });
  await desk.staff("yes");
  expect(await desk.said()).toEqual([hello(id), "(Zendesk): yes"]);
  expect((await desk.comments()).slice(1)).toEqual(["ada (Slack): any news?", "yes"]);
  expect(desk.warnings).toHaveLength(1);
});

test("an administrator lets the bot in: the newest token is used, and a page without a code is refused", async () => {
  await using desk = await openHelpDesk({}, { login: "OAuth client" });
  const visit = (url: string) => fetch(url, { redirect: "manual" });
  const consent = async () => {
    const asked = await visit(`${desk.url}/zendesk/install`);
    const page = await (await visit(asked.headers.get("location") ?? "")).text();
    const allow = /href="([^"]+)">Allow/.exec(page)?.[1]?.replaceAll("&amp;", "&").replaceAll("&#38;", "&");
    return (await visit(allow ?? "")).headers.get("location") ?? "";
  };
  const back = await consent();
  for (const url of [back, await consent()]) {
    const answer = await visit(url);
    expect([answer.status, await answer.text()]).toEqual([200, "ZendeskApp Added OK"]);
  }
  expect((await visit(back)).status).toBe(400);
  expect((await visit(`${desk.url}/zendesk/oauth`)).status).toBe(400);
  expect((await visit(`${desk.url}/zendesk/oauth?code=x&state=y`)).status).toBe(400);
  // The client's own credentials are no longer asked for.
  await desk.control("/zendesk/faults", { on: "CreateTokenForGrantType", kind: "500", times: 9 });
  await desk.say("hi");
  const [{ id }] = await desk.tickets();
  expect(await desk.said()).toEqual([hello(id)]);
});
