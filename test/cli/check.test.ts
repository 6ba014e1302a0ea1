import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { checkAdapter } from "../../src/cli/check-adapter.ts";
import { checkReach } from "../../src/cli/check-reach.ts";
import type { Adapter, Finding } from "../../src/core/index.ts";
import { openFile } from "../../src/storage/sqlite/open.ts";
import { createProject } from "./stage.ts";

/** A bot whose only adapter finds what this JavaScript yields. */
const withCheck = (body: string, more = "") =>
  createProject(
    `export default defineConfig({ ...parts, adapters: [{ ...adapter(), async *check() { ${body} } }], server: { url: process.env.BOT_URL ?? "" } ${more} });`,
  );

const GOOD = 'yield { level: "ok", subject: "TEST_TOKEN", message: "It belongs to @moe." };';

describe.concurrent("hobnob check", () => {
  test("tells what is fine, what to look at and what is wrong, and exits with 1 when something is wrong", async () => {
    using project = withCheck(`
      ${GOOD}
      yield { level: "warning", subject: "clock", message: "It is 70 s late." };
      yield { level: "error", subject: "TEST_SECRET", message: "It is the client secret." };
    `);
    const { code, stdout, stderr } = await project.hobnob(["check"]);
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout.split("\n")).toEqual([
      "hobnob",
      expect.stringMatching(/^ {2}✓ Node: 2\d\.\d+\.\d+\.$/),
      "  ✓ config: 1 adapter, 1 plugin.",
      expect.stringMatching(/^ {2}✓ storage: There is no \/.*data\/test\.db yet; the first start makes it\.$/),
      expect.stringMatching(/^ {2}! HOBNOB_URL: Not set\. /),
      "",
      "test",
      "  ✓ TEST_TOKEN: It belongs to @moe.",
      "  ! clock: It is 70 s late.",
      "  ✗ TEST_SECRET: It is the client secret.",
      "",
      "1 wrong, 2 to look at, 4 fine.",
      "",
    ]);
  });

  test("warnings are no failure", async () => {
    using project = withCheck(GOOD);
    expect(await project.hobnob(["check"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/1 to look at, 4 fine\./),
    });
  });

  test("looks at plugins' services too, and needs what these need", async () => {
    const service = (missing: string) =>
      `service: { platform: "desk", missing: () => [${missing}], async *check() { yield { level: "error", subject: "DESK_URL", message: "It is down." }; } }`;
    const desk = (name: string, missing: string) =>
      `definePlugin({ name: "${name}", ${service(missing)}, setup() {} })()`;
    using project = withCheck(GOOD, `, plugins: [${desk("desk", "")}, ${desk("other", '"OTHER_URL"')}]`);
    const { code, stdout } = await project.hobnob(["check"]);
    expect(stdout).toContain("\ndesk\n  ✗ DESK_URL: It is down.\n");
    expect(stdout).toContain("\nother\n  ✗ OTHER_URL: Not set, so it runs in the sandbox only.\n");
    expect(code).toBe(1);
    expect((await project.hobnob(["check", "--adapter", "test"])).stdout).not.toContain("desk");
  });

  test("asks a running bot's public address, and sees that its storage is in use", async () => {
    using project = withCheck(GOOD);
    const bot = await project.start();
    const { code, stdout } = await project.hobnob(["check"], { BOT_URL: bot.url });
    expect(stdout).toMatch(/✓ storage: sqlite:data\/test\.db is in use by a running bot\./);
    expect(stdout).toMatch(/! HOBNOB_URL: .* is this machine, which platforms cannot reach\. Open a tunnel/);
    expect(stdout).toMatch(/✓ HOBNOB_URL: The bot answers at http:\/\/127\.0\.0\.1:\d+\./);
    expect(code).toBe(0);
  });

  test("names the variables that are missing, and the page that tells where they come from", async () => {
    using project = createProject(
      'export default defineConfig({ ...parts, adapters: [adapter("test", ["TEST_TOKEN", "TEST_SECRET"])] });',
    );
    const { code, stdout } = await project.hobnob(["check"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ TEST_TOKEN, TEST_SECRET: Not set, .* docs\/platforms\/test\.md tells/);
  });

  test("one adapter alone, as JSON", async () => {
    using project = withCheck(GOOD);
    const { code, stdout } = await project.hobnob(["check", "--adapter", "test", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      findings: [{ about: "test", level: "ok", subject: "TEST_TOKEN", message: "It belongs to @moe." }],
    });
  });

  test("a secret of the environment is not shown, whoever tells it", async () => {
    using project = withCheck('throw new Error("401 for Bearer xoxb-1234567890");');
    const { stdout, stderr } = await project.hobnob(["check", "--json"], { SLACK_BOT_TOKEN: "xoxb-1234567890" });
    expect(stdout).toContain("It could not be checked: 401 for Bearer <SLACK_BOT_TOKEN>");
    expect(stdout + stderr).not.toContain("xoxb-1234567890");
  });

  test.each([
    ["nothing", /✗ HOBNOB_SECRET: Not set, and tokens of installations \(test\) are stored under it/],
    ["short", /✗ HOBNOB_SECRET: It is too short/],
    ["a text that is long enough", /✓ HOBNOB_SECRET: It is long enough/],
  ])("with %j as the secret of an adapter that people install", async (secret, expected) => {
    const given = secret === "nothing" ? "undefined" : JSON.stringify(secret);
    using project = createProject(
      `export default defineConfig({ ...parts, adapters: [{ ...adapter(), paths: ["/test", "/test/install"] }], secret: ${given} });`,
    );
    expect((await project.hobnob(["check"])).stdout).toMatch(expected);
  });

  test("a config that does not load is a finding", async () => {
    using project = createProject("export default defineConfig({ ...parts, adaptors: [] });");
    const { code, stdout } = await project.hobnob(["check"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ config: plugins\.config\.ts: Unknown key `adaptors`/);
  });

  test("a storage that is there is tried, and one that is not is not made", async () => {
    using project = withCheck(GOOD);
    await project.hobnob(["check"]);
    expect(existsSync(join(project.folder, "data"))).toBe(false);
    openFile(join(project.folder, "data/test.db")).close();
    expect((await project.hobnob(["check"])).stdout).toContain("✓ storage: sqlite:data/test.db can be written to.\n");
  });

  test("a storage whose file could not be made is a finding", async () => {
    using project = withCheck(GOOD);
    project.write("data", "in the way");
    const { code, stdout } = await project.hobnob(["check"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /✗ storage: There is no \/.*data\/test\.db, and \/.*data is no folder that this user may write to\./,
    );
  });

  test("a storage that cannot be opened is a finding", async () => {
    using project = withCheck(GOOD);
    project.write("data/test.db", "this is no database, and long enough to be sure of it".repeat(20));
    const { code, stdout } = await project.hobnob(["check"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ storage: /);
  });

  test.each([
    ["https://bot.example.com:8443/", /! HOBNOB_URL: .* has a port/],
    ["http://no-such-host.invalid", /✗ HOBNOB_URL: .* is not encrypted.*https/],
    ["http://no-such-host.invalid/bot", /! HOBNOB_URL: .* has a path/],
    [
      "https://no-such-host.invalid",
      /✗ HOBNOB_URL: (There is no host no-such-host\.invalid|The name .* could not be looked up)/,
    ],
  ])("the address %s", async (url, expected) => {
    using project = withCheck(GOOD);
    expect((await project.hobnob(["check"], { BOT_URL: url })).stdout).toMatch(expected);
  });

  test("an adapter that is not there is wrong usage", async () => {
    using project = withCheck(GOOD);
    const { code, stdout, stderr } = await project.hobnob(["check", "--adapter", "tset"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/No adapter of the config is named `tset` \(did you mean `test`\?\)/);
  });

  test("--help tells options, exit codes and an example", async () => {
    using project = createProject();
    const { stdout } = await project.hobnob(["check", "--help"]);
    expect(stdout).toMatch(
      /^Usage: hobnob check[\s\S]*^Options:[\s\S]*--config FILE[\s\S]*^Exit codes: 0[\s\S]*^Example: /m,
    );
  });
});

describe("an adapter's check", () => {
  const adapter = (check?: () => AsyncIterable<Finding>) =>
    ({ name: "test", platform: "test", missing: [], ...(check && { check }) }) as unknown as Adapter;

  test("that hangs is a finding, beside what was found before", async () => {
    const hangs = adapter(async function* () {
      yield { level: "ok", subject: "TEST_TOKEN", message: "It is set." };
      await new Promise(() => {});
    });
    expect(await checkAdapter(hangs, { url: undefined, timeout: 10 })).toEqual([
      { level: "ok", subject: "TEST_TOKEN", message: "It is set." },
      { level: "error", subject: "test", message: expect.stringMatching(/^It had no answer within/) },
    ]);
  });

  test("that throws is a finding", async () => {
    const throws = adapter(() => {
      throw new Error("It broke.");
    });
    expect(await checkAdapter(throws, { url: undefined })).toEqual([
      { level: "error", subject: "test", message: "It could not be checked: It broke." },
    ]);
  });

  test("that does not exist is said", async () => {
    expect(await checkAdapter(adapter(), { url: undefined })).toMatchObject([{ level: "ok" }]);
  });
});

describe("the public address", () => {
  async function serve(status: number, body: string): Promise<string> {
    const server = createServer((_, response) => void response.writeHead(status, { location: "/there" }).end(body));
    onTestFinished(() => void server.close());
    await once(server.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test("of something else is told apart from the bot's", async () => {
    expect(await checkReach(await serve(200, '{"status":"ok"}'), true)).toMatchObject({ level: "ok" });
    expect(await checkReach(await serve(200, "<h1>Welcome</h1>"), true)).toEqual({
      level: "error",
      message: expect.stringMatching(/^Something else than the bot answers/),
    });
  });

  test("that answers with an error is a matter of whether a bot runs", async () => {
    const url = await serve(502, "Bad Gateway");
    expect(await checkReach(url, true)).toMatchObject({
      level: "error",
      message: expect.stringMatching(/HTTP 502\. The bot runs/),
    });
    expect(await checkReach(url, false)).toMatchObject({
      level: "warning",
      message: expect.stringMatching(/start it/),
    });
  });

  test("that leads elsewhere is said", async () => {
    expect(await checkReach(await serve(301, ""), true)).toMatchObject({
      message: expect.stringMatching(/leads elsewhere/),
    });
  });

  test("where nobody listens is said", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const found = await checkReach(`http://127.0.0.1:${port}`, true);
    expect(found.message).toMatch(/^Nothing listens at 127\.0\.0\.1:/);
  });

  test("that does not speak https is said", async () => {
    const url = (await serve(200, "")).replace("http:", "https:");
    expect(await checkReach(url, true)).toMatchObject({ message: expect.stringMatching(/does not speak https/) });
  });
});
