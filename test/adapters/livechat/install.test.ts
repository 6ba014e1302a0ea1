import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { sqlite } from "../../../src/storage/sqlite/index.ts";
import { createClock, openLiveChat, readPage, until } from "./stage.ts";

type Stage = Awaited<ReturnType<typeof openLiveChat>>;

const STEPS = ["token", "info", "list_bots", "create_bot", "issue_bot_token", "list_webhooks"];
const ENABLED = "BOT integration successfully enabled on license 100001!";
const FAILED: unknown = expect.stringMatching(/^Can not enable BOT integration\. /);
const ALREADY = "BOT integration already enabled";

/** What LiveChat sends somebody back to the bot with who has said yes on a page that was not begun by the bot. */
async function consent(stage: Stage, botUrl: string, license = "Trattoria"): Promise<string> {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: stage.credentials().clientId!,
    redirect_uri: `${botUrl}/token`,
  });
  const page = await (await fetch(`${stage.url}/sandbox/livechat/accounts/?${query}`)).text();
  const link = new RegExp(`<a href="([^"]+)">${license}`).exec(page)![1]!;
  const href = link.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
  const back = await fetch(href, { redirect: "manual" });
  return back.headers.get("location")!;
}

test("a link without a state installs the first license: token, whose it is, the bot, its webhooks, not accepting chats", async () => {
  await using stage = await openLiveChat();
  await using bot = await stage.start();
  const location = await consent(stage, bot.url);
  expect(location).toContain("code%2F");
  const page = await readPage(location);
  expect(page).toMatchObject({ status: 200, text: ENABLED });
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(stage.calls.map(({ name }) => name)).toEqual([
    ...STEPS,
    ...Array(5).fill("register_webhook"),
    "enable_license_webhooks",
    "set_routing_status",
  ]);

  const { clientId, clientSecret, webhookSecret } = stage.credentials();
  expect(Object.fromEntries(new URLSearchParams(stage.calls[0]!.body))).toEqual({
    grant_type: "authorization_code",
    code: new URL(location).searchParams.get("code"),
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uri: `${bot.url}/token`,
  });
  expect(stage.calls[1]!.authorization).toMatch(/^Bearer dal:/);
  const made = stage.calls.find(({ name }) => name === "create_bot")!;
  expect(made.json).toMatchObject({ name: "Pizza BOT", default_group_priority: "supervisor" });
  const registered = stage.calls.filter(({ name }) => name === "register_webhook").map(({ json }) => json);
  expect(registered.map(({ action }) => action)).toEqual(expect.arrayContaining(["incoming_chat", "incoming_event"]));
  for (const one of registered) {
    expect(one).toMatchObject({ type: "license", secret_key: webhookSecret, url: `${bot.url}/livechat/webhook` });
  }
  expect(stage.calls.at(-1)!.json).toEqual({ status: "not_accepting_chats" });
});

test.each([...STEPS, "register_webhook", "enable_license_webhooks", "set_routing_status"])(
  "when `%s` fails the bot is not installed, and a second try makes nothing twice",
  async (step) => {
    await using stage = await openLiveChat();
    await using bot = await stage.start();
    await stage.fail(step);
    expect(await readPage(await consent(stage, bot.url))).toMatchObject({ status: 502, text: FAILED });
    expect(JSON.stringify(bot.lines)).not.toContain("dal:");
    expect(await readPage(await consent(stage, bot.url))).toMatchObject({ status: 200, text: ENABLED });
    const names = stage.takeCalls();
    expect(names.filter((name) => name === "create_bot")).toHaveLength(step === "create_bot" ? 2 : 1);
    const { clientId } = stage.credentials();
    expect(await stage.ask("configuration/action/list_webhooks", { owner_client_id: clientId })).toHaveLength(5);
  },
);

test("what LiveChat sends before the installation is done is asked for again", async () => {
  await using stage = await openLiveChat();
  await using bot = await stage.start();
  // The last call of an installation gets no answer for a while.
  await stage.fail("set_routing_status", "timeout");
  void consent(stage, bot.url).then((url) => fetch(url).catch(() => {}));
  await until(() => stage.calls.some(({ name }) => name === "set_routing_status"));
  const body = JSON.stringify({
    secret_key: stage.credentials().webhookSecret,
    action: "incoming_event",
    organization_id: stage.credentials().organizationId,
    payload: { chat_id: "CHAT", event: { id: "EVENT_1", type: "message", author_id: "a", text: "hi" } },
  });
  expect((await fetch(`${bot.url}/livechat/webhook`, { method: "POST", body })).status).toBe(503);
});

test("a lost answer to the making of the bot leaves one bot, which a second try takes over", async () => {
  await using stage = await openLiveChat();
  await using bot = await stage.start();
  await stage.fail("create_bot", "lost-answer");
  expect(await readPage(await consent(stage, bot.url))).toMatchObject({ status: 502, text: FAILED });
  stage.takeCalls();
  expect(await readPage(await consent(stage, bot.url))).toMatchObject({ status: 200, text: ENABLED });
  expect(stage.takeCalls()).toContain("reset_bot_secret");
});

test("once installed, the page says so to everybody who comes without a state, and calls nobody", async () => {
  await using stage = await openLiveChat();
  await using bot = await stage.start();
  await stage.install();
  stage.takeCalls();
  for (const query of ["", "?code=a%2Fb", "?error=access_denied"]) {
    expect(await readPage(`${bot.url}/token${query}`)).toMatchObject({ status: 200, text: ALREADY });
  }
  expect(stage.takeCalls()).toEqual([]);
});

test("a code that LiveChat does not know, no code, and no consent are told from success", async () => {
  await using stage = await openLiveChat();
  await using bot = await stage.start();
  expect(await readPage(`${bot.url}/token?code=a%2Fb`)).toMatchObject({ status: 400, text: FAILED });
  expect(new URLSearchParams(stage.calls[0]!.body).get("code")).toBe("a/b");
  for (const query of ["", "?code="]) {
    expect(await readPage(`${bot.url}/token${query}`)).toMatchObject({ status: 400, text: FAILED });
  }
  expect(await readPage(`${bot.url}/token?error=access_denied`)).toMatchObject({ status: 403, text: FAILED });
  expect((await fetch(`${bot.url}/token`, { method: "HEAD" })).status).toBe(200);
  expect((await fetch(`${bot.url}/token`, { method: "POST" })).status).toBe(405);
});

describe("a state", () => {
  async function begin(botUrl: string) {
    const start = await readPage(`${botUrl}/livechat/install`);
    const url = new URL(start.headers.get("location")!);
    const cookie = start.headers.get("set-cookie")!;
    return { state: url.searchParams.get("state")!, cookie: cookie.split(";")[0]!, attributes: cookie, url };
  }

  test("goes to the consent page with the client and the way back", async () => {
    await using stage = await openLiveChat();
    await using bot = await stage.start();
    const { url, attributes } = await begin(bot.url);
    expect(url.href).toContain(`${stage.url}/sandbox/livechat/accounts/?`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: "code",
      client_id: stage.credentials().clientId,
      redirect_uri: `${bot.url}/token`,
    });
    expect(attributes).toContain("HttpOnly");
    expect(attributes).toContain("SameSite=Lax");
  });

  test("is good once, for ten minutes, in the browser that it was made for", async () => {
    const clock = createClock(1);
    await using stage = await openLiveChat();
    await using bot = await stage.start({ clock });
    const back = (state: string, cookie?: string) =>
      readPage(`${bot.url}/token?code=x&state=${state}`, cookie === undefined ? {} : { headers: { cookie } });

    const mine = await begin(bot.url);
    const other = await begin(bot.url);
    expect((await back("made-up", mine.cookie)).status).toBe(400);
    expect((await back(other.state)).status).toBe(400);
    expect((await back(mine.state, other.cookie)).status).toBe(400);

    const late = await begin(bot.url);
    clock.forward(601_000);
    expect((await back(late.state, late.cookie)).status).toBe(400);
    expect(stage.takeCalls()).toEqual([]);

    const good = await begin(bot.url);
    expect((await back(good.state, `a=b; ${good.cookie}`)).text).toContain("no longer takes the code");
    expect((await back(good.state, good.cookie)).text).toContain("it is over");
    expect(stage.takeCalls()).toEqual(["token"]);
  });
});

test("two licenses are served by one bot and kept apart", async () => {
  await using stage = await openLiveChat();
  await using bot = await stage.start({ plugins: [pizza()] });
  expect(await stage.install()).toMatchObject({ status: 200, text: expect.stringContaining(ENABLED) });
  // Without a cookie, and so without a state, nobody installs a second one.
  expect(await readPage(await consent(stage, bot.url, "Bakery"))).toMatchObject({ text: ALREADY });
  await stage.say("hello", { user: "carol", conversation: "carol" });
  await until(() => stage.calls.filter(({ name }) => name === "set_routing_status").length === 2);
  const bots = stage.calls.filter(({ name }) => name === "set_routing_status").map((call) => call.authorization);
  expect(new Set(bots).size).toBe(2);
  await until(async () => (await stage.deliveries()).length > 0);
  stage.takeCalls();
  await stage.say("pizza", { user: "carol", conversation: "carol" });
  await until(() => stage.calls.some(({ name }) => name === "remove_user_from_chat"));
  expect(new Set(stage.calls.map((call) => call.authorization))).toEqual(new Set([bots[1]]));
  expect((await stage.messages("carol")).some(({ self }) => self)).toBe(true);
  expect(await stage.messages("ada")).toEqual([]);
});

test("installing again renews the tokens of the same bot", async () => {
  await using stage = await openLiveChat();
  await using _ = await stage.start();
  await stage.install();
  stage.takeCalls();
  expect((await stage.install()).text).toContain(ALREADY);
  const names = stage.takeCalls();
  expect(names).not.toContain("create_bot");
  expect(names).not.toContain("register_webhook");
  expect(names).not.toContain("reset_bot_secret");
});

test("after a restart the bot is still installed, hears and answers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-livechat-"));
  try {
    const file = join(folder, "bot.db");
    await using stage = await openLiveChat();
    {
      await using _ = await stage.start({ storage: sqlite({ file }) });
      await stage.install();
    }
    stage.takeCalls();
    await using bot = await stage.start({ storage: sqlite({ file }), plugins: [pizza()] });
    await stage.say("PIZZA!");
    await until(() => stage.calls.some(({ name }) => name === "remove_user_from_chat"));
    expect(stage.takeCalls()).not.toContain("create_bot");
    expect(await readPage(`${bot.url}/token?code=x`)).toMatchObject({ text: ALREADY });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a bot that lost its memory finds its former self and its webhooks", async () => {
  await using stage = await openLiveChat();
  {
    await using _ = await stage.start();
    await stage.install();
  }
  stage.takeCalls();
  await using bot = await stage.start();
  await readPage(await consent(stage, bot.url));
  const names = stage.takeCalls();
  expect(names).toContain("reset_bot_secret");
  expect(names).not.toContain("create_bot");
  expect(names).not.toContain("register_webhook");
});

test("an owner who removes the app ends it: the tokens are dropped", async () => {
  await using stage = await openLiveChat();
  await using bot = await stage.start();
  await stage.install();
  await stage.control("/livechat/uninstall", {});
  await until(async () => (await stage.deliveries()).every(({ pending }) => !pending));
  expect(await readPage(`${bot.url}/token`)).toMatchObject({ status: 400, text: FAILED });
  expect(await readPage(await consent(stage, bot.url))).toMatchObject({ status: 200, text: ENABLED });
});

test("somebody who only says that the app was removed is not believed, unless he knows the secret", async () => {
  await using stage = await openLiveChat();
  await using bot = await stage.start();
  await stage.install();
  const { clientId, webhookSecret, organizationId } = stage.credentials();
  const body = JSON.stringify({ event: "application_uninstalled", clientID: clientId, organizationID: organizationId });
  const tell = (query: string) => fetch(`${bot.url}/livechat/webhook${query}`, { method: "POST", body });
  expect((await tell("")).status).toBe(200);
  expect((await tell("?secret=guess")).status).toBe(200);
  expect(await readPage(`${bot.url}/token`)).toMatchObject({ status: 200, text: ALREADY });
  stage.takeCalls();
  expect((await tell(`?secret=${webhookSecret}`)).status).toBe(200);
  expect(stage.takeCalls()).toEqual(["delete_bot", "list_webhooks", ...Array(5).fill("unregister_webhook"), "revoke"]);
  expect(await readPage(`${bot.url}/token`)).toMatchObject({ status: 400 });
});

test("a personal access token sets one license up at start, without a browser", async () => {
  await using stage = await openLiveChat();
  {
    // Its credentials are known once an app is there.
    await using _ = await stage.start();
  }
  const { accountId, personalAccessToken, organizationId } = stage.credentials();
  const options = { accountId, personalAccessToken, organizationId };
  await using bot = await stage.start({ options, plugins: [pizza()] });
  await until(() => bot.lines.some(({ sentence }) => sentence === "set up on a LiveChat license"));
  expect(stage.calls[0]!.authorization).toMatch(/^Basic /);
  stage.takeCalls();
  await stage.say("pizza please");
  await until(() => stage.calls.some(({ name }) => name === "remove_user_from_chat"));
  expect(stage.takeCalls()).toEqual(["add_user_to_chat", "send_event", "remove_user_from_chat"]);
});

test("webhooks of former addresses make room where there are three already; those of other programs stay", async () => {
  await using stage = await openLiveChat();
  await using bot = await stage.start();
  const owner = { owner_client_id: stage.credentials().clientId };
  const register = (description: string, url: string) =>
    stage.ask("configuration/action/register_webhook", {
      action: "incoming_event",
      url,
      description,
      secret_key: "old",
      type: "license",
      ...owner,
    });
  await register("Hobnob", "https://one.example.com/livechat/webhook");
  await register("Hobnob", "https://two.example.com/livechat/webhook");
  await register("Another program", "https://three.example.com/");
  expect((await stage.install()).text).toContain(ENABLED);
  const list = (await stage.ask("configuration/action/list_webhooks", owner)) as { action: string; url: string }[];
  expect(list.filter(({ action }) => action === "incoming_event").map(({ url }) => url)).toEqual([
    "https://three.example.com/",
    `${bot.url}/livechat/webhook`,
  ]);
});

test("a bot with another webhook secret registers its webhooks anew at its start", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-livechat-"));
  try {
    const file = join(folder, "bot.db");
    await using stage = await openLiveChat();
    {
      await using _ = await stage.start({ storage: sqlite({ file }) });
      await stage.install();
    }
    stage.takeCalls();
    // The sandbox fills in only what is not set: here the secret is.
    await using _ = await stage.start({ storage: sqlite({ file }), options: { webhookSecret: "a new secret" } });
    await until(() => stage.calls.some(({ name }) => name === "enable_license_webhooks"));
    const names = stage.takeCalls();
    expect(names.filter((name) => name === "unregister_webhook")).toHaveLength(5);
    expect(names.filter((name) => name === "register_webhook")).toHaveLength(5);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
