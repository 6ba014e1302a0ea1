import { expect, test } from "vitest";
import { type SlackOptions, slack } from "../../../src/adapters/slack/index.ts";
import { silentLog, systemClock } from "../../../src/core/index.ts";

const host = {
  receive: async () => ({ event: "e", duplicate: false }),
  store: undefined as never,
  vault: undefined as never,
  url: "http://127.0.0.1:3000",
  ignore() {},
  clock: systemClock,
  log: silentLog,
};

test("without options it is the Slack that most people have", () => {
  const { name, platform, paths, limits } = slack();
  expect({ name, platform, paths, limits }).toMatchObject({
    name: "slack",
    platform: "slack",
    paths: ["/slack/events", "/slack/install", "/slack/oauth_redirect"],
    limits: { textLength: 4000, ackSeconds: 3, pace: { burst: 5, perSecond: 1 } },
  });
  expect(slack({ pace: false }).limits.pace).toBeUndefined();
});

test("what is missing is named as the environment names it, and empty is missing", () => {
  expect(slack().missing).toEqual(["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"]);
  expect(slack({ token: "", signingSecret: "x" }).missing).toEqual(["SLACK_BOT_TOKEN"]);
  expect(slack({ name: "twilio-events", token: "xoxb-1", signingSecret: undefined }).missing).toEqual([
    "TWILIO_EVENTS_SIGNING_SECRET",
  ]);
});

test("people can install it: then no token is needed, and of a pair the other half is", () => {
  const app = { clientId: "1.2", clientSecret: "x" };
  expect(slack({ ...app, signingSecret: "x" }).missing).toEqual([]);
  expect(slack({ ...app, appToken: "xapp-1" }).missing).toEqual([]);
  expect(slack(app).missing).toEqual(["SLACK_SIGNING_SECRET"]);
  expect(slack({ signingSecret: "x", clientId: "1.2" }).missing).toEqual(["SLACK_CLIENT_SECRET"]);
  expect(slack({ signingSecret: "x", token: "xoxb-1", clientSecret: "x" }).missing).toEqual(["SLACK_CLIENT_ID"]);
});

test("it does not start without its credentials and says which", async () => {
  await expect(slack({ name: "twilio-events" }).start(host)).rejects.toMatchObject({
    code: "CONFIG_MISSING_CREDENTIAL",
    message: expect.stringMatching(/TWILIO_EVENTS_BOT_TOKEN and TWILIO_EVENTS_SIGNING_SECRET/),
  });
});

test("the sandbox's credentials stand in for the missing ones", async () => {
  const adapter = slack();
  adapter.sandbox!({ token: "xoxb-sandbox", signingSecret: "x", botUserId: "U1", apiUrl: "http://127.0.0.1:9/api" });
  expect(adapter.missing).toEqual([]);
  await adapter.start(host);
  await adapter.stop!();
});

test("the length of a text is that of its mrkdwn", () => {
  expect(slack().limits.measure!("a & b", { adapter: "slack", id: "C1", isDirect: false })).toBe("a &amp; b".length);
});

test.each<[object, RegExp]>([
  [{ tokn: "x" }, /`tokn`.*`token`/],
  [{ token: 7 }, /`token`.*number/],
  [{ name: "a b" }, /`name`.*"a b"/],
  [{ path: "slack" }, /`path`.*"slack"/],
  [{ path: "/slack?x=1" }, /`path`/],
  [{ installPath: "install" }, /`installPath`/],
  [{ redirectPath: "/a b" }, /`redirectPath`/],
  [{ scopes: "chat:write" }, /`scopes`.*chat:write/],
  [{ scopes: [] }, /`scopes`/],
  [{ scopes: ["chat write"] }, /`scopes`/],
  [{ apiUrl: "slack.com" }, /`apiUrl`/],
  [{ apiUrl: "file:///etc" }, /`apiUrl`/],
  [{ pace: 5 }, /`pace`/],
  [{ pace: { burst: 0, perSecond: 1 } }, /`pace`/],
  [{ botUserIdPaths: "/bot_user_id" }, /`botUserIdPaths`.*\["\/bot_user_id"\]/],
  [{ botUserIdPaths: ["bot_user_id"] }, /`botUserIdPaths`/],
  [{ closedReaction: 7 }, /`closedReaction`.*number/],
  [{ timeout: "soon" }, /`timeout`.*soon/],
  [{ timeout: 0 }, /`timeout`/],
])("the options %j are refused", (options, message) => {
  expect(() => slack(options as SlackOptions)).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringMatching(message) }),
  );
});

test("a refused option does not show a secret", () => {
  expect(() => slack({ token: ["xoxb-secret"] } as never)).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining("xoxb") }),
  );
});
