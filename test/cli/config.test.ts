import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { openFile } from "../../src/storage/sqlite/open.ts";
import { createProject, launch, launcher, root } from "./stage.ts";

const start = ["start", "--port", "0", "--no-sandbox"];

describe.concurrent("a config that is not right is refused in one line", () => {
  test.each([
    [
      "an unknown key",
      "export default { ...parts, plugin: [] };",
      /Unknown key `plugin` in the config \(did you mean `plugins`\?\)\. \[CONFIG_INVALID\]/,
    ],
    [
      "a wrong type",
      'export default { ...parts, plugins: "toaster" };',
      /`plugins` in the config must be a list.*\[CONFIG_INVALID\]/,
    ],
    [
      "a plugin listed twice",
      "export default { ...parts, plugins: [toaster(), toaster()] };",
      /`toaster` is listed twice under `plugins`.*\[CONFIG_DUPLICATE\]/,
    ],
    [
      "an adapter listed twice",
      "export default { ...parts, adapters: [adapter(), adapter()] };",
      /`test` is listed twice under `adapters`.*\[CONFIG_DUPLICATE\]/,
    ],
    ["no default export", "", /default export is not an object.*\[CONFIG_INVALID\]/],
    [
      "a syntax error",
      "\nexport default { name: ;",
      /plugins\.config\.ts:\d+.* is not valid: .*Mend the syntax there\. \[CONFIG_FAILED\]/,
    ],
    [
      "a thrown error",
      'throw new Error("no moon");',
      /plugins\.config\.ts:\d+:\d+ failed: no moon\. Mend it there\. \[CONFIG_FAILED\]/,
    ],
    [
      "a missing package",
      'import "no-such-package";',
      /Cannot find package 'no-such-package'.*install the package\. \[CONFIG_IMPORT\]/,
    ],
    [
      "an unknown adapter of Hobnob's",
      'import "hobnob/adapters/slakc";',
      /plugins\.config\.ts.*slakc.*Check the import.*\[CONFIG_IMPORT\]/,
    ],
    [
      "a port that is none",
      "export default { ...parts, server: { port: 70000 } };",
      /`server\.port` in the config is 70000\. Use a whole number from 0 to 65535\. \[CONFIG_INVALID\]/,
    ],
    [
      "an unknown key of the server",
      "export default { ...parts, server: { prot: 1 } };",
      /Unknown key `server\.prot` in the config \(did you mean `port`\?\)/,
    ],
    [
      "a public address that is none",
      'export default { ...parts, server: { url: "bot.example.com" } };',
      /`server\.url` in the config is "bot\.example\.com"/,
    ],
    [
      "a missing credential",
      'export default { ...parts, adapters: [adapter("test", ["TEST_TOKEN", "TEST_SECRET"])] };',
      /Not set: TEST_TOKEN \(adapter `test`\), TEST_SECRET \(adapter `test`\)\. .*--no-sandbox.*\[CONFIG_MISSING_CREDENTIAL\]/,
    ],
  ])("%s", async (_, config, message) => {
    using project = createProject(config);
    const { code, stdout, stderr } = await project.hobnob(start);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.trim().split("\n")).toEqual([expect.stringMatching(message)]);
    expect(stderr).toMatch(/^error: .*(plugins\.config\.ts|Not set|server\.)/);
  });

  test("a missing credential, in production", async () => {
    using project = createProject('export default { ...parts, adapters: [adapter("test", ["TEST_TOKEN"])] };');
    const { code, stderr } = await project.hobnob(["start"], { NODE_ENV: "production" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/TEST_TOKEN \(adapter `test`\).*NODE_ENV=production/);
  });

  test("a missing credential of a platform without a simulator", async () => {
    using project = createProject('export default { ...parts, adapters: [adapter("test", ["TEST_TOKEN"])] };');
    const { code, stderr } = await project.hobnob(["start", "--port", "0"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: The adapter `test`: TEST_TOKEN.*no simulator of test.*\[CONFIG_MISSING_CREDENTIAL\]\n$/,
    );
  });

  test("no file", async () => {
    using project = createProject();
    rmSync(join(project.folder, "plugins.config.ts"));
    expect((await project.hobnob(start)).stderr).toMatch(
      /^error: There is no plugins\.config\.ts in .*--config\. \[CONFIG_NOT_FOUND\]\n$/,
    );
    const named = await project.hobnob([...start, "--config", "other.ts"]);
    expect([named.code, named.stderr]).toEqual([1, expect.stringMatching(/^error: There is no file other\.ts/)]);
  });

  test("a folder in the file's place", async () => {
    using project = createProject();
    mkdirSync(join(project.folder, "folder.ts"));
    const { code, stderr } = await project.hobnob([...start, "--config", "folder.ts"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: folder\.ts is not a file.*\[CONFIG_UNREADABLE\]\n$/),
    ]);
  });

  test("a folder elsewhere in the file's place, by its whole name", async () => {
    using project = createProject();
    const { code, stderr } = await project.hobnob([...start, "--config", "/"]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: \/ is not a file.*\[CONFIG_UNREADABLE\]\n$/)]);
  });

  test("one that never settles", async () => {
    using project = createProject("await new Promise(() => {});\nexport default parts;");
    const { code, stderr } = await project.hobnob(start);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: plugins\.config\.ts: It waits at its top level .*\[CONFIG_STUCK\]\n$/),
    ]);
  });

  test("a level of the log that is none", async () => {
    using project = createProject();
    const { code, stderr } = await project.hobnob(start, { HOBNOB_LOG_LEVEL: "inof" });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: HOBNOB_LOG_LEVEL is "inof" \(did you mean `info`\?\)/),
    ]);
  });

  test("shows the stack when it is asked to", async () => {
    using project = createProject('throw new Error("no moon");');
    expect((await project.hobnob(start, { HOBNOB_LOG_LEVEL: "debug" })).stderr).toMatch(/^ +at /m);
  });
});

describe.concurrent("a bot that cannot have what it needs", () => {
  test("names the port that is in use", async () => {
    await using server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    using project = createProject(`export default { ...parts, server: { host: "127.0.0.1", port: ${port} } };`);
    const { code, stderr } = await project.hobnob(["start"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^error: Port ${port} is in use.*\\[PORT_IN_USE\\]\\n$`)),
    ]);
  });

  test("tells a second process who holds the file", async () => {
    using project = createProject();
    const bot = await project.start();
    const { code, stderr } = await project.hobnob(["start", "--port", "0"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^error: data/test\\.db is in use by process ${bot.process.pid} on .*\\[STORAGE_LOCKED\\]\\n$`),
    );
    expect(await bot.hears("1", "toast")).toBe(200);
    expect((await bot.stop()).code).toBe(0);
  });

  test("leaves a file of a newer Hobnob alone", async () => {
    using project = createProject();
    openFile(join(project.folder, "data/test.db")).close();
    const db = new DatabaseSync(join(project.folder, "data/test.db"));
    db.exec("PRAGMA user_version = 999");
    db.close();
    for (const args of [start, ["audit"]]) {
      const { code, stderr } = await project.hobnob(args);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/^error: data\/test\.db was written by a newer Hobnob.*\[STORAGE_NEWER\]\n$/),
      ]);
    }
  });

  test("leaves another program's file alone", async () => {
    using project = createProject();
    mkdirSync(join(project.folder, "data"));
    writeFileSync(join(project.folder, "data/test.db"), "Dear diary, ".repeat(100));
    const { code, stderr } = await project.hobnob(start);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: data\/test\.db is not a SQLite file.*\[STORAGE_FOREIGN\]\n$/),
    ]);
  });
});

test("what `server` leaves out comes from the environment", async () => {
  using project = createProject();
  const { code, stderr } = await project.hobnob(start, { PORT: "http" });
  expect([code, stderr]).toEqual([1, expect.stringMatching(/`server\.port` .* is NaN \(PORT is "http"\)/)]);
  const url = await project.hobnob(start, { HOBNOB_URL: "bot.example.com" });
  expect(url.stderr).toMatch(/`server\.url` in the config is "bot\.example\.com"/);
});

test("a package without modules is told how to have them", async () => {
  using project = createProject();
  project.write("package.json", '{ "type": "commonjs" }');
  const { code, stderr } = await project.hobnob(start);
  expect(code).toBe(1);
  // Node has warned of it before.
  expect(stderr).toMatch(
    /^error: plugins\.config\.ts is taken for CommonJS\. Put "type": "module" into .* \[CONFIG_FAILED\]$/m,
  );
});

describe.concurrent("the config of this repository", () => {
  const config = ["--config", join(root, "plugins.config.ts")];

  test.each([
    [
      { HOBNOB_STORAGE: "mysql://moe:hunter2@db/moe" },
      /HOBNOB_STORAGE is mysql:\. Use sqlite:<file>, .* or memory: instead\. \[CONFIG_STORAGE\]/,
    ],
    [{ HOBNOB_STORAGE: "hobnob.db" }, /HOBNOB_STORAGE is a text without a scheme/],
    [{ PORT: "http" }, /`server\.port` in the config is NaN \(PORT is "http"\)/],
    [{ SLACK_API_URL: "slack" }, /`apiUrl` of slack\(\) is "slack"/],
    [{}, /Not set: SLACK_BOT_TOKEN \(adapter `slack`\), SLACK_SIGNING_SECRET \(adapter `slack`\)/],
  ])("refuses %j", async (env, message) => {
    using project = createProject();
    const { code, stderr } = await launch([launcher, "start", "--no-sandbox", ...config], project.folder, env).ended;
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toEqual([expect.stringMatching(message)]);
    expect(stderr).not.toMatch(/hunter2/);
  });

  test("reads .env, and what is set in the environment wins", async () => {
    using project = createProject();
    project.write(".env", "PORT=from-file # a note\nHOBNOB_STORAGE=memory:\n");
    const run = (env: NodeJS.ProcessEnv) => launch([launcher, "start", ...config], project.folder, env).ended;
    expect((await run({})).stderr).toMatch(/PORT is "from-file"/);
    expect((await run({ PORT: "from-shell" })).stderr).toMatch(/PORT is "from-shell"/);
  });

  test("names in .env.example every variable it reads", () => {
    const read = readFileSync(join(root, "plugins.config.ts"), "utf8")
      .match(/env\.[A-Z_]+/g)!
      .map((name) => name.slice(4));
    const listed = readFileSync(join(root, ".env.example"), "utf8").match(/^[A-Z_]+(?==)/gm);
    expect(read.filter((name) => !listed!.includes(name))).toEqual([]);
  });
});
