import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { twitter } from "../../src/adapters/twitter/index.ts";
import { pizza } from "../../src/plugins/pizza/index.ts";
import { openPlatforms, type PlatformStage } from "../adapters/stage.ts";
import { createProject, type Project } from "./stage.ts";

let stage: PlatformStage;
let project: Project;
let webhook: string;

beforeAll(async () => {
  stage = await openPlatforms({ adapters: [twitter()], plugins: [pizza()] });
  webhook = `${stage.url}/twitter/webhook`;
  const { bearerToken, ...credentials } = stage.sandbox.connect({ platform: "twitter", name: "twitter", webhook })!;
  const options = JSON.stringify(credentials);
  project = createProject(`
import { twitter } from "hobnob/adapters/twitter";
const adapters = [twitter({ ...${options}, bearerToken: process.env.BEARER })];
if (process.env.SECOND) adapters.push(twitter({ ...${options}, name: "second" }));
export default defineConfig({ ...parts, adapters, server: { url: process.env.PUBLIC_URL } });
`);
  expect(bearerToken).toBeDefined();
});

afterAll(async () => {
  project[Symbol.dispose]();
  await stage[Symbol.asyncDispose]();
});

const hobnob = (args: string, env: NodeJS.ProcessEnv = { PUBLIC_URL: stage.url }) =>
  project.hobnob(["twitter", ...args.split(" ")], env);

describe("hobnob twitter", () => {
  test("registers a webhook and subscribes the account, and twice does no harm", async () => {
    expect(await hobnob("delete")).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^deleted: /) });
    expect(await hobnob("list")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^no webhooks/) });
    const first = await hobnob("register");
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toMatch(new RegExp(`^webhook made: ${webhook} \\(\\d+\\)\naccount subscribed;`));
    const second = await hobnob(`register --url ${webhook}`, {});
    expect([second.code, second.stderr]).toEqual([0, ""]);
    expect(second.stdout).toMatch(/^webhook was there, and X has checked it anew.*\naccount was subscribed already;/);
    const { stdout } = await hobnob("list --json");
    expect(JSON.parse(stdout)).toEqual([{ id: expect.any(String), url: webhook, isValid: true, isSubscribed: true }]);
    expect((await hobnob("list")).stdout).toMatch(/^id +url +valid +subscribed\n\d+ +\S+ +yes +yes\n$/);
    await stage.say("@moe a pizza");
    expect(await stage.answers(1)).toEqual(["Pizza is on the way!"]);
  });

  test("subscribes over X Activity, whose events are heard once beside the others", async () => {
    expect((await hobnob("register --activity")).stdout).toMatch(/\naccount subscribed;/);
    expect((await hobnob("register --activity")).stdout).toMatch(/\naccount was subscribed already;/);
    await stage.say("@moe pizza for two", { user: "grace" });
    await stage.say("a pizza", { conversation: "@grace" });
    expect(await stage.answers(1, "@grace")).toHaveLength(1);
    expect(await stage.answers(2)).toHaveLength(2);
    const kinds = new Set((await stage.control<{ type: string }[]>("/twitter/deliveries")).map(({ type }) => type));
    expect([...kinds]).toEqual(expect.arrayContaining(["post.mention.create", "dm.received"]));
  });

  test.each([
    ["register --url http://bot.example.com/x", /UrlValidationFailed\. The URL must be https, without a port\./],
    ["register --url https://bot.example.com:8443/x", /UrlValidationFailed/],
    ["register --url https://bot.invalid/x", /WebhookLimitExceeded\. .*hobnob twitter delete ID/],
    ["delete 17", /X knows no webhook 17\. See `hobnob twitter list`\. \[WEBHOOK_NOT_FOUND\]/],
  ])("%s says what X says, and what to do", async (args, message) => {
    const { code, stdout, stderr } = await hobnob(args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
  });

  test("an address where no bot answers is refused", async () => {
    await hobnob("delete");
    const { code, stderr } = await hobnob(`register --url ${stage.url}/somewhere`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/CrcValidationFailed\. .*Is the bot running/);
    expect((await hobnob("register")).code).toBe(0);
  });

  test("wrong credentials are said without showing them", async () => {
    const { code, stderr } = await hobnob("list", { BEARER: "a wrong token" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/X refused getWebhooks: HTTP 401\. Check the API key/);
    expect(stderr).not.toContain("a wrong token");
  });

  test.each([
    ["", /What is to be done is missing/],
    ["regster", /has no `regster` \(did you mean `register`\?\)/],
    ["list --url https://x.dev", /`hobnob twitter list` has no option `--url`/],
    ["list 3", /one argument too many/],
    ["register --url bot.example.com", /Write the webhook's full address/],
    ["list --adapter twiter", /No adapter for X is named `twiter` \(did you mean `twitter`\?\)/],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stdout, stderr } = await project.hobnob(["twitter", ...args.split(" ").filter((arg) => arg !== "")]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  test("with several adapters it asks which, and without an address it asks where", async () => {
    expect(await hobnob("list", { SECOND: "1" })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/several adapters for X. Choose one with --adapter: twitter, second/),
    });
    expect((await hobnob("list --adapter second", { SECOND: "1" })).code).toBe(0);
    expect(await hobnob("register", {})).toMatchObject({ code: 2, stderr: expect.stringMatching(/HOBNOB_URL/) });
  });
});
