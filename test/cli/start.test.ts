import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { createProject, launch, launcher, root } from "./stage.ts";

describe.concurrent("hobnob start", () => {
  test("with the repository's config and no credentials answers in the sandbox", async () => {
    using project = createProject();
    const bot = launch([launcher, "start", "--config", join(root, "plugins.config.ts")], project.folder, { PORT: "0" });
    await bot.said("Ctrl+C stops it.");
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(bot.output())![0];
    expect(bot.output()).toMatch(/slack +→ sandbox: SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET are not set\n/);
    expect(bot.output()).toMatch(/storage +sqlite:data\/hobnob\.db\n +plugins +pizza, ping\b/);
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    expect((await fetch(url)).status).toBe(200);
    expect(await (await fetch(`${url}/slack/ping-api`)).text()).toBe("pong from ask-api");
    const said = await fetch(`${url}/sandbox/slack/say`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: "where is my pizza?", user: "ada", conversation: "general" }),
    });
    const { id } = (await said.json()) as { id: string };
    const messages = `${url}/sandbox/slack/messages?conversation=general&thread=${id}`;
    const answered = expect.objectContaining({ text: "Pizza is on the way!" });
    await vi.waitFor(async () => expect(await (await fetch(messages)).json()).toContainEqual(answered), 10_000);
    bot.process.kill("SIGINT");
    expect(await bot.ended).toMatchObject({ code: 0, signal: null });
    expect((await bot.ended).stderr).not.toMatch(/pizza\?|on the way/);
  });

  test("with the repository's config and no sandbox names everything that is not set", async () => {
    using project = createProject();
    const args = ["start", "--no-sandbox", "--port", "0", "--config", join(root, "plugins.config.ts")];
    const { code, stdout, stderr } = await project.hobnob(args);
    expect([code, stdout]).toEqual([1, ""]);
    const named = Array.from(stderr.matchAll(/([A-Z_]+ \((?:adapter|plugin) `[\w-]+`\))/g), ([name]) => name);
    const missing = {
      "adapter `slack`": ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"],
      "adapter `twist`": ["TWIST_TOKEN", "TWIST_VERIFY_TOKEN"],
      "adapter `twitter`": ["TWITTER_APP_KEY", "TWITTER_APP_SECRET", "TWITTER_ACCESS_TOKEN", "TWITTER_ACCESS_SECRET"],
      "adapter `livechat`": ["LIVECHAT_CLIENT_ID", "LIVECHAT_CLIENT_SECRET", "LIVECHAT_WEBHOOK_SECRET"],
      "adapter `twilio`": ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"],
      "plugin `ask-api`": ["ASK_API_URL"],
      "plugin `zendesk-sync`": ["ZENDESK_SUBDOMAIN", "ZENDESK_OAUTH_TOKEN", "ZENDESK_WEBHOOK_SECRET"],
    };
    expect(named).toEqual(Object.entries(missing).flatMap(([of, names]) => names.map((name) => `${name} (${of})`)));
  });

  test("tells of each real adapter where its webhook is", async () => {
    using project = createProject('export default { ...parts, server: { url: "https://bot.example.com" } };');
    const bot = await project.start();
    const { stdout } = await bot.stop();
    expect(stdout).toMatch(/test +→ test, webhook https:\/\/bot\.example\.com\/test\n/);
  });

  test("keeps stdout for the banner and logs JSON lines on stderr", async () => {
    using project = createProject();
    const { stdout, stderr } = await (await project.start()).stop();
    expect(stdout.trim().split("\n").at(-1)).toMatch(/Ctrl\+C stops it\./);
    const lines = stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { level: "info", signal: "SIGTERM" },
      { level: "info", msg: "Stopped." },
    ]);
  });

  test("goes on when nobody reads its stdout any more", async () => {
    using project = createProject();
    const bot = await project.start();
    bot.process.stdout!.destroy();
    for (const id of ["1", "2", "3"]) expect(await bot.hears(id, "toast")).toBe(200);
    await vi.waitFor(async () => {
      const { stdout } = await project.hobnob(["audit", "--json"]);
      expect(JSON.parse(stdout)).toMatchObject({ totals: { done: 3 } });
    }, 10_000);
    bot.process.kill("SIGTERM");
    expect(await bot.ended).toMatchObject({ code: 0, signal: null, stderr: expect.stringMatching(/Stopped/) });
  });

  test("on SIGTERM lets a running handler end and exits 0", async () => {
    using project = createProject();
    const bot = await project.start();
    await bot.hears("1", "slowly");
    await bot.said("begins");
    const ended = bot.stop();
    await bot.said("Stopping");
    expect(await bot.hears("2", "toast")).toBe(503);
    project.write("finish", "");
    expect(await ended).toMatchObject({ code: 0, signal: null, stdout: expect.stringMatching(/sent at last/) });
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends at once on a second %s, and loses nothing", async (signal, expected) => {
    using project = createProject();
    const bot = await project.start();
    await bot.hears("1", "slowly");
    await bot.said("begins");
    const timer = setInterval(() => bot.process.kill(signal), 50);
    expect((await bot.ended).code).toBe(expected);
    clearInterval(timer);
    project.write("finish", "");
    const again = await project.start();
    await again.said("sent at last");
    expect((await again.stop()).code).toBe(0);
  });

  test("takes a signal that comes twice in a blink, as through npm, for one", async () => {
    using project = createProject();
    const bot = await project.start();
    await bot.hears("1", "slowly");
    await bot.said("begins");
    bot.process.kill("SIGINT");
    await bot.said("Stopping");
    bot.process.kill("SIGINT");
    project.write("finish", "");
    expect(await bot.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/sent at last/) });
  });

  test("ends with 1 on a rejection that nobody caught, and the job is still there", async () => {
    using project = createProject();
    const bot = await project.start();
    await bot.hears("1", "reject").catch(() => {});
    const { code, stderr } = await bot.ended;
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({
      level: "error",
      code: "Error",
      msg: expect.stringMatching(/nobody waits for me/),
    });
    expect((await project.hobnob(["jobs"])).stdout).toMatch(/\n1 +waiting +1 +test /);
    expect((await project.hobnob(["audit"])).code).toBe(0);
  });

  test("does not hang on what a plugin left running", async () => {
    using project = createProject("setInterval(() => {}, 1000);\nexport default parts;");
    expect((await (await project.start()).stop()).code).toBe(0);
    const failed = createProject(
      'setInterval(() => {}, 1000);\nexport default { ...parts, adapters: [adapter("test", ["X"])] };',
    );
    expect((await failed.hobnob(["start", "--port", "0"])).code).toBe(1);
    failed[Symbol.dispose]();
  });
});
