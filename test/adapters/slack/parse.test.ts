import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import type { Fields } from "../../../src/adapters/shared/fields.ts";
import { parseBody } from "../../../src/adapters/slack/parse.ts";
import { isoOfTs } from "../../../src/adapters/slack/ts.ts";
import { createRandom, fixture } from "./fixture.ts";

const context = { adapter: "slack", self: new Set(["U0BOTUSER", "B0BOT0001"]), receivedAt: 1_800_000_001_000 };

/** The event without the payload it was made of. */
function parse(name: string, self: ReadonlySet<string> = context.self) {
  const event = parseBody(fixture(name), { ...context, self });
  if (event === undefined) return undefined;
  const { raw, ...rest } = event;
  expect(raw).toBeDefined();
  return rest;
}

const channel = { adapter: "slack", account: "T0A1B2C3D", id: "C0A1B2C3D", isDirect: false };
const ada = { id: "U0HUMAN01", name: "U0HUMAN01", isBot: false };

test("a message in a channel begins the thread it is answered in", () => {
  expect(parse("message")).toEqual({
    kind: "message",
    id: "1800000000.000100",
    key: "C0A1B2C3D:1800000000.000100",
    conversation: { ...channel, thread: "1800000000.000100" },
    author: ada,
    text: "hello",
    isMention: true,
    attachments: [],
    sentAt: "2027-01-15T08:00:00.000Z",
  });
});

test("the app_mention of a post is the same event as its message", () => {
  expect(parse("app-mention")).toEqual(parse("message"));
});

test("a mention is known from the envelope when nobody told the bot's id", () => {
  expect(parse("message", new Set())).toMatchObject({ text: "hello", isMention: true });
  expect(parse("own-message", new Set())).toMatchObject({ author: { isSelf: true } });
});

test("a person's authorization does not make that person the bot", () => {
  const body = fixture("message");
  body.authorizations = [{ team_id: "T0A1B2C3D", user_id: "U0HUMAN01", is_bot: false }];
  expect(parseBody(body, context)?.author.isSelf).toBeUndefined();
});

test("the installation's workspace is the account, before any other that is named", () => {
  const body: Record<string, unknown> = { ...fixture("message"), team_id: "T0OTHER", context_team_id: "T0MINE" };
  expect(parseBody(body, context)?.conversation.account).toBe("T0MINE");
  delete body.context_team_id;
  expect(parseBody(body, context)?.conversation.account).toBe("T0A1B2C3D");
  delete body.authorizations;
  expect(parseBody(body, context)?.conversation.account).toBe("T0OTHER");
});

test("a direct message is a mention and has no thread until it is in one", () => {
  const direct = { adapter: "slack", account: "T0A1B2C3D", id: "D0A1B2C3D", isDirect: true };
  expect(parse("direct-message")).toMatchObject({ text: "Pizza & x.dev?", isMention: true });
  expect(parse("direct-message")?.conversation).toEqual(direct);
  expect(parse("direct-thread-reply")?.conversation).toEqual({ ...direct, thread: "1799999999.000900" });
});

test("a group of people is no direct conversation", () => {
  const group = { ...channel, id: "G0A1B2C3D", thread: "1800000000.000100" };
  expect(parse("group-message")).toMatchObject({ isMention: false, conversation: group });
});

test.each(["thread-reply", "thread-broadcast"])("a %s stays in its thread", (name) => {
  expect(parse(name)).toMatchObject({ kind: "message", conversation: { thread: "1799999999.000900" } });
});

test("files come as attachments, deleted ones do not", () => {
  expect(parse("file-share")).toMatchObject({
    attachments: [
      {
        name: "report.pdf",
        mimeType: "application/pdf",
        size: 24680,
        url: "https://files.slack.com/files-pri/T0A1B2C3D-F0A1B2C3D/download/report.pdf",
      },
    ],
  });
});

test("bots are told from people, and the bot itself from other bots", () => {
  expect(parse("bot-message")?.author).toEqual({ id: "B0OTHER01", name: "deploys", isBot: true });
  expect(parse("other-bot")?.author).toEqual({ id: "U0OTHERBT", name: "deploys", isBot: true });
  expect(parse("own-message")?.author).toEqual({ id: "U0BOTUSER", name: "moe", isBot: true, isSelf: true });
});

test("the app's own post is its own after the bot got other ids", () => {
  const body = { ...fixture("own-message"), authorizations: [] };
  expect(parseBody(body, { ...context, self: new Set(["U0NEW"]) })?.author.isSelf).toBe(true);
});

test("an edit names the message and has a key of its own", () => {
  expect(parse("message-changed")).toEqual({
    kind: "edited",
    id: "1800000000.000100",
    key: "C0A1B2C3D:1800000000.000100:1800000100.000000",
    conversation: { ...channel, thread: "1800000000.000100" },
    author: ada,
    text: "hello again",
    previousText: "hello",
    isMention: false,
    attachments: [],
    sentAt: "2027-01-15T08:01:40.000Z",
  });
});

test("a deletion names the message and is not taken for it", () => {
  const { key, ...deleted } = parse("message-deleted")!;
  expect(deleted).toEqual({
    kind: "deleted",
    id: "1800000000.000100",
    conversation: { ...channel, thread: "1800000000.000100" },
    author: ada,
    previousText: "hello again",
    sentAt: "2027-01-15T08:03:20.000Z",
  });
  expect(key).not.toBe(parse("message")?.key);
});

test.each(["own-message-changed", "own-message-deleted"])("%s is known as the bot's own", (name) => {
  expect(parse(name)?.author.isSelf).toBe(true);
});

test.each([
  "link-unfurled",
  "edited-same-text",
  "tombstone",
  "channel-join",
  "reaction-to-file",
  "member-joined",
  "tokens-revoked",
  "view-submission",
])("%s is nothing that anybody said", (name) => {
  expect(parse(name)).toBeUndefined();
});

test("a reaction names the message, and adding differs from taking back", () => {
  expect(parse("reaction-added")).toEqual({
    kind: "reaction",
    id: "1800000000.000100",
    key: "reaction:C0A1B2C3D:1800000000.000100:U0HUMAN01:white_check_mark:true:1800000050.000700",
    conversation: { ...channel, thread: "1800000000.000100" },
    author: ada,
    name: "white_check_mark",
    added: true,
    sentAt: "2027-01-15T08:00:50.000Z",
  });
  expect(parse("reaction-removed")).toMatchObject({ added: false, key: expect.stringContaining(":false:") });
});

test("a slash command is answered in its channel", () => {
  expect(parse("slash-command")).toEqual({
    kind: "command",
    id: "1.2.abc",
    key: "command:1.2.abc",
    conversation: channel,
    author: { id: "U0HUMAN01", name: "ada", isBot: false },
    name: "ticket",
    text: "open 42",
    sentAt: "2027-01-15T08:00:01.000Z",
    replyTo: { responseUrl: "https://hooks.slack.com/commands/T0A1B2C3D/1/abc", until: 1_800_001_801_000 },
  });
});

test("a button names the message it stands in and is answered in its thread", () => {
  expect(parse("block-actions")).toEqual({
    kind: "action",
    id: "1.2.abc",
    key: "action:1.2.abc:1800000001.5",
    conversation: { ...channel, thread: "1800000000.000001" },
    author: { id: "U0HUMAN01", name: "ada", isBot: false },
    name: "approve",
    value: "42",
    messageId: "1800000000.000100",
    sentAt: "2027-01-15T08:00:01.500Z",
    replyTo: { responseUrl: "https://hooks.slack.com/actions/T0A1B2C3D/1/abc", until: 1_800_001_801_000 },
  });
});

test("a button in an ephemeral message begins no thread", () => {
  expect(parse("ephemeral-action")?.conversation).toEqual(channel);
});

test("times are cut to milliseconds without rounding", () => {
  expect(isoOfTs("1800000000.999999")).toBe("2027-01-15T08:00:00.999Z");
  expect(isoOfTs("1800000000.1")).toBe("2027-01-15T08:00:00.100Z");
  expect(isoOfTs("1800000000")).toBe("2027-01-15T08:00:00.000Z");
});

test("a wrong type in any field is malformed or ignored, and never an accident", () => {
  const odd = [null, 0, -1, "", "x", true, [], {}, [null], { id: 1 }, Number.NaN];
  const random = createRandom(1);
  let refused = 0;
  for (const file of readdirSync(new URL("../../fixtures/slack", import.meta.url))) {
    for (let round = 0; round < 200; round++) {
      const body = fixture(file.replace(".json", ""));
      let at: Record<string, unknown> = body;
      for (;;) {
        const keys = Object.keys(at);
        const key = keys[random(keys.length)]!;
        const next = at[key];
        if (typeof next !== "object" || next === null || Object.keys(next).length === 0 || random(3) === 0) {
          at[key] = odd[random(odd.length)];
          break;
        }
        at = next as Record<string, unknown>;
      }
      try {
        const event = parseBody(body as Fields, context);
        if (event) JSON.stringify(event);
      } catch (error) {
        expect(error).toMatchObject({ code: "WEBHOOK_INVALID" });
        refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(500);
});
