import { createHmac } from "node:crypto";
import { type SlackOptions, slack } from "../../../src/adapters/slack/index.ts";
import type { Ability, AdapterSubject, EventFixture, ExpectedEvent } from "../../../src/testing/index.ts";
import { formFixture, openSimulated, type Simulated } from "../contract-stage.ts";
import { fixture } from "./fixture.ts";

const OPTIONS: SlackOptions = { pace: false, timeout: "1s" };
const channel = { account: "T0A1B2C3D", id: "C0A1B2C3D", isDirect: false };
const ada = { id: "U0HUMAN01", isBot: false };

const ABILITIES: readonly Ability[] = [
  "webhook",
  "edit",
  "delete",
  "react",
  "find",
  "threads",
  "download",
  "history",
  "user",
  "check",
];

/** Slack, as the contract of all adapters sees it: in the workspace of the token, and in one where people install the app. */
export function slackSubject(place: "own" | "installed", onCall?: Simulated["onCall"]): AdapterSubject {
  const isInstalled = place === "installed";
  return {
    abilities: [...ABILITIES, ...(isInstalled ? (["uninstall"] as const) : [])],
    audiences: ["author"],
    longestPost: 40_000,
    fixtures: FIXTURES,
    open: (bot) =>
      openSimulated(bot, {
        create: () => slack(OPTIONS),
        secrets: ["token", "signingSecret", "clientSecret"],
        ...(isInstalled && { isInstalled, conversation: "acme/general" }),
        sign({ body, contentType = "application/json" }, { credentials }) {
          const bytes = Buffer.from(body);
          const timestamp = String(Math.floor(Date.now() / 1000));
          const mac = createHmac("sha256", credentials.signingSecret!).update(`v0:${timestamp}:`).update(bytes);
          const headers = {
            "content-type": contentType,
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": `v0=${mac.digest("hex")}`,
          };
          return { headers, body: bytes };
        },
        forge(request) {
          const { "x-slack-signature": signature, ...unsigned } = request.headers;
          const another = String(signature).replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
          return [
            { ...request, headers: unsigned },
            { ...request, headers: { ...request.headers, "x-slack-signature": another } },
            { ...request, headers: { ...request.headers, "x-slack-request-timestamp": "1500000000" } },
            { ...request, body: Buffer.concat([request.body, Buffer.from(" ")]) },
          ];
        },
        ...(onCall && { onCall }),
      }),
  };
}

const json = (name: string, file: string, ...events: ExpectedEvent[]): EventFixture => ({
  name,
  body: JSON.stringify(fixture(file)),
  events,
});

const FIXTURES: readonly EventFixture[] = [
  json("a message in a channel", "message", {
    kind: "message",
    id: "1800000000.000100",
    text: "hello",
    isMention: true,
    author: ada,
    conversation: { ...channel, thread: "1800000000.000100" },
    sentAt: "2027-01-15T08:00:00.000Z",
  }),
  json("a mention", "app-mention", { kind: "message", isMention: true, author: ada }),
  json("a direct message", "direct-message", { kind: "message", isMention: true, conversation: { isDirect: true } }),
  json("a file", "file-share", { kind: "message", author: ada }),
  json("an edit", "message-changed", { kind: "edited", text: "hello again", previousText: "hello", author: ada }),
  json("a deletion", "message-deleted", { kind: "deleted", previousText: "hello again", author: ada }),
  json("a reaction", "reaction-added", { kind: "reaction", name: "white_check_mark", added: true, author: ada }),
  json("a reaction taken back", "reaction-removed", { kind: "reaction", added: false }),
  json("another bot's message", "other-bot", { kind: "message", author: { isBot: true, isSelf: undefined } }),
  json("its own message", "own-message", { kind: "message", author: { isBot: true, isSelf: true } }),
  json("its own message, changed", "own-message-changed", { kind: "edited", author: { isSelf: true } }),
  json("its own message, deleted", "own-message-deleted", { kind: "deleted", author: { isSelf: true } }),
  json("a member who joins", "member-joined"),
  json("an event of a kind it does not know", "link-unfurled"),
  formFixture("a slash command", fixture("slash-command") as Record<string, string>, {
    kind: "command",
    name: "ticket",
    text: "open 42",
    author: ada,
  }),
  formFixture(
    "a button",
    { payload: JSON.stringify(fixture("block-actions")) },
    { kind: "action", name: "approve", value: "42", author: ada },
  ),
];
