import { describe, expect, test } from "vitest";
import { livechat } from "../../src/adapters/livechat/index.ts";
import { slack } from "../../src/adapters/slack/index.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import { hello, openHelpDesk, urlOf } from "./zendesk-sync-stage.ts";

const PLATFORMS = [
  {
    name: "slack",
    adapter: () => slack({ pace: false }),
    home: "@ada",
    called: "Slack",
    externalId: /^slack:T\w+\/D\w+$/,
  },
  {
    name: "slack",
    adapter: () => slack({ pace: false }),
    home: "support",
    called: "Slack",
    externalId: /^\d+\.\d{6}$/,
  },
  {
    name: "twist",
    adapter: () => twist({ pace: false }),
    home: "support",
    called: "Twist",
    externalId: /^twist:\d+\/\d+\/\d+$/,
  },
  {
    name: "twist",
    adapter: () => twist({ pace: false }),
    home: "@ada",
    called: "Twist",
    externalId: /^twist:\d+\/conversation\/\d+$/,
  },
  { name: "twitter", adapter: () => twitter(), home: "@ada", called: "X", externalId: /^twitter:/ },
  {
    name: "twitter",
    adapter: () => twitter(),
    home: "timeline",
    called: "X",
    externalId: /^twitter:/,
    mention: "@moe ",
  },
  {
    name: "livechat",
    adapter: () => livechat({ pace: false }),
    home: "ada",
    called: "LiveChat",
    externalId: /^livechat:/,
  },
  {
    name: "twilio",
    adapter: () => twilio({ pace: false }),
    home: "ada",
    called: "SMS",
    externalId: /^twilio:\+\d+\/\+\d+$/,
  },
];

describe.each(PLATFORMS)("on $name in $home", ({ name, adapter, home, called, externalId, mention = "" }) => {
  const isThreaded = home === "support";

  test("a conversation becomes a ticket, is in step with it, and is done", async () => {
    await using desk = await openHelpDesk({}, { adapter: adapter(), home });
    await desk.control(`/${name}/faults`, { on: "events", kind: "duplicate" });
    const root = await desk.say(`${mention}my printer burns`, { user: "ada" });
    const thread = isThreaded ? { thread: root } : {};
    const [ticket, ...more] = await desk.tickets();
    expect(more).toEqual([]);
    expect(ticket.external_id).toMatch(externalId);
    expect(ticket.subject).toContain("my printer burns");
    expect((await desk.comments())[0]).toMatch(new RegExp(`This is (the|a) message on ${name}`));
    await desk.say(`${mention}any news?`, { user: "ada", ...thread });
    expect((await desk.comments())[1]).toMatch(new RegExp(`^\\S+ \\(${called}\\): any news\\?$`));
    await desk.staff("soon");
    await desk.say(`${mention}done`, { user: "ada", ...thread });
    expect(await desk.said()).toEqual([
      hello(ticket.id),
      "(Zendesk): soon",
      `🤖 Understood. Ticket ${urlOf(ticket.id)} has been closed.`,
    ]);
    expect(await desk.tickets()).toMatchObject([{ status: "solved" }]);
    expect(desk.warnings).toEqual([]);
  });

  test("a Zendesk that fails is told, and there is one ticket in the end", async () => {
    await using desk = await openHelpDesk({}, { adapter: adapter(), home });
    await desk.control("/zendesk/faults", { on: "CreateTicket", kind: "lost-answer" });
    await desk.say(`${mention}my printer burns`, { user: "ada" });
    const [{ id }, ...more] = await desk.tickets();
    expect(more).toEqual([]);
    expect(await desk.said()).toEqual(["🤖 I'm unable to talk to Zendesk (API Error).", hello(id)]);
  });
});

test("on LiveChat a whisper of the staff is a private note, and where it is wanted the other way round", async () => {
  for (const notesOn of [[], ["livechat"]]) {
    await using desk = await openHelpDesk({ notesOn }, { adapter: livechat({ pace: false }), home: "ada" });
    await desk.say("my printer burns", { user: "ada" });
    const [{ id }] = await desk.tickets();
    await desk.control("/zendesk/command", { name: "note", text: "between us", user: "grace", conversation: `${id}` });
    await desk.settle();
    const notes = (await desk.messages("ada")).filter(({ text }) => text.includes("between us"));
    expect(notes.map(({ text, visibility }) => [text, visibility])).toEqual(
      notesOn.length === 0 ? [] : [["(Zendesk): between us", "agents"]],
    );
  }
});
