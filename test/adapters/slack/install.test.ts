import { describe, expect, test } from "vitest";
import { type SlackOptions, slack } from "../../../src/adapters/slack/index.ts";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { listOf } from "../../storage/desk.ts";
import { openPlatforms, request } from "../stage.ts";
import { APP, acme, grant, startInstalling } from "./installing.ts";
import { now, posted, reply, startSlack } from "./started.ts";

interface LastPage {
  readonly status: number;
  readonly text: string;
}

test("somebody installs the bot in another workspace, and it answers in both, each with its own token", async () => {
  await using stage = await openPlatforms({ adapters: [slack()], plugins: [pizza()] });
  const page = await stage.control<LastPage>("/slack/install", {});
  expect(page).toMatchObject({ status: 200, text: expect.stringContaining("Bot added to your Slack team!") });
  expect(page.text).toContain("installed in Acme");
  await stage.say("a pizza for Acme", { conversation: "acme/general", user: "edith" });
  expect(await stage.answers(1, "acme/general")).toEqual(["Pizza is on the way!"]);
  await stage.say("a pizza for us");
  expect(await stage.answers(1)).toEqual(["Pizza is on the way!"]);
  expect(stage.warnings).toEqual([]);
});

test("uninstalled it hears no more, until it is installed again", async () => {
  await using stage = await openPlatforms({ adapters: [slack()], plugins: [pizza()] });
  await stage.control("/slack/install", {});
  await stage.control("/slack/uninstall", {});
  await stage.settle();
  expect((await stage.deliveries()).map(({ type, acknowledged }) => [type, acknowledged])).toEqual([
    ["tokens_revoked", true],
    ["app_uninstalled", true],
  ]);
  await stage.say("a pizza", { conversation: "acme/general" });
  await stage.settle();
  expect(await stage.messages("acme/general")).toHaveLength(1);
  await stage.control("/slack/install", {});
  await stage.say("another pizza", { conversation: "acme/general" });
  expect(await stage.answers(1, "acme/general")).toEqual(["Pizza is on the way!"]);
});

test("the install page leads to Slack with all that Slack wants to know", async () => {
  await using bot = await startInstalling({ scopes: ["chat:write", "im:history"] });
  const { location, setCookie, state } = await bot.begin();
  expect(location.href.startsWith(`${bot.fake.origin}/oauth/v2/authorize?`)).toBe(true);
  expect(Object.fromEntries(location.searchParams)).toEqual({
    client_id: "1234.5678",
    scope: "chat:write,im:history",
    redirect_uri: "https://bot.example.com/slack/oauth_redirect",
    state,
  });
  expect(setCookie).toContain("; Path=/slack/oauth_redirect; Max-Age=600; HttpOnly; SameSite=Lax; Secure");
  expect((await bot.begin()).state).not.toBe(state);
});

test("an adapter of another name has its pages under that name", () => {
  const { paths } = slack({ name: "twilio-events", path: "/twilio/events" });
  expect(paths).toEqual(["/twilio/events", "/twilio-events/install", "/twilio-events/oauth_redirect"]);
});

test("check names the address to install at, the Redirect URL to enter, and what is missing of the pair", async () => {
  const find = (options: SlackOptions) =>
    listOf(slack({ ...APP, ...options }).check!({ url: "https://bot.example.com/", now: Date.now }));
  expect((await find({})).at(-1)).toEqual({
    level: "ok",
    subject: "SLACK_CLIENT_ID",
    message:
      "People install the app at https://bot.example.com/slack/install; its Redirect URL, on the OAuth & Permissions page, is https://bot.example.com/slack/oauth_redirect",
  });
  expect(await find({ clientSecret: undefined })).toContainEqual(
    expect.objectContaining({ level: "error", subject: "SLACK_CLIENT_SECRET" }),
  );
  expect(await find({ clientId: "A0A1B2C3D" })).toContainEqual(
    expect.objectContaining({ level: "warning", subject: "SLACK_CLIENT_ID" }),
  );
});

test("without a client id there is nothing to install", async () => {
  const { adapter } = await startSlack({});
  const answer = await adapter.webhook!(request({ method: "GET", path: "/slack/install" }));
  expect(answer.status).toBe(404);
  expect(answer.body).toContain("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET");
});

test("the pages are opened, not posted to", async () => {
  await using bot = await startInstalling();
  for (const path of ["/slack/install", "/slack/oauth_redirect"]) {
    expect(await bot.deliver(request({ path }))).toMatchObject({ status: 405, headers: { allow: "GET" } });
  }
});

describe("coming back from Slack", () => {
  test("the code is exchanged once, and the workspace's replies go out with its token", async () => {
    await using bot = await startInstalling();
    bot.fake.on("oauth.v2.access", grant());
    bot.fake.on("chat.postMessage", posted);
    const { state, cookie } = await bot.begin();
    const page = await bot.finish({ state, code: "the code" }, `theme=dark; ${cookie}; lang=en`);
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining("installed in Acme") });
    expect(page.headers?.["set-cookie"]).toContain("Max-Age=0");
    expect(bot.fake.calls).toHaveLength(1);
    expect(bot.fake.calls[0]?.args).toEqual({
      client_id: "1234.5678",
      client_secret: "a client secret",
      code: "the code",
      redirect_uri: "https://bot.example.com/slack/oauth_redirect",
    });
    expect(bot.fake.calls[0]?.headers.authorization).toBeUndefined();
    await bot.adapter.send(acme, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxb-acme"]);
  });

  test("the name of a workspace is shown as text", async () => {
    await using bot = await startInstalling();
    bot.fake.on("oauth.v2.access", grant({ team: { id: "T1", name: "<script>" } }));
    const { state, cookie } = await bot.begin();
    expect((await bot.finish({ state, code: "c" }, cookie)).body).not.toContain("<script>");
  });

  test.each([
    ["no state", { code: "c" }, true],
    ["an empty state", { code: "c", state: "" }, true],
    ["a state that nobody gave out", { code: "c", state: "x".repeat(32) }, true],
    ["a state from another browser", { code: "c" }, false],
  ])("%s is refused, and Slack is not asked", async (what, query, hasCookie) => {
    await using bot = await startInstalling();
    const { state, cookie } = await bot.begin();
    const sent = what.includes("browser") ? { ...query, state } : query;
    expect((await bot.finish(sent, hasCookie ? cookie : "hobnob-slack-install=another")).status).toBe(400);
    expect((await bot.finish(sent, hasCookie ? cookie : undefined)).status).toBe(400);
    expect(bot.fake.calls).toEqual([]);
  });

  test("a state whose cookie comes along with it, but that was never given out, is refused", async () => {
    await using bot = await startInstalling();
    const state = "y".repeat(32);
    expect((await bot.finish({ state, code: "c" }, `hobnob-slack-install=${state}`)).status).toBe(400);
  });

  test("a state is good once, even when it comes twice at the same time", async () => {
    await using bot = await startInstalling();
    bot.fake.on("oauth.v2.access", grant());
    const { state, cookie } = await bot.begin();
    const both = [bot.finish({ state, code: "c" }, cookie), bot.finish({ state, code: "c" }, cookie)];
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([200, 400]);
    expect((await bot.finish({ state, code: "c" }, cookie)).status).toBe(400);
    expect(bot.fake.calls).toHaveLength(1);
  });

  test("a state is good for ten minutes", async () => {
    let time = now;
    await using bot = await startInstalling({}, { now: () => time });
    const { state, cookie } = await bot.begin();
    time += 600_000;
    expect((await bot.finish({ state, code: "c" }, cookie)).status).toBe(400);
  });

  test("somebody who does not allow it reads so", async () => {
    await using bot = await startInstalling();
    const { state, cookie } = await bot.begin();
    const page = await bot.finish({ state, error: "access_denied" }, cookie);
    expect(page).toMatchObject({ status: 403, body: expect.stringContaining("not allowed in Slack") });
    expect(bot.fake.calls).toEqual([]);
  });

  test.each(["", "code=", "code=a&code=b"])("without exactly one code it is refused: %j", async (code) => {
    await using bot = await startInstalling();
    const { state, cookie } = await bot.begin();
    expect((await bot.finish(`state=${state}&${code}`, cookie)).status).toBe(400);
    expect(bot.fake.calls).toEqual([]);
  });

  test.each([
    [{ ok: false, error: "invalid_code" }, 400, "Begin again"],
    [{ ok: false, error: "bad_client_secret" }, 500, "finds the reason in its log"],
    [{ ok: true, access_token: "xoxb-1" }, 502, "did not answer as it should"],
  ])("when Slack answers the code with %j the page says so", async (answer, status, text) => {
    await using bot = await startInstalling();
    bot.fake.on("oauth.v2.access", answer);
    const { state, cookie } = await bot.begin();
    const page = await bot.finish({ state, code: "a secret code" }, cookie);
    expect(page).toMatchObject({ status, body: expect.stringContaining(text) });
    const told = JSON.stringify([page, bot.lines]);
    for (const kept of ["a secret code", "a client secret", "xoxb-1"]) expect(told).not.toContain(kept);
  });

  test("when Slack is away the page says to come back later", async () => {
    await using bot = await startInstalling();
    bot.fake.on("oauth.v2.access", (response) => void response.writeHead(502).end());
    const { state, cookie } = await bot.begin();
    expect((await bot.finish({ state, code: "c" }, cookie)).status).toBe(502);
    expect(bot.lines.at(-1)).toMatchObject({ level: "error", sentence: "an installation failed" });
  });

  test("installed twice, the newest token serves", async () => {
    await using bot = await startInstalling();
    bot.fake.on("chat.postMessage", posted);
    await bot.install();
    await bot.install(grant({ access_token: "xoxb-newer" }));
    await bot.adapter.send(acme, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxb-newer"]);
  });
});
