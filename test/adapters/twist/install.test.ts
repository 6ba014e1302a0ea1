import { afterEach, beforeEach, expect, test } from "vitest";
import type { WebhookResponse } from "../../../src/core/index.ts";
import { listOf } from "../../storage/desk.ts";
import { request } from "../stage.ts";
import { BOT, refusal } from "./fake-twist.ts";
import { type StartedTwist, startTwist } from "./started.ts";

let bot: StartedTwist;
let time: number;

beforeEach(async () => {
  time = 1_795_222_800_000;
  bot = await startTwist({ clientId: "client-1", clientSecret: "secret-1" }, { now: () => time });
});
afterEach(() => bot[Symbol.asyncDispose]());

const get = (path: string, query = "", cookie?: string) =>
  bot.adapter.webhook!(request({ method: "GET", path, query, headers: cookie === undefined ? {} : { cookie } }));

async function begin() {
  const { status, headers = {} } = await get("/twist/install");
  expect(status).toBe(302);
  const to = new URL(String(headers.location));
  const cookie = String(headers["set-cookie"]);
  return { to, cookie, sent: cookie.split(";")[0]!, state: to.searchParams.get("state")! };
}

const back = ({ sent, state }: { sent: string; state: string }, more: Record<string, string> = { code: "code-1" }) =>
  get("/twist/oauth", new URLSearchParams({ state, ...more }).toString(), `other=1; ${sent}`);

const title = ({ body }: WebhookResponse) => /<h1>([^<]*)</.exec(String(body))?.[1];
const kept = () => listOf(bot.started.host.vault.keys("user/"));

test("a person is sent to Twist with what it has to know, and a cookie that only the way back sees", async () => {
  const { to, cookie, state } = await begin();
  expect(to.href.startsWith(`${bot.api.oauthUrl}authorize?`)).toBe(true);
  expect(Object.fromEntries(to.searchParams)).toEqual({
    client_id: "client-1",
    scope: "user:read,workspaces:read,channels:read,threads:read,threads:write",
    state,
    redirect_uri: "https://bot.example.com/twist/oauth",
    response_type: "code",
  });
  expect(state.length).toBeGreaterThan(30);
  expect(cookie).toMatch(/; Path=\/twist\/oauth; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/);
});

test("the code becomes a token, kept for the person in each of their workspaces, and only encrypted", async () => {
  bot.api.on("oauth/access_token", { access_token: "token-ada", token_type: "Bearer" });
  bot.api.on("users/get_session_user", { ...BOT, id: 10073 });
  bot.api.on("workspaces/get", [{ id: 5517 }, { id: 5518 }]);
  const answer = await back(await begin());
  expect([answer.status, title(answer)]).toEqual([200, "It is connected"]);
  expect(answer.headers?.["set-cookie"]).toContain("Max-Age=0");
  const exchange = bot.api.calls.find(({ name }) => name === "oauth/access_token")!;
  expect(Object.fromEntries(new URLSearchParams(exchange.body))).toEqual({
    client_id: "client-1",
    client_secret: "secret-1",
    code: "code-1",
    redirect_uri: "https://bot.example.com/twist/oauth",
    grant_type: "authorization_code",
  });
  expect(exchange.headers.authorization).toBeUndefined();
  expect(bot.api.calls.at(-1)!.headers.authorization).toBe("Bearer token-ada");
  expect(await kept()).toEqual(["user/5517/10073", "user/5518/10073"]);
  expect(await bot.started.host.vault.get("user/5518/10073")).toBe("token-ada");
  expect(JSON.stringify(bot.started.lines)).not.toMatch(/token-ada|code-1|secret-1/);
});

test("a state is good once, for ten minutes, and in its own browser", async () => {
  bot.api.on("oauth/access_token", { access_token: "t" });
  bot.api.on("workspaces/get", [{ id: 5517 }]);
  const stranger = { status: 400, title: "Not installed" };
  const outcome = async (answer: Promise<WebhookResponse>) => {
    const done = await answer;
    return { status: done.status, title: title(done) };
  };
  const first = await begin();
  const second = await begin();
  expect(await outcome(back({ ...first, sent: second.sent }))).toEqual(stranger);
  expect(await outcome(back({ ...first, sent: "a=b" }))).toEqual(stranger);
  expect(await outcome(get("/twist/oauth", `state=${first.state}&code=1`))).toEqual(stranger);
  expect(await outcome(back({ sent: "hobnob-twist-install=made-up", state: "made-up" }))).toEqual(stranger);
  expect(await outcome(back({ sent: "hobnob-twist-install=", state: "" }))).toEqual(stranger);
  const both = await Promise.all([outcome(back(first)), outcome(back(first))]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
  expect(await outcome(back(first))).toEqual(stranger);
  time += 600_001;
  expect(await outcome(back(second))).toEqual(stranger);
  expect(await outcome(back(await begin(), {}))).toEqual(stranger);
  expect(bot.api.names().filter((name) => name === "oauth/access_token")).toHaveLength(1);
});

test("a person may say no", async () => {
  const answer = await back(await begin(), { error: "access_denied", error_description: "<script>" });
  expect([answer.status, title(answer)]).toEqual([403, "Not installed"]);
  expect(answer.body).not.toContain("<script>");
});

test.each([
  ["no longer takes the code", 400, () => bot.api.on("oauth/access_token", refusal(400, 20))],
  ["did not answer as it should", 502, () => bot.api.on("oauth/access_token", { token_type: "Bearer" })],
  [
    "did not answer as it should",
    502,
    () => {
      bot.api.on("oauth/access_token", { access_token: "t" });
      bot.api.on("workspaces/get", []);
    },
  ],
])("when Twist %s nothing is kept, and the page says so", async (what, status, prepare) => {
  prepare();
  const answer = await back(await begin());
  expect(answer).toMatchObject({ status, body: expect.stringContaining(`Twist ${what}`) });
  expect(await kept()).toEqual([]);
});

test("without a client id and secret nobody can install", async () => {
  await using closed = await startTwist({ clientId: "client-1" });
  for (const path of ["/twist/install", "/twist/oauth"]) {
    const answer = await closed.adapter.webhook!(request({ method: "GET", path }));
    expect([answer.status, title(answer)]).toEqual([404, "Nothing to install"]);
  }
});

test("the pages are for browsers only", async () => {
  expect((await bot.adapter.webhook!(request({ path: "/twist/install" }))).status).toBe(405);
});
