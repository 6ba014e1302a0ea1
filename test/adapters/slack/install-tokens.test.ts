import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { slack } from "../../../src/adapters/slack/index.ts";
import { createBot } from "../../../src/core/index.ts";
import { memory } from "../../../src/storage/memory/index.ts";
import { sqlite } from "../../../src/storage/sqlite/index.ts";
import { failure } from "../stage.ts";
import { createFakeSlack, type FakeAnswer, sendJson } from "./fake-slack.ts";
import { fixture } from "./fixture.ts";
import { ACME, APP, acme, grant, startInstalling } from "./installing.ts";
import { now, posted, reply } from "./started.ts";

const HOURS = 3_600_000;
const rotating = grant({ access_token: "xoxe.1", refresh_token: "xoxe-1-first", expires_in: 43_200 });
const renewed = grant({ access_token: "xoxe.2", refresh_token: "xoxe-1-second", expires_in: 43_200 });
const INSTALL = "https://bot.example.com/slack/install";

/** Posts with a token get an answer that depends on it. */
function byToken(answers: Readonly<Record<string, object>>): FakeAnswer {
  return (response, { headers }) =>
    sendJson(response, answers[headers.authorization ?? ""] ?? { ok: false, error: "invalid_auth" });
}

describe("which token", () => {
  test("each workspace is answered with its own, the one of the options with the options' token", async () => {
    await using bot = await startInstalling({ token: "xoxb-home", botUserId: "U0HOMEBOT", teamId: "T0HOME001" });
    bot.fake.on("chat.postMessage", posted);
    await bot.install();
    await bot.install(grant({ access_token: "xoxb-other", team: { id: "T0OTHER01", name: "Other" } }));
    for (const account of [ACME, "T0HOME001", "T0OTHER01"]) await bot.adapter.send({ ...acme, account }, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxb-acme", "xoxb-home", "xoxb-other"]);
  });

  test("whose the options' token is, Slack is asked when it is not said", async () => {
    await using bot = await startInstalling({ token: "xoxb-home", botUserId: "U0HOMEBOT" });
    bot.fake.on("auth.test", { ok: true, user_id: "U0HOMEBOT", team_id: "T0HOME001" });
    bot.fake.on("chat.postMessage", posted);
    await bot.adapter.send({ ...acme, account: "T0HOME001" }, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxb-home"]);
    const error = await failure(bot.adapter.send(acme, reply()));
    expect(error).toMatchObject({ code: "DELIVERY_FAILED", maybeSent: false, permanent: true });
    expect(bot.tokens("chat.postMessage")).toHaveLength(1);
  });

  test("when Slack does not say whose it is, the post certainly was not sent", async () => {
    await using bot = await startInstalling({ token: "xoxb-home", botUserId: "U0HOMEBOT" });
    bot.fake.on("auth.test", (response) => void response.writeHead(500).end());
    bot.fake.on("chat.postMessage", posted);
    expect(await failure(bot.adapter.send(acme, reply()))).toMatchObject({ maybeSent: false, permanent: false });
    await bot.install();
    await bot.adapter.send(acme, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxb-acme"]);
  });

  test("a workspace without an installation is told by its id, with the address to install at, and nothing is called", async () => {
    await using bot = await startInstalling();
    const error = await failure(bot.adapter.send(acme, reply()));
    expect(error).toMatchObject({ maybeSent: false, permanent: true });
    expect(error.message).toBe(
      `The app \`slack\` is not installed in the workspace ${ACME}. Install it at ${INSTALL}.`,
    );
    const { account: _, ...nowhere } = acme;
    expect(await failure(bot.adapter.send(nowhere, reply()))).toMatchObject({ permanent: true, maybeSent: false });
    expect(bot.fake.calls).toEqual([]);
  });

  test("an installation outlives the process", async () => {
    await using bot = await startInstalling();
    await bot.install();
    bot.fake.on("chat.postMessage", posted);
    const next = await bot.again();
    await next.send(acme, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxb-acme"]);
  });

  test("an installation in a whole organisation serves all of its workspaces, also after a restart", async () => {
    await using bot = await startInstalling();
    bot.fake.on("chat.postMessage", posted);
    const enterprise = { id: "E0ORG0001", name: "Acme Worldwide" };
    await bot.install(grant({ access_token: "xoxb-org", team: null, enterprise, is_enterprise_install: true }));
    const authorizations = [
      { enterprise_id: "E0ORG0001", team_id: ACME, user_id: "U0ACMEBOT", is_bot: true, is_enterprise_install: true },
    ];
    const { event } = fixture("message");
    expect((await bot.event(ACME, event as object, { authorizations })).status).toBe(200);
    expect(bot.events.at(-1)?.conversation.account).toBe(ACME);
    await bot.adapter.send(acme, reply());
    await (await bot.again()).send(acme, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxb-org", "xoxb-org"]);
  });
});

describe("who is the bot itself", () => {
  const said = (user: string) => ({ ...(fixture("message").event as object), user });

  test("in each workspace it is the bot that was installed there", async () => {
    await using bot = await startInstalling({ token: "xoxb-home", botUserId: "U0HOMEBOT", teamId: "T0HOME001" });
    await bot.install();
    await bot.event(ACME, said("U0ACMEBOT"));
    expect(bot.events.at(-1)?.author.isSelf).toBe(true);
    await bot.event(ACME, said("U0HOMEBOT"));
    expect(bot.events.at(-1)?.author.isSelf).toBeUndefined();
    await bot.event("T0HOME001", said("U0HOMEBOT"));
    expect(bot.events.at(-1)?.author.isSelf).toBe(true);
    await bot.event("T0HOME001", said("U0ACMEBOT"));
    expect(bot.events.at(-1)?.author.isSelf).toBeUndefined();
  });

  test("in a channel shared between companies it is also the same app's bot of the other one", async () => {
    await using bot = await startInstalling();
    await bot.install();
    const { api_app_id } = fixture("message");
    await bot.event(ACME, { ...said("U0FARBOT1"), bot_id: "B0FARBOT1", app_id: api_app_id });
    expect(bot.events.at(-1)?.author.isSelf).toBe(true);
  });
});

describe("rotating tokens", () => {
  test("an expired token is renewed once for ten posts at the same time, and all of them get through", async () => {
    await using bot = await startInstalling();
    await bot.install(rotating);
    bot.fake.on("oauth.v2.access", renewed);
    bot.fake.on(
      "chat.postMessage",
      byToken({ "Bearer xoxe.1": { ok: false, error: "token_expired" }, "Bearer xoxe.2": posted }),
    );
    await Promise.all(Array.from({ length: 10 }, () => bot.adapter.send(acme, reply())));
    const refreshes = bot.fake.calls.filter(({ method }) => method === "oauth.v2.access");
    expect(refreshes.map(({ args }) => args)).toEqual([
      {
        client_id: "1234.5678",
        client_secret: "a client secret",
        grant_type: "refresh_token",
        refresh_token: "xoxe-1-first",
      },
    ]);
    expect(bot.tokens("chat.postMessage").filter((token) => token === "xoxe.2")).toHaveLength(10);
  });

  test("a token is renewed when less than two hours are left, and stored before it is used", async () => {
    let time = now;
    await using bot = await startInstalling({}, { now: () => time });
    await bot.install(rotating);
    bot.fake.on("oauth.v2.access", renewed);
    bot.fake.on("chat.postMessage", posted);
    await bot.adapter.send(acme, reply());
    time += 10 * HOURS;
    await bot.adapter.send(acme, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxe.1", "xoxe.2"]);
    const next = await bot.again();
    await next.send(acme, reply());
    expect(bot.tokens("chat.postMessage").at(-1)).toBe("xoxe.2");
    expect(bot.tokens("oauth.v2.access")).toHaveLength(1);
  });

  test("what another process has renewed is used, not renewed again", async () => {
    let time = now;
    await using bot = await startInstalling({}, { now: () => time });
    await bot.install(rotating);
    bot.fake.on("oauth.v2.access", renewed);
    bot.fake.on("chat.postMessage", posted);
    const other = await bot.again();
    for (const adapter of [bot.adapter, other]) await adapter.send(acme, reply());
    time += 10 * HOURS;
    for (const adapter of [bot.adapter, other]) await adapter.send(acme, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxe.1", "xoxe.1", "xoxe.2", "xoxe.2"]);
    expect(bot.tokens("oauth.v2.access")).toHaveLength(1);
  });

  test("while Slack cannot renew it, the old token serves as long as it is good; after that the post waits", async () => {
    let time = now;
    await using bot = await startInstalling({}, { now: () => time });
    await bot.install(rotating);
    bot.fake.on("oauth.v2.access", (response) => void response.writeHead(500).end());
    bot.fake.on("chat.postMessage", posted);
    time += 11 * HOURS;
    await bot.adapter.send(acme, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxe.1"]);
    time += 2 * HOURS;
    expect(await failure(bot.adapter.send(acme, reply()))).toMatchObject({ maybeSent: false, permanent: false });
    expect(bot.tokens("chat.postMessage")).toHaveLength(1);
  });

  test("a limit on renewing holds all posts of that token back, and uses no attempt", async () => {
    let time = now;
    await using bot = await startInstalling({}, { now: () => time });
    await bot.install(rotating);
    bot.fake.on("oauth.v2.access", (response) => void response.writeHead(429, { "retry-after": "7" }).end());
    time += 13 * HOURS;
    expect(await failure(bot.adapter.send(acme, reply()))).toMatchObject({
      code: "RATE_LIMITED",
      retryAfter: 7000,
      scope: "account",
    });
  });

  test("a refresh token that is no good any more is told once, with the remedy", async () => {
    let time = now;
    await using bot = await startInstalling({}, { now: () => time });
    await bot.install(rotating);
    bot.fake.on("oauth.v2.access", { ok: false, error: "invalid_refresh_token" });
    time += 13 * HOURS;
    for (let times = 0; times < 3; times++) {
      const error = await failure(bot.adapter.send(acme, reply()));
      expect(error).toMatchObject({ maybeSent: false, permanent: true });
      expect(error.message).toContain(`Install the app again at ${INSTALL}`);
    }
    expect(bot.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });
});

describe("the end of an installation", () => {
  const revoked = { type: "tokens_revoked", tokens: { oauth: [], bot: ["U0ACMEBOT"] } };
  const uninstalled = { type: "app_uninstalled" };

  test.each([
    ["tokens_revoked, then app_uninstalled", [revoked, uninstalled]],
    ["app_uninstalled, then tokens_revoked", [uninstalled, revoked]],
  ])("%s: it is forgotten, Slack is not called, and a post fails for good", async (_, events) => {
    await using bot = await startInstalling();
    await bot.install();
    for (const event of events) expect((await bot.event(ACME, event)).status).toBe(200);
    expect(await failure(bot.adapter.send(acme, reply()))).toMatchObject({ permanent: true, maybeSent: false });
    expect(await failure((await bot.again()).send(acme, reply()))).toMatchObject({ permanent: true });
    expect(bot.fake.calls).toEqual([]);
    expect(bot.events).toEqual([]);
  });

  test("a person's token that is revoked is no end", async () => {
    await using bot = await startInstalling();
    bot.fake.on("chat.postMessage", posted);
    await bot.install();
    await bot.event(ACME, { type: "tokens_revoked", tokens: { oauth: ["U0HUMAN01"] } });
    await bot.adapter.send(acme, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxb-acme"]);
  });

  test("news of an end that come late do not end the installation made since", async () => {
    await using bot = await startInstalling();
    bot.fake.on("chat.postMessage", posted);
    await bot.install();
    await bot.event(ACME, uninstalled, { event_time: Math.floor(now / 1000) - 300 });
    await bot.adapter.send(acme, reply());
    expect(bot.tokens("chat.postMessage")).toEqual(["xoxb-acme"]);
  });

  test("it is answered with 503 while it cannot be forgotten, so that Slack sends it again", async () => {
    await using bot = await startInstalling();
    await bot.install();
    const { vault } = bot.host;
    const update: typeof vault.update = (key, change) =>
      key === ACME ? Promise.reject(new Error("The disk is full.")) : vault.update(key, change);
    await bot.adapter.start({ ...bot.host, vault: { ...vault, update } });
    expect((await bot.event(ACME, uninstalled)).status).toBe(503);
  });

  test.each(["invalid_auth", "account_inactive", "token_revoked"])(
    "a token that Slack no longer takes (%s) is told once, clearly, and each post fails for good",
    async (error) => {
      await using bot = await startInstalling();
      await bot.install();
      bot.fake.on("chat.postMessage", { ok: false, error });
      for (let times = 0; times < 3; times++) {
        const failed = await failure(bot.adapter.send(acme, reply()));
        expect(failed).toMatchObject({ permanent: true, maybeSent: false });
        expect(failed.message).toContain(ACME);
      }
      const told = bot.lines.filter(({ level }) => level === "error");
      expect(told).toEqual([
        {
          level: "error",
          fields: { adapter: "slack", account: ACME, code: error },
          sentence: `Slack no longer takes the token of this workspace. Install the app there again: ${INSTALL}`,
        },
      ]);
    },
  );
});

describe("the secret that tokens are encrypted with", () => {
  const config = (apiUrl: string, storage: ReturnType<typeof memory>, secret: string | undefined) => ({
    name: "moe",
    storage,
    adapters: [slack({ ...APP, apiUrl })],
    plugins: [],
    ...(secret !== undefined && { secret }),
  });

  test("without one the bot does not start, and says what to set", async () => {
    await using fake = await createFakeSlack();
    const bot = createBot(config(fake.apiUrl, memory(), undefined));
    await expect(bot.start()).rejects.toMatchObject({
      code: "CONFIG_SECRET",
      message: expect.stringContaining("HOBNOB_SECRET"),
    });
  });

  test("with another one than before the bot does not start, and says so", async () => {
    await using fake = await createFakeSlack();
    fake.on("oauth.v2.access", grant());
    const folder = await mkdtemp(join(tmpdir(), "hobnob-secret-"));
    try {
      const file = join(folder, "bot.db");
      const first = createBot(config(fake.apiUrl, sqlite({ file }), "a secret of many letters"));
      await first.start();
      const begun = await first.fetch(new Request("http://bot/slack/install"));
      const state = new URL(begun.headers.get("location") ?? "").searchParams.get("state");
      const cookie = begun.headers.get("set-cookie")?.split(";")[0] ?? "";
      const done = new Request(`http://bot/slack/oauth_redirect?code=c&state=${state}`, { headers: { cookie } });
      expect((await first.fetch(done)).status).toBe(200);
      await first.stop();
      const second = createBot(config(fake.apiUrl, sqlite({ file }), "another secret of many letters"));
      await expect(second.start()).rejects.toMatchObject({ code: "VAULT_UNREADABLE" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
