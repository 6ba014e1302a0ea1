import { afterEach, beforeEach, expect, test } from "vitest";
import { type TwistOptions, twist } from "../../../src/adapters/twist/index.ts";
import { listOf } from "../../storage/desk.ts";
import { BOT, createFakeTwist, type FakeTwist, refusal, send } from "./fake-twist.ts";
import { verifyToken } from "./started.ts";

let api: FakeTwist;

beforeEach(async () => {
  api = await createFakeTwist();
});
afterEach(() => api[Symbol.asyncDispose]());

async function check(options: TwistOptions = {}, url: string | undefined = "https://bot.example.com") {
  const adapter = twist({ token: "token-1", verifyToken, apiUrl: api.apiUrl, ...options });
  const findings = await listOf(adapter.check!({ url, now: Date.now }));
  expect(JSON.stringify(findings)).not.toMatch(/token-1|3c2cabcdef/);
  return findings;
}

test("a right setup says whose the token is and which address to paste", async () => {
  expect(await check()).toMatchObject([
    { level: "ok", subject: "TWIST_VERIFY_TOKEN" },
    { level: "ok", subject: "HOBNOB_URL", message: expect.stringContaining("https://bot.example.com/twist") },
    { level: "ok", subject: "TWIST_TOKEN", message: "It belongs to Moe (42)." },
  ]);
});

test("what is missing is named, by the adapter's own names", async () => {
  expect(
    await check({ name: "team-b", token: "", verifyToken: "", clientId: "x" }, "http://localhost:3000"),
  ).toMatchObject([
    { level: "error", subject: "TEAM_B_VERIFY_TOKEN" },
    { level: "error", subject: "HOBNOB_URL", message: expect.stringContaining("https") },
    { level: "warning", subject: "TEAM_B_CLIENT_SECRET" },
    { level: "error", subject: "TEAM_B_TOKEN" },
  ]);
});

test("a refused token and a Twist that is somewhere else are errors", async () => {
  api.on("users/get_session_user", refusal(403, 200), (response) => response.end("<html>"));
  const last = async () => (await check()).at(-1);
  expect(await last()).toMatchObject({
    level: "error",
    subject: "TWIST_TOKEN",
    message: expect.stringContaining("invalid token"),
  });
  expect(await last()).toMatchObject({ level: "error", subject: "TWIST_API_URL" });
});

test("a person's token and a wrong clock are warned of", async () => {
  api.on("users/get_session_user", (response) => {
    send(response, 200, { ...BOT, bot: false }, { date: "Sat, 21 Nov 2020 01:00:00 GMT" });
  });
  api.on("workspace_users/get", [BOT, { ...BOT, id: 43, removed: true }, { id: 1, name: "Ada", bot: false }]);
  expect((await check()).slice(-2)).toMatchObject([
    { level: "warning", subject: "TWIST_BOT_USER_ID", message: expect.stringContaining("the bots there: Moe (42).") },
    { level: "warning", subject: "clock" },
  ]);
  expect((await check({ botUserId: "42" })).map(({ subject }) => subject)).not.toContain("TWIST_BOT_USER_ID");
});
