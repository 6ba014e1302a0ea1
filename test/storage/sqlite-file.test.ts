import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "../../src/core/index.ts";
import { sqlite } from "../../src/storage/sqlite/index.ts";
import { openFile } from "../../src/storage/sqlite/open.ts";
import { migrate, SCHEMA_VERSION } from "../../src/storage/sqlite/schema.ts";
import { createFakeClock } from "../../src/testing/clock.ts";
import { dead, entry, eventually, job, openDesk, START, turn } from "./desk.ts";
import { openFileStage } from "./file-stage.ts";

let folder: string;
let count = 0;
const fresh = () => join(folder, `${++count}.db`);
const host = () => ({ clock: createFakeClock(START), log: silentLog });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hobnob-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the folder of a new file is made", async () => {
  const storage = sqlite({ file: join(folder, "a", "b", "bot.db") });
  await storage.open(host());
  await storage.ping();
  await storage.close();
});

test("a second process is told who holds the file, and gets it after the end of the first", async () => {
  const file = fresh();
  const source = new URL("../../src/storage/sqlite/index.ts", import.meta.url).href;
  const core = new URL("../../src/core/index.ts", import.meta.url).href;
  const program = `
    import { sqlite } from ${JSON.stringify(source)};
    import { silentLog, systemClock } from ${JSON.stringify(core)};
    const storage = sqlite({ file: ${JSON.stringify(file)} });
    await storage.open({ clock: systemClock, log: silentLog });
    console.log("open");`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  try {
    await once(child.stdout, "data");
    const storage = sqlite({ file });
    await expect(storage.open(host())).rejects.toMatchObject({
      code: "STORAGE_LOCKED",
      message: expect.stringContaining(`process ${child.pid} on `),
    });
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
  const storage = sqlite({ file });
  await storage.open(host());
  await storage.close();
});

test("a second storage on the same file in one process is refused too", async () => {
  await using stage = await openFileStage();
  await expect(sqlite({ file: stage.file }).open(host())).rejects.toMatchObject({
    code: "STORAGE_LOCKED",
    message: expect.stringContaining(`process ${process.pid}`),
  });
  await stage.storage.add(entry(job("x")));
});

test("an older file is brought up to date with what is in it", async () => {
  const file = fresh();
  const db = new DatabaseSync(file);
  migrate(db, 1);
  db.exec("INSERT INTO value (key, value) VALUES ('k', 'old')");
  db.close();
  const storage = sqlite({ file });
  await storage.open(host());
  expect(await storage.values.get("k")).toBe("old");
  await storage.saveDoubt({ at: 1, job: "1", adapter: "a", plugin: "p", step: "s", outcome: "found" });
  expect(await storage.doubts(1)).toHaveLength(1);
  await storage.close();
});

test("a newer file is refused and left as it is", async () => {
  const file = fresh();
  const db = new DatabaseSync(file);
  migrate(db);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  const before = await readFile(file);
  await expect(sqlite({ file }).open(host())).rejects.toMatchObject({ code: "STORAGE_NEWER" });
  expect(await readFile(file)).toEqual(before);
});

test("another program's SQLite file is refused and left as it is", async () => {
  const file = fresh();
  const db = new DatabaseSync(file);
  db.exec("CREATE TABLE books (title TEXT); INSERT INTO books VALUES ('Dune')");
  db.close();
  const before = await readFile(file);
  await expect(sqlite({ file }).open(host())).rejects.toMatchObject({ code: "STORAGE_FOREIGN" });
  expect(await readFile(file)).toEqual(before);
});

test("a file that is not SQLite's is refused and left as it is", async () => {
  const file = fresh();
  await writeFile(file, "Dear diary, ".repeat(100));
  await expect(sqlite({ file }).open(host())).rejects.toMatchObject({ code: "STORAGE_FOREIGN" });
  expect(await readFile(file, "utf8")).toBe("Dear diary, ".repeat(100));
});

test("a file that cannot be opened says why", async () => {
  await writeFile(join(folder, "plain"), "");
  const inFile = sqlite({ file: join(folder, "plain", "bot.db") });
  await expect(inFile.open(host())).rejects.toMatchObject({ code: "STORAGE_OPEN" });
  await expect(sqlite({ file: folder }).open(host())).rejects.toMatchObject({ code: "STORAGE_OPEN" });
});

test("a commit ends in a log that is synced by the writer, and by SQLite before it is written to the database", () => {
  const { db, wal, close } = openFile(fresh());
  expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  expect(db.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 1 });
  wal!.syncNow();
  close();
});

test("what has ended leaves no rows behind", async () => {
  await using stage = await openFileStage();
  const desk = openDesk(stage.storage);
  for (const name of ["done", "discarded", "released"]) {
    await stage.storage.add(entry(job(name)));
    await stage.storage.saveStep(await desk.take(name), "reply:0", { id: "1" });
  }
  desk.end("done");
  desk.end("discarded", dead());
  desk.end("released", { kind: "release" });
  await eventually("it runs again", () => desk.begun.length === 4);
  await desk.take("released");
  desk.end("released");
  await eventually("all have ended", () => stage.storage.pending() === 0);
  await stage.storage.dead.discard((await stage.storage.dead.list(1))[0]!.id);
  await stage.storage.close();
  const db = new DatabaseSync(stage.file);
  for (const table of ["job", "step", "dead"]) {
    expect(db.prepare(`SELECT count(*) AS rows FROM ${table}`).get(), table).toEqual({ rows: 0 });
  }
  db.close();
});

test("a hundred thousand waiting jobs run in order after a reopen", async () => {
  await using stage = await openFileStage();
  const jobs = Array.from({ length: 100_000 }, (_, n) => job("x", { lane: `lane ${n % 1000}`, payload: n }));
  await stage.storage.add(entry(...jobs));
  const storage = await stage.reopen();
  expect(storage.pending()).toBe(100_000);
  const last = new Map<string, number>();
  const desk = openDesk(storage);
  desk.finish(({ lane, payload, attempt }) => {
    const n = payload as number;
    if (attempt !== 1 || n <= (last.get(lane) ?? -1)) throw new Error(`job ${n} out of order`);
    last.set(lane, n);
    return { kind: "done", defer: [] };
  });
  await eventually("some have run", () => desk.begun.length > 5000);
  expect(last.size).toBe(1000);
  desk.stop();
});

test("jobs that were to begin when the storage is closed go back to their lanes, with no attempt counted", async () => {
  await using stage = await openFileStage();
  const desk = openDesk(stage.storage);
  await stage.storage.add(entry(job("runs", { lane: "a" }), job("next", { lane: "a" })));
  await desk.take("runs");
  desk.end("runs");
  for (let hop = 0; hop < 20; hop++) await null;
  void stage.storage.add(entry(job("new", { lane: "b" }))).catch(() => {});
  // Committed, and not yet synced.
  await turn();
  const storage = await stage.reopen();
  await turn();
  expect(desk.begun).toEqual(["runs"]);
  const again = openDesk(storage);
  for (const name of ["next", "new"]) expect(await again.take(name)).toMatchObject({ attempt: 1, inDoubt: false });
});
