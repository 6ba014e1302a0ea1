import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openFile } from "../../src/storage/sqlite/open.ts";
import { type FleetServer, SERVERS } from "./fleet-stage.ts";
import { createProject, type Project } from "./stage.ts";

/** A second plugin; `TOASTER=old` leaves the first one out of a process. */
const PLUGINS = `plugins: [
  ...(process.env.TOASTER === "old" ? [] : [toaster()]),
  definePlugin({
    name: "oven",
    setup(bot) { bot.hears("bake", (ctx) => ctx.reply("baked"), { pool: process.env.OVEN ?? "hot" }); },
  })(),
],`;

const json = (text: string) => JSON.parse(text) as never;
const audit = async (project: Project) => json((await project.hobnob(["audit", "--json"])).stdout) as Audit;
const count = (text: string, word: string) => text.split(word).length - 1;

interface Audit {
  readonly ok: boolean;
  readonly totals: Record<string, number>;
  readonly plugins: Record<string, Record<string, number>>;
}

describe.each(SERVERS)("a fleet on %s", (_, open) => {
  let server: FleetServer;
  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("one process takes the webhooks, workers run the handlers of their pools, and the operator sees all of it", async () => {
    using project = server.project(PLUGINS);
    const serve = await project.run("serve", ["--port", "0"]);
    const cold = await project.run("work", [
      "--pool",
      "default",
      "--pool",
      "defualt",
      "--concurrency",
      "3",
      "--port",
      "0",
    ]);
    expect((await fetch(`${cold.url}/ready`)).status).toBe(200);
    expect((await fetch(`${cold.url}/test`, { method: "POST", body: "{}" })).status).toBe(404);
    expect(await serve.hears("1", "toast")).toBe(200);
    expect(await serve.hears("1", "toast")).toBe(208);
    expect(await serve.hears("2", "bake")).toBe(200);
    await cold.said("sent toast");

    const { stdout } = await project.hobnob(["audit"]);
    expect(stdout).toMatch(/\nin flight, the oldest first:\n.*\n\S+ +waiting +0 +\d+ s +test +oven +hears:bake\n/);
    const listed = await project.hobnob(["nodes"]);
    expect(listed.stdout).toMatch(/^role .*\nserve +test .* - .*\nwork +test .* default, defualt .*\n$/);

    const hot = await project.run("work", ["--pool", "hot"]);
    await hot.said("sent baked");
    await vi.waitFor(async () => expect((await audit(project)).totals).toMatchObject({ inFlight: 0 }), 10_000);
    expect(await audit(project)).toMatchObject({
      ok: true,
      totals: { received: 2, done: 2, duplicates: 1 },
      plugins: { toaster: { received: 1, done: 1 }, oven: { done: 1 } },
    });
    const ended = await Promise.all([serve.stop(), cold.stop(), hot.stop()]);
    for (const { code, stderr } of ended) expect([code, stderr]).toEqual([0, expect.stringMatching(/Stopped\./)]);
    expect(ended[1].stderr).toMatch(
      /No handler has the pool `defualt` \(did you mean `default`\?\)\. There are: default, hot\./,
    );
    expect(ended[1].stderr).not.toMatch(/runs plugin/);
  });

  test("a worker that is stopped finishes what runs, and leaves the rest to the others", async () => {
    using project = server.project();
    const serve = await project.run("serve", ["--port", "0"]);
    const first = await project.run("work", ["--concurrency", "1"]);
    await serve.hears("1", "slowly");
    await first.said("begins");
    await serve.hears("2", "toast");
    first.process.kill("SIGTERM");
    await first.said("Stopping");
    project.write("finish", "");
    const { code, stdout } = await first.ended;
    expect([code, stdout]).toEqual([0, expect.stringMatching(/sent at last/)]);
    expect(stdout).not.toMatch(/sent toast/);
    const second = await project.run("work");
    await second.said("sent toast");
    await vi.waitFor(async () => expect((await audit(project)).totals).toMatchObject({ received: 2, done: 2 }), 10_000);
  });

  test("who takes webhooks answers what has come in before it stops", async () => {
    using project = server.project();
    const serve = await project.run("serve", ["--port", "0"]);
    const answered = new Promise<number | undefined>((resolve, reject) => {
      const req = request(`${serve.url}/test`, { method: "POST", headers: { expect: "100-continue" } });
      req.once("response", ({ statusCode }) => resolve(statusCode)).once("error", reject);
      // Now the server has the head of the request.
      req.once("continue", async () => {
        serve.process.kill("SIGTERM");
        await serve.said("Stopping");
        req.end('{"id":"1","text":"toast"}');
      });
      req.flushHeaders();
    });
    expect(await answered).toBe(200);
    expect(await serve.ended).toMatchObject({ code: 0 });
    expect(await audit(project)).toMatchObject({ ok: true, totals: { received: 1, inFlight: 1 } });
  });

  test("a worker that was frozen finds out that another has its job, and says nothing more", async () => {
    using project = server.project();
    const serve = await project.run("serve", ["--port", "0"]);
    const frozen = await project.run("work");
    await serve.hears("1", "slowly");
    await frozen.said("begins");
    frozen.process.kill("SIGSTOP");
    const other = await project.run("work");
    await other.said("begins");
    project.write("finish", "");
    await other.said("sent at last");
    frozen.process.kill("SIGCONT");
    await frozen.said("Another worker has this job");
    const ended = await Promise.all([frozen.stop(), other.stop()]);
    expect(ended.map(({ stdout }) => count(stdout, "sent"))).toEqual([0, 1]);
    expect(ended[0].stderr).not.toMatch(/"level":"error"|dead letter|runs again/);
    expect(await audit(project)).toMatchObject({ ok: true, totals: { done: 1, inFlight: 0 } });
  });

  test("processes with other plugins warn of each other once, and tell when that is over", async () => {
    using project = server.project(PLUGINS);
    const serve = await project.run("serve", ["--port", "0"]);
    const old = await project.run("work", [], { TOASTER: "old", OVEN: "warm" });
    await serve.said("has no plugin `toaster`, and this one has.");
    await serve.said("runs plugin `oven` differently. Deploy the same to all nodes.");
    await old.said("has a plugin `toaster`, and this one has not.");
    await old.stop();
    await serve.said("which differed, is gone.");
    const { stderr } = await serve.stop();
    expect(stderr).toMatch(new RegExp(`Node test@\\S+ \\(pid ${old.process.pid}, work\\) runs plugin`));
    expect(count(stderr, "Deploy the same")).toBe(2);
  });

  test("a handler that only others have is left to them, and dies when nobody has it", async () => {
    using project = server.project(PLUGINS);
    const serve = await project.run("serve", ["--port", "0"]);
    const old = await project.run("work", [], { TOASTER: "old" });
    await serve.hears("1", "toast");
    await old.said("Plugin `toaster` has no handler `hears:toast` here. Its jobs are left to others, such as test@");
    await serve.stop();
    await old.said("A job became a dead letter");
    expect(await audit(project)).toMatchObject({ ok: true, totals: { dead: 1 } });
    const [letter] = json((await project.hobnob(["dead", "list", "--json"])).stdout) as readonly { id: string }[];
    const fresh = await project.run("work");
    expect(await project.hobnob(["dead", "retry", letter!.id])).toMatchObject({ code: 0 });
    await fresh.said("sent toast");
    const { stderr } = await old.stop();
    expect(count(stderr, "Its jobs are left to others")).toBe(1);
  });
});

describe.concurrent("a storage for a single process", () => {
  test.each([["serve"], ["work"]])("is none for %s", async (command) => {
    using project = createProject();
    const { code, stdout, stderr } = await project.hobnob([command]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^error: `hobnob (serve|work)` shares its storage .* sqlite:data\/test\.db is for a single one\. Use Postgres or Redis .*\[STORAGE_NOT_SHARED\]\n$/,
    );
  });

  test("has no list of nodes", async () => {
    using project = createProject();
    openFile(join(project.folder, "data/test.db")).close();
    expect(await project.hobnob(["nodes"])).toMatchObject({
      code: 0,
      stdout: "sqlite:data/test.db is for a single process\n",
    });
  });

  test("is no help for serve and work without credentials either: they have no sandbox", async () => {
    using project = createProject('export default { ...parts, adapters: [adapter("test", ["TEST_TOKEN"])] };');
    for (const command of ["serve", "work"]) {
      const { code, stderr } = await project.hobnob([command]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/TEST_TOKEN \(adapter `test`\).*with hobnob (serve|work) there is no sandbox/);
    }
  });
});
