import { describe, expect, test } from "vitest";
import { type TwitterOptions, twitter } from "../../../src/adapters/twitter/index.ts";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { listOf } from "../../storage/desk.ts";
import { openPlatforms, startAdapter } from "../stage.ts";

describe("options", () => {
  test("default to the paths that are configured already", () => {
    const { name, paths, platform } = twitter();
    expect([name, platform, paths]).toEqual(["twitter", "twitter", ["/twitter/webhook", "/webhook"]]);
    expect(twitter({ name: "second", path: "/second" }).paths).toEqual(["/second"]);
  });

  test("that are missing are named by their environment names", async () => {
    const adapter = twitter({ name: "my-x", appKey: "", accessToken: "1-a" });
    expect(adapter.missing).toEqual(["MY_X_APP_KEY", "MY_X_APP_SECRET", "MY_X_ACCESS_SECRET"]);
    await expect(startAdapter(adapter)).rejects.toMatchObject({
      code: "CONFIG_MISSING_CREDENTIAL",
      message: expect.stringContaining("MY_X_APP_SECRET"),
    });
    await expect(adapter.withWebhooks(async () => {})).rejects.toMatchObject({ code: "CONFIG_MISSING_CREDENTIAL" });
  });

  test.each<[object, RegExp]>([
    [{ appkey: "x" }, /no option `appkey` \(did you mean `appKey`\?\)/],
    [{ appSecret: 1 }, /`appSecret` of twitter\(\) must be a text/],
    [{ botUserId: "moe" }, /digits only/],
    [{ apiUrl: "api.x.com" }, /Write a URL/],
    [{ madeWithAi: "yes" }, /Write true or false/],
    [{ path: "webhook" }, /slash/],
    [{ timeout: "soon" }, /length of time/],
  ])("%j is refused", (options, message) => {
    expect(() => twitter(options as TwitterOptions)).toThrow(message);
  });
});

describe("check", () => {
  const now = Date.now;

  test("names what is not set", async () => {
    const findings = await listOf(twitter({ appKey: "key" }).check!({ url: "http://bot.example.com", now }));
    expect(findings.map(({ level, subject }) => [level, subject])).toEqual([
      ["error", "TWITTER_APP_SECRET"],
      ["error", "TWITTER_ACCESS_TOKEN"],
      ["error", "TWITTER_ACCESS_SECRET"],
      ["error", "HOBNOB_URL"],
    ]);
  });

  test("finds out whose the token is, and whether X knows the webhook", async () => {
    const adapter = twitter();
    await using stage = await openPlatforms({ adapters: [adapter], plugins: [pizza()] });
    const check = async (url: string, at = now) =>
      (await listOf(adapter.check!({ url, now: at }))).map(
        ({ level, subject, message }) => `${level} ${subject}: ${message}`,
      );
    const [address, ...good] = await check(stage.url);
    expect(address).toMatch(/^error HOBNOB_URL: X sends events to https addresses without a port only/);
    expect(good).toEqual([
      "ok TWITTER_ACCESS_TOKEN: It belongs to @moe.",
      expect.stringMatching(/^ok webhook: X sends the account's events to http/),
    ]);
    const other = await check("https://bot.example.com");
    expect(other.at(-1)).toMatch(/^error webhook: X does not know https:.*hobnob twitter register/);
    expect(await check("https://bot.example.com", () => Date.now() + 120_000)).toContainEqual(
      expect.stringMatching(/^warning clock: .*1[12]\d s/),
    );
  });

  test("says so when the credentials are wrong, without showing them", async () => {
    const adapter = twitter();
    await using stage = await openPlatforms({ adapters: [adapter], plugins: [pizza()] });
    const { sandbox, url } = stage;
    const given = sandbox.connect({ platform: "twitter", name: "twitter", webhook: `${url}/twitter/webhook` })!;
    const wrong = twitter({ ...given, accessSecret: "not the secret" } as TwitterOptions);
    const findings = await listOf(wrong.check!({ url: "https://bot.example.com", now }));
    expect(findings).toEqual([
      { level: "error", subject: "TWITTER_ACCESS_TOKEN", message: expect.stringContaining("HTTP 401") },
    ]);
    expect(JSON.stringify(findings)).not.toContain("not the secret");
  });
});
