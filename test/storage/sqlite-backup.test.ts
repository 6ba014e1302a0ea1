import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { type NewJob, type Storage, silentLog, systemClock } from "../../src/core/index.ts";
import { sqlite } from "../../src/storage/sqlite/index.ts";

const job = (number: number): NewJob => ({
  ...{ lane: `lane ${number % 20}`, pool: "default", adapter: "test", plugin: "p", handler: "h" },
  payload: { number, text: "x".repeat(500) },
});

const host = { clock: systemClock, log: silentLog };

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-backup-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function open(file: string): Promise<Storage> {
  const storage = sqlite({ file });
  await storage.open(host);
  onTestFinished(() => storage.close());
  return storage;
}

async function fill(storage: Storage, from: number, count: number) {
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      storage.add({ key: `event ${from + index}`, jobs: [job(from + index)] }),
    ),
  );
}

const sumOf = async (storage: Storage) => {
  const sum = { received: 0, done: 0, inFlight: 0 };
  for (const line of await storage.ledger()) {
    for (const key of ["received", "done", "inFlight"] as const) sum[key] += line[key];
  }
  return sum;
};

test("a copy made under load is whole, adds up, and has what was acknowledged before it was asked for", async () => {
  const folder = createFolder();
  const copy = join(folder, "copy.db");
  const storage = await open(join(folder, "bot.db"));
  await fill(storage, 0, 5000);
  const worker = storage.work({ concurrency: 10, run: async () => ({ kind: "done", defer: [] }) });
  let isCopied = false;
  let stored = 5000;
  const load = (async () => {
    while (!isCopied) {
      await fill(storage, stored, 50);
      stored += 50;
    }
  })();
  await storage.backup!(copy);
  isCopied = true;
  await load;
  worker.stop();

  const db = new DatabaseSync(copy);
  expect(db.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  db.close();
  const restored = await open(copy);
  const sum = await sumOf(restored);
  expect(sum.received).toBe(sum.done + sum.inFlight);
  expect(sum.received).toBeGreaterThanOrEqual(5000);
  expect(sum.received).toBeLessThanOrEqual(stored);
  expect(restored.pending()).toBe(sum.inFlight);
  // A dedupe record came along: that event is a duplicate there too.
  expect(await restored.add({ key: "event 4999", jobs: [job(4999)] })).toBe(false);
  expect(restored.instance).toBe(storage.instance);
});

test("a restored copy gives out no id that its original gave out after the copy", async () => {
  const folder = createFolder();
  const storage = await open(join(folder, "bot.db"));
  await fill(storage, 0, 10);
  await storage.backup!(join(folder, "copy.db"));
  await fill(storage, 10, 2000);
  const given = new Set((await storage.jobs(10_000)).map(({ id }) => id));
  const restored = await open(join(folder, "copy.db"));
  await fill(restored, 10, 50);
  const fresh = (await restored.jobs(1000)).slice(10);
  expect(fresh).toHaveLength(50);
  expect(fresh.filter(({ id }) => given.has(id))).toEqual([]);
});

test("a job that ran when it was copied is in doubt when the copy is opened", async () => {
  const folder = createFolder();
  const storage = await open(join(folder, "bot.db"));
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  storage.work({
    concurrency: 1,
    async run() {
      begin();
      await ended;
      return { kind: "done", defer: [] };
    },
  });
  await storage.add({ jobs: [job(1)] });
  await begun;
  await storage.backup!(join(folder, "copy.db"));
  end();
  const restored = await open(join(folder, "copy.db"));
  const seen = await new Promise<boolean>((resolve) => {
    restored.work({
      concurrency: 1,
      async run({ inDoubt }) {
        resolve(inDoubt);
        return { kind: "done", defer: [] };
      },
    });
  });
  expect(seen).toBe(true);
});

test("a copy is for its owner alone, and leaves nothing beside it", async () => {
  const folder = createFolder();
  const storage = await open(join(folder, "bot.db"));
  // What a copy that broke off has left.
  writeFileSync(join(folder, "copy.db.part"), "half");
  await storage.backup!(join(folder, "copy.db"));
  expect(readdirSync(folder).filter((name) => name.startsWith("copy"))).toEqual(["copy.db"]);
  if (process.platform !== "win32") expect(statSync(join(folder, "copy.db")).mode & 0o777).toBe(0o600);
});

test("a name that is taken, a folder that is not there and a second copy at once are refused", async () => {
  const folder = createFolder();
  const storage = await open(join(folder, "bot.db"));
  await fill(storage, 0, 5000);
  writeFileSync(join(folder, "taken"), "mine");
  await expect(storage.backup!(join(folder, "taken"))).rejects.toMatchObject({ code: "BACKUP_EXISTS" });
  await expect(storage.backup!(join(folder, "none/copy.db"))).rejects.toMatchObject({ code: "BACKUP_FAILED" });
  const first = storage.backup!(join(folder, "one.db"));
  await expect(storage.backup!(join(folder, "two.db"))).rejects.toMatchObject({ code: "BACKUP_RUNNING" });
  await first;
  await storage.backup!(join(folder, "two.db"));
});

test("a storage that is closed breaks its copy off and lets go of the file", async () => {
  const folder = createFolder();
  const storage = await open(join(folder, "bot.db"));
  await fill(storage, 0, 10_000);
  const copying = expect(storage.backup!(join(folder, "copy.db"))).rejects.toMatchObject({ code: "BACKUP_FAILED" });
  await storage.close();
  await copying;
  expect(existsSync(join(folder, "copy.db"))).toBe(false);
  const again = await open(join(folder, "bot.db"));
  expect(again.pending()).toBe(10_000);
});
