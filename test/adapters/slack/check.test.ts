import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type SlackOptions, slack } from "../../../src/adapters/slack/index.ts";
import type { Adapter, CheckSetup, Finding } from "../../../src/core/index.ts";
import { listOf } from "../../storage/desk.ts";
import { openPlatforms } from "../stage.ts";
import { createFakeSlack, type FakeSlack, sendJson } from "./fake-slack.ts";
import { fixture } from "./fixture.ts";
import { signed, startSlack } from "./started.ts";

const who = { ok: true, user: "moe", team: "Acme", team_id: "T0A1B2C3D", user_id: "U0BOTUSER", bot_id: "B0BOT0001" };
const goodSecret = "0".repeat(32);
let api: FakeSlack;

beforeEach(async () => {
  api = await createFakeSlack();
  api.on("auth.test", who);
});

afterEach(() => api[Symbol.asyncDispose]());

const look = (adapter: Adapter, setup: Partial<CheckSetup> = {}): Promise<Finding[]> =>
  listOf(adapter.check!({ url: undefined, now: Date.now, ...setup }));

function check(options: SlackOptions, setup?: Partial<CheckSetup>): Promise<Finding[]> {
  return look(slack({ token: "xoxb-1", signingSecret: goodSecret, apiUrl: api.apiUrl, ...options }), setup);
}

const about = (findings: readonly Finding[], subject: string) => findings.filter((found) => found.subject === subject);
const errors = (findings: readonly Finding[]) => findings.filter(({ level }) => level === "error");

test("it says whose token it is", async () => {
  expect(await check({})).toMatchObject([
    { level: "ok", subject: "SLACK_SIGNING_SECRET" },
    { level: "ok", subject: "SLACK_BOT_TOKEN", message: expect.stringContaining("@moe in the workspace Acme") },
  ]);
});

test("what is not set is named with the page it is on", async () => {
  const findings = await look(slack({ name: "twilio-events" }));
  expect(findings).toMatchObject([
    { level: "error", subject: "TWILIO_EVENTS_SIGNING_SECRET", message: expect.stringContaining("Basic Information") },
    { level: "error", subject: "TWILIO_EVENTS_BOT_TOKEN", message: expect.stringContaining("OAuth & Permissions") },
  ]);
});

describe("what was pasted in the wrong place", () => {
  test.each<[string, SlackOptions, string, RegExp]>([
    [
      "the Client Secret as signing secret",
      { clientId: "1.2", clientSecret: goodSecret },
      "SIGNING_SECRET",
      /Client Secret.*Copy the Signing Secret.*Basic Information/,
    ],
    ["a token as signing secret", { signingSecret: "xoxb-1" }, "SIGNING_SECRET", /is a token.*Basic Information/],
    ["an app id as bot user id", { botUserId: "A0A1B2C3D" }, "BOT_USER_ID", /app id \(A…\).*begins with U/],
    ["a bot id as bot user id", { botUserId: "B0BOT0001" }, "BOT_USER_ID", /bot id \(B…\)/],
    ["a name as bot user id", { botUserId: "moe" }, "BOT_USER_ID", /no user id/],
    ["another's id as bot user id", { botUserId: "U0OTHER01" }, "BOT_USER_ID", /U0BOTUSER/],
    ["a user's token", { token: "xoxp-1" }, "BOT_TOKEN", /user's token.*xoxb-.*OAuth & Permissions/],
    ["an app-level token as bot token", { token: "xapp-1" }, "BOT_TOKEN", /app-level token.*APP_TOKEN/],
    ["a refresh token as bot token", { token: "xoxe-1" }, "BOT_TOKEN", /refresh token/],
    ["a bot token as app-level token", { appToken: "xoxb-1" }, "APP_TOKEN", /begin with xapp-.*Basic Information/],
  ])("%s", async (_, options, name, message) => {
    const found = errors(await check(options));
    expect(about(found, `SLACK_${name}`)[0]?.message).toMatch(message);
  });

  test("a secret and a token of a strange shape are only warned of", async () => {
    expect(await check({ signingSecret: "short", token: "legacy" })).toMatchObject([
      { level: "warning", subject: "SLACK_SIGNING_SECRET" },
      { level: "warning", subject: "SLACK_BOT_TOKEN" },
      { level: "ok" },
    ]);
  });
});

test("a Client Secret that nothing else tells is suspected once no request has fitted", async () => {
  const { adapter, deliver, lines } = await startSlack({ apiUrl: api.apiUrl, signingSecret: goodSecret });
  for (let at = 0; at < 4; at++) await adapter.webhook!(signed(fixture("message"), "the real signing secret"));
  const found = errors(about(await look(adapter), "SLACK_SIGNING_SECRET"));
  expect(found).toMatchObject([
    { message: expect.stringMatching(/None of 4 requests.*Client Secret.*Basic Information/) },
  ]);
  expect(lines.filter(({ level }) => level === "warn").map(({ sentence }) => sentence)).toEqual([
    "refused a request that is not from this Slack app",
    expect.stringMatching(/none has fitted so far: SLACK_SIGNING_SECRET .*Client Secret/),
  ]);
  await deliver(fixture("message"));
  expect(errors(about(await look(adapter), "SLACK_SIGNING_SECRET"))).toEqual([]);
  await adapter.stop!();
});

test.each([
  ["invalid_auth", /Set the bot token/],
  ["token_revoked", /revoked/],
  ["token_expired", /fresh bot token/],
  ["account_inactive", /uninstalled/],
])("a token that Slack refuses with %s is named, with the page of the right one", async (error, message) => {
  api.on("auth.test", { ok: false, error });
  const [found] = errors(await check({}));
  expect(found).toMatchObject({ subject: "SLACK_BOT_TOKEN", message: expect.stringMatching(message) });
  expect(found!.message).toContain("OAuth & Permissions");
});

test("a clock that is off is told before Slack's requests are refused for it", async () => {
  const at = (date: string) => api.on("auth.test", (response) => sendJson(response, who, { date }));
  const now = () => Date.parse("Fri, 15 Jan 2027 08:00:00 GMT");
  at("Fri, 15 Jan 2027 08:00:30 GMT");
  expect(about(await check({}, { now }), "clock")).toEqual([]);
  at("Fri, 15 Jan 2027 08:02:00 GMT");
  expect(about(await check({}, { now }), "clock")).toMatchObject([{ level: "warning" }]);
  at("Fri, 15 Jan 2027 07:50:00 GMT");
  expect(about(await check({}, { now }), "clock")).toMatchObject([
    { level: "error", message: expect.stringContaining("600 s") },
  ]);
});

test("the Request URL is told, and one without https is refused", async () => {
  const [good] = about(await check({ path: "/twilio/events" }, { url: "https://bot.example.com/" }), "HOBNOB_URL");
  expect(good).toMatchObject({
    level: "ok",
    message: expect.stringContaining("https://bot.example.com/twilio/events"),
  });
  const [bad] = about(await check({}, { url: "http://bot.example.com" }), "HOBNOB_URL");
  expect(bad).toMatchObject({ level: "error", message: expect.stringMatching(/not https.*SLACK_APP_TOKEN/) });
});

test("with Socket Mode neither a signing secret nor a URL is needed, but an app-level token that works", async () => {
  const options = { signingSecret: undefined, appToken: "xapp-1" };
  api.on("apps.connections.open", { ok: true, url: "wss://x" }, { ok: false, error: "invalid_auth" });
  expect(errors(await check(options, { url: "http://localhost" }))).toEqual([]);
  expect(errors(await check(options))).toMatchObject([
    { subject: "SLACK_APP_TOKEN", message: expect.stringContaining("connections:write") },
  ]);
  expect(api.calls.at(-1)!.headers.authorization).toBe("Bearer xapp-1");
});

test("with OAuth no token is missing", async () => {
  const findings = await check({ token: undefined, clientId: "1.2", clientSecret: "f".repeat(32) });
  expect(errors(findings)).toEqual([]);
});

test("no secret is shown, whatever is wrong with it", async () => {
  api.on("auth.test", { ok: false, error: "invalid_auth" });
  const options = {
    token: "xoxp-hidden",
    signingSecret: "xoxb-hidden",
    appToken: "hidden",
    clientId: "1",
    clientSecret: "hidden",
  };
  expect(JSON.stringify(await check(options))).not.toContain("hidden");
});

describe("against the simulator", () => {
  const needed = [
    "chat:write",
    "app_mentions:read",
    "channels:history",
    "groups:history",
    "im:history",
    "mpim:history",
  ];

  test("an app with everything has no fault", async () => {
    const adapter = slack();
    await using _ = await openPlatforms({ adapters: [adapter], plugins: [] });
    const findings = await look(adapter);
    expect(errors(findings)).toEqual([]);
    expect(findings.map(({ message }) => message)).toContainEqual(expect.stringContaining("@moe"));
  });

  test.each([
    ["im:history", "direct messages do not arrive"],
    ["app_mentions:read", "mentions do not arrive"],
    ["chat:write", "nothing can be said"],
  ])("a missing %s is an error that says what it costs", async (scope, cost) => {
    const adapter = slack();
    await using stage = await openPlatforms({ adapters: [adapter], plugins: [] });
    await stage.control("/slack/app", { scopes: needed.filter((each) => each !== scope) });
    const findings = about(await look(adapter), "SLACK_BOT_TOKEN");
    expect(errors(findings)).toMatchObject([
      {
        message: expect.stringMatching(
          new RegExp(`^Missing scopes: ${scope} \\(${cost}\\)\\. Add them on .*OAuth & Permissions`),
        ),
      },
    ]);
    expect(findings.filter(({ level }) => level === "warning")).toMatchObject([
      { message: expect.stringContaining("files:read (files that come in cannot be opened)") },
    ]);
  });

  test("a wrong token is named", async () => {
    const adapter = slack({ token: "xoxb-wrong", signingSecret: goodSecret });
    await using stage = await openPlatforms({ adapters: [slack({ name: "other", path: "/other" })], plugins: [] });
    adapter.sandbox!({ apiUrl: `${stage.url}/sandbox/slack/api/` });
    expect(errors(await look(adapter))).toMatchObject([
      { subject: "SLACK_BOT_TOKEN", message: expect.stringContaining("invalid_auth") },
    ]);
  });
});
