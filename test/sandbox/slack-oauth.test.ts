import { expect, test } from "vitest";
import { openStage } from "./stage.ts";

type Stage = Awaited<ReturnType<typeof openStage>>;

/** The address of Slack's page for an app; `change` makes it another. */
function authorizeUrl({ base, bot, credentials }: Stage, change: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams({
    client_id: credentials.clientId!,
    scope: "chat:write,channels:history",
    redirect_uri: `${bot.url}/slack/oauth_redirect`,
    state: "a state",
    ...change,
  });
  return `${base}/sandbox/slack/oauth/v2/authorize?${query}`;
}

/** What the bot's page is called with after somebody has decided. */
async function decide(stage: Stage, team: string): Promise<URLSearchParams> {
  const body = new URLSearchParams({ team });
  const answer = await fetch(authorizeUrl(stage), { method: "POST", redirect: "manual", body });
  expect(answer.status).toBe(302);
  return new URL(answer.headers.get("location")!).searchParams;
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
async function access(stage: Stage, form: Readonly<Record<string, string>>): Promise<any> {
  const { clientId = "", clientSecret = "" } = stage.credentials;
  const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...form });
  return (await fetch(`${stage.base}/sandbox/slack/api/oauth.v2.access`, { method: "POST", body })).json();
}

async function exchange(stage: Stage, team = "acme") {
  const code = (await decide(stage, team)).get("code")!;
  return access(stage, { code, redirect_uri: `${stage.bot.url}/slack/oauth_redirect` });
}

/** Calls a method with any token. */
// biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
async function call(stage: Stage, token: string, method: string, body: object = {}): Promise<any> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const response = await stage.callApi(method, body, { headers });
  return response.json();
}

test("Slack's page says who asks for what, and lets people choose the workspace", async () => {
  await using stage = await openStage();
  const answer = await fetch(authorizeUrl(stage));
  const page = await answer.text();
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  for (const text of ["moe asks for access", "chat:write, channels:history", "Allow in Acme", "Cancel"]) {
    expect(page).toContain(text);
  }
});

test.each([
  [{ client_id: "1.2" }, "invalid_client_id"],
  [{ redirect_uri: "https://evil.example.com/" }, "bad_redirect_uri"],
  [{ redirect_uri: "" }, "bad_redirect_uri"],
  [{ scope: "" }, "invalid_scope"],
  [{ scope: "chat:write,<b>" }, "invalid_scope &#60;b&#62;"],
])("Slack's page refuses %j", async (change, error) => {
  await using stage = await openStage();
  const answer = await fetch(authorizeUrl(stage, change), { method: "POST", redirect: "manual" });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain(`Slack error: ${error}`);
});

test("who cancels is led back with an error and the state", async () => {
  await using stage = await openStage();
  expect(Object.fromEntries(await decide(stage, ""))).toEqual({ error: "access_denied", state: "a state" });
});

test("a code is good once, for a token of the workspace that was chosen", async () => {
  await using stage = await openStage();
  const code = (await decide(stage, "acme")).get("code")!;
  const redirect_uri = `${stage.bot.url}/slack/oauth_redirect`;
  expect(await access(stage, { code, redirect_uri: "http://127.0.0.1:1/" })).toEqual({
    ok: false,
    error: "bad_redirect_uri",
  });
  const grant = await access(stage, { code, redirect_uri });
  expect(grant).toMatchObject({
    ok: true,
    token_type: "bot",
    scope: "chat:write,channels:history",
    team: { name: "Acme" },
    expires_in: 43_200,
  });
  expect(await access(stage, { code, redirect_uri })).toEqual({ ok: false, error: "code_already_used" });
  const who = await call(stage, grant.access_token, "auth.test");
  expect(who).toMatchObject({ team: "Acme", team_id: grant.team.id, user_id: grant.bot_user_id });
  expect(who.user_id).not.toBe(stage.credentials.botUserId);
  expect(await call(stage, grant.access_token, "chat.postMessage", { channel: "workshop", text: "hi" })).toMatchObject({
    ok: true,
  });
  expect(await call(stage, grant.access_token, "reactions.add")).toMatchObject({ error: "missing_scope" });
  expect(await stage.api("chat.postMessage", { channel: "workshop", text: "hi" })).toMatchObject({
    error: "channel_not_found",
  });
});

test.each([
  [{ client_id: "1.2" }, "invalid_client_id"],
  [{ client_secret: "wrong" }, "bad_client_secret"],
  [{ code: "guessed" }, "invalid_code"],
  [{}, "invalid_code"],
  [{ grant_type: "password" }, "invalid_grant_type"],
  [{ grant_type: "refresh_token", refresh_token: "guessed" }, "invalid_refresh_token"],
])("the token endpoint refuses %j", async (form, error) => {
  await using stage = await openStage();
  expect(await access(stage, form as Record<string, string>)).toEqual({ ok: false, error });
});

test("the app may name itself by Basic authorization", async () => {
  await using stage = await openStage();
  const { clientId, clientSecret } = stage.credentials;
  const headers = { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}` };
  const body = new URLSearchParams({ code: "guessed" });
  const answer = await fetch(`${stage.base}/sandbox/slack/api/oauth.v2.access`, { method: "POST", headers, body });
  expect(await answer.json()).toEqual({ ok: false, error: "invalid_code" });
});

test("a refresh token is good once; the tokens of the first workspace do not rotate", async () => {
  await using stage = await openStage();
  const first = await exchange(stage);
  const form = { grant_type: "refresh_token", refresh_token: first.refresh_token };
  const second = await access(stage, form);
  expect(second).toMatchObject({ ok: true, team: { name: "Acme" }, expires_in: 43_200 });
  expect(await access(stage, form)).toEqual({ ok: false, error: "invalid_refresh_token" });
  for (const { access_token } of [first, second]) {
    expect(await call(stage, access_token, "auth.test")).toMatchObject({ ok: true });
  }
  expect(await exchange(stage, "hobnob-sandbox")).not.toHaveProperty("refresh_token");
});

test("who takes the bot away ends its tokens before the bot hears of it", async () => {
  await using stage = await openStage();
  expect((await stage.control("/slack/uninstall", {})).status).toBe(400);
  const { access_token, refresh_token, bot_user_id, team } = await exchange(stage);
  expect((await stage.control("/slack/uninstall", {})).status).toBe(200);
  const [revoked, uninstalled] = await stage.bot.gets(2);
  expect(revoked?.json).toMatchObject({
    team_id: team.id,
    event: { type: "tokens_revoked", tokens: { bot: [bot_user_id] } },
  });
  expect(uninstalled?.json.event).toEqual({ type: "app_uninstalled" });
  expect(await call(stage, access_token, "auth.test")).toEqual({ ok: false, error: "token_revoked" });
  expect(await access(stage, { grant_type: "refresh_token", refresh_token })).toMatchObject({ ok: false });
});

test("auth.revoke ends all tokens of the app in that workspace, and in no other", async () => {
  await using stage = await openStage();
  const { access_token } = await exchange(stage);
  expect(await call(stage, access_token, "auth.revoke", { test: true })).toEqual({ ok: true, revoked: false });
  expect(await call(stage, access_token, "auth.revoke")).toEqual({ ok: true, revoked: true });
  expect(await call(stage, access_token, "auth.test")).toEqual({ ok: false, error: "token_revoked" });
  expect(await stage.api("auth.test")).toMatchObject({ ok: true });
});

test("what is said in one workspace is not heard in the other", async () => {
  await using stage = await openStage();
  await exchange(stage);
  const acme = await stage.say({ text: "among us", conversation: "acme/general", user: "edith" });
  const home = await stage.say({ text: "at home" });
  const [first, second] = await stage.bot.gets(2);
  expect([first?.json.event.ts, second?.json.event.ts]).toEqual([acme, home]);
  expect(first?.json.context_team_id).not.toBe(second?.json.context_team_id);
  expect(first?.json.event.channel).not.toBe(second?.json.event.channel);
  expect(await stage.messages()).toHaveLength(1);
  expect(await stage.messages("conversation=acme/general")).toHaveLength(1);
});

test("the second workspace is shown while a bot is in it", async () => {
  await using stage = await openStage();
  const shown = async () =>
    ((await (await stage.control("")).json()) as { platforms: { conversations: { name: string }[] }[] }).platforms[0]!;
  const names = async () => (await shown()).conversations.map(({ name }) => name);
  expect(await names()).not.toContain("acme/workshop");
  await exchange(stage);
  expect(await names()).toEqual(expect.arrayContaining(["general", "acme/workshop", "acme/@edith"]));
  await stage.control("/slack/uninstall", {});
  expect(await names()).not.toContain("acme/workshop");
});

test("an install page that leads nowhere is told as it is", async () => {
  await using stage = await openStage();
  const install = async () => (await stage.control("/slack/install", {})).json();
  expect(await install()).toEqual({ status: 200, text: "" });
  for (let step = 0; step < 20; step++)
    stage.bot.answers.push({ status: 302, headers: { location: "/slack/install" } });
  expect(await install()).toMatchObject({
    error: { code: "SANDBOX_INPUT", message: expect.stringContaining("circle") },
  });
  await using away = await openStage({ webhook: "http://127.0.0.1:1/slack/events" });
  expect(await (await away.control("/slack/install", {})).json()).toMatchObject({
    error: { code: "SANDBOX_INPUT", message: expect.stringContaining("cannot be reached") },
  });
});
