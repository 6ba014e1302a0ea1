import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Storage, silentLog, systemClock } from "../../src/core/index.ts";
import { sqlite } from "../../src/storage/sqlite/index.ts";
import { dead, entry, eventually, job, keyed, openDesk } from "./desk.ts";

const PAGE = 4096;
const host = () => ({ clock: systemClock, log: silentLog });
const damaged = expect.objectContaining({
  code: "STORAGE_DAMAGED",
  message: expect.stringMatching(/\.db is damaged: .*Put it and its -wal aside, and restore a backup/),
});

let folder: string;
let whole: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hobnob-damage-"));
  whole = join(folder, "whole.db");
  const storage = sqlite({ file: whole });
  await storage.open(host());
  const payload = { text: "secret ".repeat(1500) };
  const desk = openDesk(storage);
  for (let n = 0; n < 8; n++) {
    await storage.add(keyed(`d${n}`, job(`dies ${n}`, { payload })));
    await storage.saveStep(await desk.take(`dies ${n}`), "once:x", payload);
    desk.end(`dies ${n}`, dead());
    await storage.values.set(`key ${n}`, JSON.stringify(payload));
  }
  await eventually("all are dead", () => storage.pending() === 0);
  desk.stop();
  for (let n = 0; n < 8; n++) await storage.add(entry(job(`waits ${n}`, { payload })));
  await storage.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function copy(): Promise<string> {
  const file = join(folder, `copy-${files++}.db`);
  await copyFile(whole, file);
  return file;
}

/** All that can be asked of a storage, and what each question was refused with. */
async function askAll(file: string): Promise<readonly unknown[]> {
  const storage = sqlite({ file });
  const failures: unknown[] = [];
  const ask = async (act: () => unknown) => {
    try {
      await act();
    } catch (error) {
      failures.push(error);
    }
  };
  await ask(() => storage.open(host()));
  if (failures.length > 0) return failures;
  try {
    for (const question of questions(storage)) await ask(question);
  } finally {
    await storage.close();
  }
  return failures;
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

function questions(storage: Storage): readonly (() => unknown)[] {
  return [
    () => storage.jobs(100),
    () => storage.ledger(),
    () => storage.doubts(100),
    () => storage.dead.list(100),
    () => storage.dead.get("1"),
    () => storage.dead.edit("2", {}),
    () => storage.dead.discard("3"),
    () => storage.values.get("key 7"),
    () => storage.values.set("key 8", "1"),
    () => drain(storage.values.keys("key")),
    () => drain(storage.dump()),
    () => storage.add(keyed("new", job("new"))),
    () => storage.ping(),
    () => storage.backup!(join(folder, `backup-${files++}.db`)),
  ];
}

describe("a damaged file", () => {
  test("is called that whichever page is damaged, and whatever is asked", async () => {
    const pages = readFileSync(whole).length / PAGE;
    expect(pages).toBeGreaterThan(40);
    let refused = 0;
    // The first page tells what kind of a file it is.
    for (let page = 1; page < pages; page++) {
      const file = await copy();
      const bytes = readFileSync(file);
      bytes.fill(0xa5, page * PAGE, (page + 1) * PAGE);
      writeFileSync(file, bytes);
      const failures = await askAll(file);
      for (const failure of failures) expect(failure, `page ${page}`).toEqual(damaged);
      for (const failure of failures) expect((failure as Error).message).not.toMatch(/secret/);
      if (failures.length > 0) refused += 1;
      await rm(file);
    }
    expect(refused).toBeGreaterThan(pages / 2);
  });

  test("that ends too early is one", async () => {
    const file = await copy();
    truncateSync(file, 10_000);
    expect(await askAll(file)).toEqual([damaged]);
  });

  test("that cannot be opened is let go of", async () => {
    const file = await copy();
    truncateSync(file, 10_000);
    expect(await askAll(file)).toEqual([damaged]);
    await copyFile(whole, file);
    expect(await askAll(file)).toEqual([]);
  });
});
