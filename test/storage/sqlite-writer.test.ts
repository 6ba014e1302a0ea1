import { scrypt } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { openFile } from "../../src/storage/sqlite/open.ts";
import { openWal, type Wal } from "../../src/storage/sqlite/wal.ts";
import { createWriter } from "../../src/storage/sqlite/writer.ts";
import { eventually, turn } from "./desk.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A writer on a file of its own; `wrap` stands between it and its log, and may take it away. */
function openStage(wrap: (wal: Wal) => Wal | undefined = (wal) => wal) {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-writer-"));
  const file = join(folder, "bot.db");
  const { db, wal, close } = openFile(file);
  const errors: unknown[] = [];
  const done: string[] = [];
  const writer = createWriter({
    db,
    wal: wrap(wal!),
    parts: [],
    onError: (error) => errors.push(error),
  });
  const insert = db.prepare("INSERT INTO meta (key, value) VALUES (?, 1)");
  return {
    writer,
    errors,
    done,
    write(key: string) {
      writer.push({ run: () => void insert.run(key), done: () => void done.push(key) });
    },
    /** What the database itself holds, without its log. */
    onDisk() {
      const copy = join(folder, "copy.db");
      copyFileSync(file, copy);
      const reader = new DatabaseSync(copy);
      const keys = reader.prepare("SELECT key FROM meta ORDER BY key").all() as { key: string }[];
      reader.close();
      return keys.map(({ key }) => key);
    },
    [Symbol.dispose]() {
      writer.stop();
      close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Syncs begin when the test says so, and the writer's patience has no end. */
function openHeldStage() {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const held: (() => void)[] = [];
  const stage = openStage((wal) => ({ ...wal, sync: (done) => void held.push(() => wal.sync(done)) }));
  return { held, stage };
}

test("a commit is done when it is on the disk, and not before", async () => {
  const { stage: opened, held } = openHeldStage();
  using stage = opened;
  stage.write("a");
  await eventually("it is about to be synced", () => held.length === 1);
  stage.write("b");
  await turn();
  expect(stage.done).toEqual([]);
  held[0]!();
  // The second came after the first sync began, so it takes another.
  await eventually("the next is about to be synced", () => held.length === 2);
  expect(stage.done).toEqual(["a"]);
  held[1]!();
  await eventually("the second is done", () => stage.done.length === 2);
  expect(stage.done).toEqual(["a", "b"]);
});

/** Each look at the clock finds it this much later, in milliseconds. */
function clockThatMovesBy(ms: number) {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (now += ms));
}

test("what comes while the event loop is busy shares a sync", async () => {
  clockThatMovesBy(0.1);
  const { stage: opened, held } = openHeldStage();
  using stage = opened;
  for (const key of ["a", "b", "c", "d"]) {
    stage.write(key);
    await turn();
    expect(held).toEqual([]);
  }
  await eventually("it is about to be synced", () => held.length === 1);
  held[0]!();
  await eventually("all is done", () => stage.done.length === 4);
  expect(stage.writer.idle).toBe(true);
});

test("a write waits for others no longer than it may", async () => {
  clockThatMovesBy(3);
  const { stage: opened, held } = openHeldStage();
  using stage = opened;
  stage.write("a");
  await turn();
  expect(held).toEqual([]);
  stage.write("b");
  await turn();
  expect(held).toHaveLength(1);
  held[0]!();
  await eventually("both are done", () => stage.done.length === 2);
});

test("a write does not wait while the event loop has nothing else to do", async () => {
  clockThatMovesBy(0.01);
  const { stage: opened, held } = openHeldStage();
  using stage = opened;
  stage.write("a");
  await turn();
  expect(held).toHaveLength(1);
  held[0]!();
  await eventually("it is done", () => stage.done.length === 1);
});

test("where nothing is synced, no write waits", async () => {
  clockThatMovesBy(0.1);
  using stage = openStage(() => undefined);
  stage.write("a");
  await turn();
  expect(stage.done).toEqual(["a"]);
});

test("a flush brings to the disk what is on its way there, each once and in order", async () => {
  const { stage: opened, held } = openHeldStage();
  using stage = opened;
  stage.write("a");
  await eventually("it is about to be synced", () => held.length === 1);
  stage.write("b");
  expect(stage.writer.idle).toBe(false);
  stage.writer.flush();
  expect(stage.done).toEqual(["a", "b"]);
  expect(stage.writer.idle).toBe(true);
  held[0]!();
  stage.write("c");
  await eventually("a sync follows", () => held.length === 2);
  held[1]!();
  await eventually("the third is done", () => stage.done.length === 3);
  expect(stage.done).toEqual(["a", "b", "c"]);
});

test("a commit does not wait for threads that are busy with other things", async () => {
  using stage = openStage();
  const busy = Array.from(
    { length: 8 },
    () =>
      new Promise<void>((resolve) => {
        scrypt("password", "salt", 32, { N: 2 ** 17, maxmem: 2 ** 30 }, () => {
          stage.done.push("a thread");
          resolve();
        });
      }),
  );
  stage.write("a");
  await Promise.all(busy);
  expect(stage.done[0]).toBe("a");
});

/** A device takes no sync: EINVAL. */
const deaf = openWal("/dev/null");
afterAll(deaf.close);

test("what a failed sync may have lost is written to the database itself before it is done", async () => {
  using stage = openStage(() => deaf);
  stage.write("a");
  await eventually("it is done", () => stage.done.length === 1);
  expect(stage.errors).toEqual([expect.objectContaining({ code: "EINVAL" })]);
  expect(stage.onDisk()).toContain("a");
  stage.write("b");
  expect(() => stage.writer.flush()).toThrow("EINVAL");
  expect(stage.done).toEqual(["a"]);
  await eventually("the second is done", () => stage.done.length === 2);
  expect(stage.onDisk()).toContain("b");
});

test("after a failed sync no other is believed", async () => {
  using stage = openStage(() => ({ ...deaf, syncNow() {} }));
  stage.write("a");
  await eventually("the sync has failed", () => stage.errors.length === 1);
  expect(stage.done).toEqual([]);
  stage.writer.flush();
  expect(stage.done).toEqual(["a"]);
  expect(stage.onDisk()).toContain("a");
});

test("a flush commits what its writes lead to", () => {
  using stage = openStage();
  stage.writer.push({ run() {}, done: () => stage.write("a") });
  stage.writer.flush();
  expect(stage.done).toEqual(["a"]);
});
