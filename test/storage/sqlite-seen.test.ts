import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { silentLog } from "../../src/core/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { migrate } from "../../src/storage/sqlite/schema.ts";
import { createSeen, type Seen } from "../../src/storage/sqlite/seen.ts";
import { createFakeClock } from "../../src/testing/clock.ts";
import { eventually, HOUR, job, keyed, openDesk, START } from "./desk.ts";

const MOST = 10;

function openStage() {
  const db = new DatabaseSync(":memory:");
  migrate(db);
  let seen: Seen = createSeen(db, MOST);
  const count = (table: string) => (db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
  return {
    /** Which of them are new, claimed in one transaction. */
    claim(digests: readonly bigint[], end: "COMMIT" | "ROLLBACK" = "COMMIT") {
      db.exec("BEGIN");
      const fresh = digests.filter((digest) => seen.claim(digest, START));
      seen.write();
      db.exec(end);
      if (end === "COMMIT") seen.committed();
      else seen.rolledBack();
      return fresh;
    },
    reopen() {
      seen = createSeen(db, MOST);
    },
    sorted: () => count("seen"),
    rows: () => count("seen_lately"),
    put: (digest: bigint) => void db.prepare("INSERT INTO seen (hash, at) VALUES (?, ?)").run(digest, START),
  };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => BigInt(from + at) - 25n);
const EXTREMES = [-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n];

test("what one commit claims is one row, and is known after a restart", () => {
  const stage = openStage();
  expect(stage.claim([...EXTREMES, ...EXTREMES])).toEqual(EXTREMES);
  expect(stage.rows()).toBe(1);
  expect(stage.claim(EXTREMES)).toEqual([]);
  stage.reopen();
  expect(stage.claim(EXTREMES)).toEqual([]);
  expect(stage.rows()).toBe(1);
});

test("what is crowded out of memory is known all the same", () => {
  const stage = openStage();
  for (let n = 0; n < 50; n += 5) expect(stage.claim(range(n, n + 5))).toHaveLength(5);
  expect([stage.sorted(), stage.rows()]).toEqual([50 - MOST, 2]);
  expect(stage.claim(range(0, 50))).toEqual([]);
  stage.reopen();
  expect(stage.claim(range(0, 51))).toEqual(range(50, 51));
});

test("a commit that claims more than memory holds is crowded out at once", () => {
  const stage = openStage();
  expect(stage.claim(range(0, 50))).toHaveLength(50);
  expect([stage.sorted(), stage.rows()]).toEqual([50, 0]);
  expect(stage.claim(range(0, 50))).toEqual([]);
});

test("what is rolled back was not claimed, and what it crowded out stays known", () => {
  const stage = openStage();
  for (let n = 0; n < MOST; n += 5) stage.claim(range(n, n + 5));
  expect(stage.claim(range(20, 30), "ROLLBACK")).toHaveLength(10);
  expect(stage.claim(range(0, 10))).toEqual([]);
  expect(stage.claim(range(0, 30), "ROLLBACK")).toEqual(range(10, 30));
  expect(stage.claim(range(0, 30))).toEqual(range(10, 30));
  stage.reopen();
  expect(stage.claim(range(0, 30))).toEqual([]);
});

test("records that an earlier version sorted in are known", () => {
  const stage = openStage();
  stage.put(7n);
  stage.reopen();
  expect(stage.claim([7n, 8n])).toEqual([8n]);
});

test("a record that was renewed is dumped once", async () => {
  let now = START;
  const storage = memory();
  await storage.open({ clock: { ...createFakeClock(START), now: () => now }, log: silentLog });
  const desk = openDesk(storage);
  await storage.add(keyed("k", job("x")));
  await desk.take("x");
  now += 2 * HOUR;
  desk.end("x");
  await eventually("it has ended", () => storage.pending() === 0);
  await storage.ping();
  const records = [];
  for await (const record of storage.dump()) if (record.kind === "seen") records.push(record);
  expect(records).toEqual([{ kind: "seen", digest: expect.any(String), at: now }]);
  await storage.close();
});
