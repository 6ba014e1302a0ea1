import { chmodSync, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { openFile } from "../../src/storage/sqlite/open.ts";
import { createProject, type Project } from "./stage.ts";

/** Makes dead letters on a running bot: one for each text. */
async function die(project: Project, ...texts: readonly string[]) {
  project.write("broken", "");
  const bot = await project.start();
  for (const text of texts) {
    expect(await bot.hears(text, text)).toBe(200);
  }
  // The log tells of a death a moment before it is on disk.
  for (let id = 1; id <= texts.length; id++) await bot.said(`hobnob dead show ${id}`);
  const list = async () => json((await project.hobnob(["dead", "list", "--json"])).stdout);
  await vi.waitFor(async () => expect(await list()).toHaveLength(texts.length), 10_000);
  return bot;
}

const json = (text: string) => JSON.parse(text) as never;
const totals = async (project: Project) => {
  const { code, stdout } = await project.hobnob(["audit", "--json"]);
  return { code, ...(json(stdout) as { ok: boolean; totals: Record<string, number> }) };
};

describe.concurrent.each([["a running"], ["a stopped"]])("on %s bot", (state) => {
  const isRunning = state === "a running";

  async function stage(project: Project, ...texts: readonly string[]) {
    const bot = await die(project, ...texts);
    if (!isRunning) await bot.stop();
    return bot;
  }

  test("audit adds up, day by day and plugin by plugin", async () => {
    using project = createProject();
    const bot = await die(project, "toast");
    expect(await bot.hears("toast", "toast")).toBe(208);
    expect(await bot.hears("2", "nothing to hear")).toBe(200);
    if (!isRunning) await bot.stop();
    const { code, stdout, stderr } = await project.hobnob(["audit"]);
    expect(code).toBe(0);
    const rows = stdout.split("\n").map((line) => line.trim().split(/\s{2,}|\s(?=\d)/));
    expect(rows[1]!.slice(1)).toEqual(["test", "-", "1", "0", "1", "0", "0", "0", "0"]);
    expect(rows[2]!.slice(1)).toEqual(["test", "toaster", "1", "0", "0", "1", "0", "0", "1"]);
    expect(rows[3]).toEqual(["total", "2", "0", "1", "1", "0", "0", "1"]);
    expect(stdout).toMatch(/\nok: /);
    expect(stderr).toBe("");
    expect(await totals(project)).toMatchObject({ code: 0, ok: true, lines: { length: 2 }, doubts: [] });
  });

  test("dead list and show tell what died and why; only show holds the text", async () => {
    using project = createProject();
    await stage(project, "toast with jam");
    const list = await project.hobnob(["dead", "list"]);
    expect(list).toMatchObject({ code: 0, stderr: "" });
    expect(list.stdout).toMatch(/^id .*\n1 .* test +toaster +hears:toast +Error: the toaster is broken\n$/);
    const listed = await project.hobnob(["dead", "list", "--json"]);
    expect(json(listed.stdout)).toMatchObject([
      { id: "1", plugin: "toaster", attempts: 1, errors: [{ code: "Error" }] },
    ]);
    expect(listed.stdout).not.toMatch(/jam/);
    const shown = await project.hobnob(["dead", "show", "1"]);
    expect(shown.stdout).toMatch(
      /^id +1\nadapter +test\nplugin +toaster\n.*attempt 1 +Error: the toaster is broken\npayload\n.*"text": "toast with jam"/s,
    );
    const asJson = await project.hobnob(["dead", "show", "1", "--json"]);
    expect(json(asJson.stdout)).toMatchObject({ id: "1", payload: { event: { text: "toast with jam" } } });
  });

  test("dead retry passes the barrier against duplicates, and the answer comes", async () => {
    using project = createProject();
    let bot = await stage(project, "toast");
    rmSync(join(project.folder, "broken"));
    expect(await project.hobnob(["dead", "retry", "1"])).toMatchObject({ code: 0, stdout: "1 is back in the queue\n" });
    if (!isRunning) {
      expect((await project.hobnob(["jobs"])).stdout).toMatch(/^id .*\n1 +waiting +0 +test +toaster /);
      bot = await project.start();
    }
    await bot.said("sent toast");
    expect(await bot.hears("toast", "toast")).toBe(208);
    const { stdout } = await bot.stop();
    expect(stdout.match(/sent/g)).toHaveLength(1);
    expect(await totals(project)).toMatchObject({ ok: true, totals: { received: 1, done: 1, dead: 0 } });
  });

  test("dead edit gives a retry another payload", async () => {
    using project = createProject();
    let bot = await stage(project, "toast", "toast again");
    const { event } = json((await project.hobnob(["dead", "show", "1", "--payload"])).stdout) as { event: object };
    project.write("payload.json", JSON.stringify({ event: { ...event, text: "toast, mended" } }));
    expect((await project.hobnob(["dead", "edit", "1", "--file", "payload.json"])).code).toBe(0);
    const direct = JSON.stringify({ event: { ...event, text: "toast, at once" } });
    expect((await project.hobnob(["dead", "edit", "2", "--payload", direct])).code).toBe(0);
    rmSync(join(project.folder, "broken"));
    expect(await project.hobnob(["dead", "retry", "--all"])).toMatchObject({
      code: 0,
      stdout: "back in the queue: 2\n",
    });
    if (!isRunning) bot = await project.start();
    await bot.said("sent toast, mended");
    await bot.said("sent toast, at once");
    expect((await bot.stop()).code).toBe(0);
  });

  test("dead edit refuses what no handler could take, and keeps the message", async () => {
    using project = createProject();
    const bot = await stage(project, "toast");
    const shown = async (option: string) => (await project.hobnob(["dead", "show", "1", option])).stdout;
    const letter = await shown("--json");
    project.write("letter.json", letter);
    const { conversation } = (json(letter) as { payload: { event: { conversation: object } } }).payload.event;
    for (const [args, message] of [
      [["--file", "letter.json"], /This is a whole letter/],
      [["--payload", "{}"], /has no `event`/],
      [["--payload", "5"], /has no `event`/],
      [["--payload", '{"event":[]}'], /has no `event`/],
      [["--payload", JSON.stringify({ event: { conversation } })], /has no `event\.kind`/],
    ] as const) {
      const { code, stderr } = await project.hobnob(["dead", "edit", "1", ...args]);
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^error: .*`hobnob dead show 1 --payload` prints what --file takes\. .*\[USAGE\]\n$/);
    }
    expect(await shown("--json")).toBe(letter);
    const payload = await shown("--payload");
    project.write("payload.json", payload);
    expect(await project.hobnob(["dead", "edit", "1", "--file", "payload.json"])).toMatchObject({ code: 0 });
    expect(await shown("--payload")).toBe(payload);
    if (isRunning) await bot.stop();
  });

  test("dead discard ends one or all for good, and the audit counts them", async () => {
    using project = createProject();
    await stage(project, "toast", "toast 2", "toast 3");
    expect(await project.hobnob(["dead", "discard", "2"])).toMatchObject({ code: 0, stdout: "2 is discarded\n" });
    const refused = await project.hobnob(["dead", "discard", "--all"]);
    expect(refused.code).toBe(2);
    expect(await totals(project)).toMatchObject({ ok: true, totals: { dead: 2, discarded: 1 } });
    const all = await project.hobnob(["dead", "discard", "--all", "--yes"]);
    expect(all).toMatchObject({ code: 0, stdout: "discarded: 2\n" });
    expect((await project.hobnob(["dead", "list"])).stdout).toBe("no dead letters\n");
    expect(await totals(project)).toMatchObject({ ok: true, totals: { received: 3, dead: 0, discarded: 3 } });
  });

  test("a dead letter that is not there is an error in one line", async () => {
    using project = createProject();
    await stage(project, "toast");
    const calls = [
      ["show", "7"],
      ["retry", "7"],
      ["discard", "x"],
      ["edit", "7", "--payload", "{}"],
    ];
    for (const args of calls) {
      const { code, stdout, stderr } = await project.hobnob(["dead", ...args]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^error: There is no dead letter (7|x)\. .*\[DEAD_NOT_FOUND\]\n$/);
    }
  });
});

describe.concurrent("the operator's commands", () => {
  test("list what runs and what waits behind it", async () => {
    using project = createProject();
    const bot = await project.start();
    await bot.hears("1", "slowly");
    await bot.said("begins");
    await bot.hears("2", "slowly, too");
    const { stdout } = await project.hobnob(["jobs"]);
    expect(stdout).toMatch(/^id .*\n1 +running +1 +test .*\n2 +waiting +0 +test .*\n$/);
    expect(json((await project.hobnob(["jobs", "--json", "--limit", "1"])).stdout)).toMatchObject([
      { id: "1", state: "running" },
    ]);
    expect(await totals(project)).toMatchObject({ ok: true, totals: { received: 2, inFlight: 2 } });
    project.write("finish", "");
    await bot.stop();
  });

  test("tell of an audit what has no outcome yet, and sums by adapter and plugin", async () => {
    using project = createProject();
    const bot = await project.start();
    await bot.hears("1", "slowly");
    await bot.said("begins");
    await bot.hears("2", "slowly, too");
    await bot.hears("3", "nothing to hear");
    const { code, stdout } = await project.hobnob(["audit"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\nin flight, the oldest first:\nid .*\n1 +running +1 +\d+ s +test +toaster +hears:slowly\n2 +waiting +0 /,
    );
    const none = { received: 0, done: 0, ignored: 0, dead: 0, discarded: 0, inFlight: 0, duplicates: 0 };
    const flying = { ...none, received: 2, inFlight: 2 };
    expect(await totals(project)).toMatchObject({
      adapters: { test: { ...flying, received: 3, ignored: 1 } },
      plugins: { "": { ...none, received: 1, ignored: 1 }, toaster: flying },
      outcomes: { found: 0, notFound: 0, sentAgain: 0 },
      jobs: [{ id: "1", state: "running" }, { id: "2" }],
    });
    project.write("finish", "");
    await bot.stop();
  });

  test("work while a bot stops, and see what it waits for", async () => {
    using project = createProject();
    const bot = await project.start();
    await bot.hears("1", "slowly");
    await bot.said("begins");
    const ended = bot.stop();
    await bot.said("Waiting for running handlers, at most 20 s: 1 of toaster.");
    const { code, stdout } = await project.hobnob(["jobs"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/\n1 +running +1 +test /)]);
    expect(await totals(project)).toMatchObject({ ok: true, totals: { inFlight: 1 } });
    project.write("finish", "");
    expect(await ended).toMatchObject({ code: 0 });
    expect(await totals(project)).toMatchObject({ ok: true, totals: { done: 1 } });
  });

  test("are answered at every moment of a stop", async () => {
    using project = createProject();
    const bot = await project.start();
    await bot.hears("1", "slowly");
    await bot.said("begins");
    const ended = bot.stop();
    await bot.said("Waiting for running handlers");
    const asking = Array.from({ length: 6 }, async (_, n) => {
      await setTimeout(80 * n);
      return project.hobnob(["jobs", "--json"]);
    });
    await setTimeout(400);
    project.write("finish", "");
    for (const { code, stderr } of await Promise.all(asking)) {
      if (code !== 0) expect(stderr).toMatch(/^error: The bot ended while it was asked.*\[OPERATOR_GONE\]\n$/);
    }
    expect(await ended).toMatchObject({ code: 0 });
  });

  test("audit from a day on", async () => {
    using project = createProject();
    const bot = await die(project, "toast");
    await bot.stop();
    const db = new DatabaseSync(join(project.folder, "data/test.db"));
    db.exec(
      "INSERT INTO ledger (day, adapter, plugin, received, done, ignored, discarded, duplicates) VALUES ('2020-01-31', 'test', 'toaster', 9, 0, 9, 0, 0)",
    );
    db.exec(
      "INSERT INTO doubt (at, job, adapter, plugin, step, outcome) VALUES (0, '8', 'test', 'toaster', 'reply:1', 'sent again')",
    );
    db.close();
    const since = async (...args: string[]) => json((await project.hobnob(["audit", "--json", ...args])).stdout);
    expect(await since()).toMatchObject({ totals: { received: 10 }, doubts: { length: 1 } });
    expect(await since("--since", "2d")).toMatchObject({ totals: { received: 1, dead: 1 }, doubts: [] });
    expect(await since("--since", "2020-01-31")).toMatchObject({ totals: { received: 10 }, doubts: [] });
    expect(await since("--since", "2020-02-01")).toMatchObject({ since: "2020-02-01", totals: { received: 1 } });
    expect((await project.hobnob(["audit", "--since", "2d"])).stdout).toMatch(
      /\ndead letters: 1; `hobnob dead list` shows why\n/,
    );
  });

  test("say which line of the audit is wrong, and by how much", async () => {
    using project = createProject();
    const bot = await die(project, "toast");
    await bot.stop();
    const db = new DatabaseSync(join(project.folder, "data/test.db"));
    db.exec("UPDATE ledger SET received = received + 2");
    db.close();
    const { code, stdout } = await project.hobnob(["audit"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\nwrong: \d{4}-\d\d-\d\d test toaster: 2 received and accounted for nowhere\n$/);
    expect(await totals(project)).toMatchObject({ code: 1, ok: false });
  });

  test("show the posts that were maybe made twice", async () => {
    using project = createProject();
    openFile(join(project.folder, "data/test.db")).close();
    const db = new DatabaseSync(join(project.folder, "data/test.db"));
    db.exec(
      "INSERT INTO doubt (at, job, adapter, plugin, step, outcome) VALUES (0, '8', 'test', 'toaster', 'reply:1', 'sent again'), (0, '9', 'test', 'toaster', 'reply:1', 'found')",
    );
    db.close();
    const { code, stdout } = await project.hobnob(["audit"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /posts in doubt: 2, of these maybe sent twice: 1, found: 1, not found: 0\nat.*\n1970-01-01 00:00:00 +test +toaster +8 +reply:1\n/,
    );
  });

  test("work when the rest of the config is broken or has no credentials", async () => {
    using project = createProject(
      'export default { ...parts, adapters: [adapter("test", ["TEST_TOKEN"])], plugins: 5 };',
    );
    openFile(join(project.folder, "data/test.db")).close();
    for (const args of [["audit"], ["jobs"], ["dead", "list"]]) {
      expect(await project.hobnob(args, { NODE_ENV: "production" })).toMatchObject({ code: 0, stderr: "" });
    }
  });

  test("prove nothing about a file that is not there, and make none", async () => {
    using project = createProject();
    for (const args of [["audit"], ["jobs"], ["nodes"], ["dead", "list"], ["dead", "retry", "--all"]]) {
      const { code, stdout, stderr } = await project.hobnob(args);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(
        /^error: There is no \/.*data\/test\.db\. Run this in the bot's folder, .*\[STORAGE_MISSING\]\n$/,
      );
    }
    expect(readdirSync(project.folder)).not.toContain("data");
  });

  test("reach a bot that keeps everything in memory, and say so when none runs", async () => {
    using project = createProject(
      'import { memory } from "hobnob/storage/memory";\nexport default { ...parts, storage: memory() };',
    );
    const bot = await project.start();
    await bot.hears("1", "nothing to hear");
    expect(await totals(project)).toMatchObject({ ok: true, totals: { received: 1, ignored: 1 } });
    await bot.stop();
    const { code, stderr } = await project.hobnob(["audit"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: The storage is memory:.*\[OPERATOR_NO_BOT\]\n$/),
    ]);
  });

  test("reach a bot whose file has too long a path for a socket beside it", async () => {
    const file = `${"long/".repeat(25)}test.db`;
    using project = createProject(`export default { ...parts, storage: sqlite({ file: "${file}" }) };`);
    const bot = await project.start();
    expect(existsSync(join(project.folder, `${file}.sock`))).toBe(false);
    await bot.hears("1", "nothing to hear");
    expect(await totals(project)).toMatchObject({ ok: true, totals: { received: 1 } });
    expect((await bot.stop()).stderr).not.toMatch(/No socket/);
  });
});

describe.skipIf(process.platform === "win32")("the socket of a running bot", () => {
  test("is for its user alone, and goes with the bot", async () => {
    using project = createProject();
    const bot = await project.start();
    const socket = join(project.folder, "data/test.db.sock");
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    await bot.stop();
    expect(existsSync(socket)).toBe(false);
  });

  test("is made anew after a kill -9, and does not stand in the way until then", async () => {
    using project = createProject();
    const killed = await die(project, "toast");
    killed.process.kill("SIGKILL");
    expect(await killed.ended).toMatchObject({ signal: "SIGKILL" });
    expect(existsSync(join(project.folder, "data/test.db.sock"))).toBe(true);
    expect(await totals(project)).toMatchObject({ ok: true, totals: { dead: 1 } });
    const bot = await project.start();
    expect((await project.hobnob(["dead", "list"])).stdout).toMatch(/\n1 /);
    await bot.stop();
    expect(existsSync(join(project.folder, "data/test.db.sock"))).toBe(false);
  });

  test("that another program serves is left alone, and the bot starts with a warning", async () => {
    using project = createProject(
      `export default { ...parts, storage: sqlite({ file: "data/${"long-".repeat(22)}.db" }) };`,
    );
    // The place beside the file is too long, so there is one place only.
    const first = await project.start([], { TMPDIR: project.folder });
    const own = readdirSync(project.folder).find((name) => name.startsWith("hobnob-"))!;
    const socket = join(project.folder, own, readdirSync(join(project.folder, own))[0]!);
    await first.stop();
    await using other = createServer().listen(socket);
    await new Promise((resolve) => other.once("listening", resolve));
    const bot = await project.start([], { TMPDIR: project.folder });
    await bot.said("No socket for the operator's commands");
    await bot.stop();
    chmodSync(join(project.folder, own), 0o777);
    const exposed = await project.start([], { TMPDIR: project.folder });
    await exposed.said("No socket for the operator's commands");
    await exposed.stop();
  });
});
