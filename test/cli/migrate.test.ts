import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeNode, type Storage, type StoredRecord, silentLog, systemClock } from "../../src/core/index.ts";
import { postgres } from "../../src/storage/postgres/index.ts";
import { redis } from "../../src/storage/redis/index.ts";
import { sqlite } from "../../src/storage/sqlite/index.ts";
import { openPostgres, type PostgresServer } from "../servers/postgres.ts";
import { openRedis, type RedisServer } from "../servers/redis.ts";
import { dead, entry, eventually, job, keyed, listOf, openDesk, retryAt } from "../storage/desk.ts";
import { launch, launcher, type Result } from "./stage.ts";

const ENGINES = ["sqlite", "postgres", "redis"] as const;
type Engine = (typeof ENGINES)[number];

let servers: { readonly postgres: PostgresServer; readonly redis: RedisServer };
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hobnob-migrate-"));
  const [postgres, redis] = await Promise.all([openPostgres(), openRedis()]);
  servers = { postgres, redis };
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([servers?.postgres.dispose(), servers?.redis.dispose()]);
});

let files = 0;
function place(engine: Engine): string {
  return engine === "sqlite" ? `sqlite:${join(folder, `${++files}.db`)}` : servers[engine].another();
}

function storageAt(url: string): Storage {
  if (url.startsWith("sqlite:")) return sqlite({ file: url.slice("sqlite:".length) });
  return url.startsWith("postgres:") ? postgres({ url }) : redis({ url });
}

async function using<T>(url: string, act: (storage: Storage) => Promise<T>): Promise<T> {
  const storage = storageAt(url);
  await storage.open({ clock: systemClock, log: silentLog });
  try {
    return await act(storage);
  } finally {
    await storage.close();
  }
}

function migrate(from: string, to: string, ...more: readonly string[]) {
  return launch([launcher, "migrate", "--from", from, "--to", to, ...more], folder, { HOBNOB_LOG_LEVEL: "error" });
}

const SECRET = "what a person said";
const HOUR = 3_600_000;

/** A bot's data after a day: jobs in several states, dead letters, state, and much that waits. */
async function fill(storage: Storage, waiting: number): Promise<void> {
  const desk = openDesk(storage);
  const lane = "a lane";
  await storage.add(keyed("tried", job("tried", { lane, payload: { text: SECRET } })));
  await storage.add(keyed("behind", job("behind", { lane })));
  await storage.add(keyed("died", job("died")));
  await storage.add(keyed("done", job("done")));
  await storage.add(entry(job("later", { runAt: Date.now() + HOUR })));
  await storage.saveStep(await desk.take("tried"), "reply:1", { id: "9" });
  desk.end("tried", retryAt(Date.now() + HOUR, "not yet"));
  await desk.take("died");
  desk.end("died", dead("enough"));
  await desk.take("done");
  desk.end("done");
  await eventually("nothing runs", () => desk.running.size === 0);
  desk.stop();
  const jobs = Array.from({ length: waiting }, (_, n) => n);
  for (let at = 0; at < waiting; at += 200) {
    const added = jobs
      .slice(at, at + 200)
      .map((n) => storage.add(keyed(`event ${n}`, job(`n${n}`, { lane: `lane ${n % 97}`, payload: { n } }))));
    await Promise.all(added);
  }
  await Promise.all(jobs.slice(0, 500).map((n) => storage.values.set(`key ${n}`, `value ${n}`)));
  await storage.saveDoubt({ at: 1, job: "1", adapter: "a", plugin: "p", step: "s", outcome: "found" });
  storage.countIgnored("a");
}

/** All that is in a storage, for comparison. */
const contents = (url: string) =>
  using(url, async (storage) => {
    const lanes: Record<string, number[]> = {};
    const records = (await listOf(storage.dump())).flatMap((record: StoredRecord) => {
      if (record.kind === "job") lanes[record.lane] = [...(lanes[record.lane] ?? []), record.id];
      if (record.kind === "data" || record.kind === "count") return [];
      return [record.kind === "seen" ? record.digest : JSON.stringify(Object.entries(record).sort())];
    });
    const ledger = await storage.ledger();
    return { instance: storage.instance, lanes, records: records.sort(), ledger, pending: storage.pending() };
  });

function expectMoved({ code, stdout, stderr }: Result, to: string) {
  expect(stderr).toBe("");
  expect(stdout).toContain("ok: ");
  expect(stdout).toContain(`Set HOBNOB_STORAGE=${storageAt(to).name}`);
  expect(stdout).not.toContain(SECRET);
  expect(code).toBe(0);
}

const pairs = ENGINES.flatMap((from) => ENGINES.map((to) => [from, to] as const));

test.each(pairs)(
  "all of it moves from %s to %s, and the source stays as it was",
  async (one, other) => {
    const [from, to] = [place(one), place(other)];
    await using(from, (storage) => fill(storage, 700));
    const before = await contents(from);
    expectMoved(await migrate(from, to).ended, to);
    expect(await contents(to)).toEqual(before);
    expect(await contents(from)).toEqual(before);
    await using(to, async (storage) => {
      for (const key of ["tried", "done", "died", "event 3"])
        expect(await storage.add(keyed(key, job("x")))).toBe(false);
      const desk = openDesk(storage);
      desk.finish();
      await eventually("all that may run has run", () => storage.pending() === 3);
      expect(
        desk.begun.filter((name) => Number(name.slice(1)) % 97 === 5).map((name) => Number(name.slice(1))),
      ).toEqual([5, 102, 199, 296, 393, 490, 587, 684]);
    });
  },
  60_000,
);

test.each([
  ["sqlite", "postgres"],
  ["postgres", "redis"],
  ["redis", "sqlite"],
] as const)(
  "a move from %s to %s that is killed again and again comes to the same end",
  async (one, other) => {
    const [from, to] = [place(one), place(other)];
    await using(from, (storage) => fill(storage, 4000));
    const before = await contents(from);
    let killed = 0;
    // Each time a little later, until one comes to its end before it is killed: so they die at all stages of it.
    for (let after = 150, hasEnded = false; !hasEnded; after *= 1.15 + Math.random() * 0.3) {
      const child = migrate(from, to);
      const timer = setTimeout(() => child.process.kill("SIGKILL"), after);
      const { signal } = await child.ended;
      clearTimeout(timer);
      if (signal === "SIGKILL") killed += 1;
      else hasEnded = true;
    }
    expect(killed).toBeGreaterThan(0);
    expectMoved(await migrate(from, to).ended, to);
    expect(await contents(to)).toEqual(before);
    expectMoved(await migrate(from, to).ended, to);
    expect(await contents(to)).toEqual(before);
  },
  60_000,
);

test("a job whose process died while it ran is in doubt after the move as well", async () => {
  for (const [one, other] of [
    ["sqlite", "redis"],
    ["redis", "postgres"],
    ["postgres", "sqlite"],
  ] as const) {
    const [from, to] = [place(one), place(other)];
    await using(from, async (storage) => {
      const desk = openDesk(storage);
      await storage.add(entry(job("lost")));
      await desk.take("lost");
    });
    expectMoved(await migrate(from, to).ended, to);
    await using(to, async (storage) => {
      expect(await openDesk(storage).take("lost")).toMatchObject({ attempt: 2, inDoubt: true });
    });
  }
}, 60_000);

describe("nothing is moved", () => {
  const refusal = async (from: string, to: string) => {
    const { code, stderr, stdout } = await migrate(from, to).ended;
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    return stderr + stdout;
  };

  test.each(ENGINES)("to a %s that holds something else", async (engine) => {
    const [from, to] = [place("sqlite"), place(engine)];
    await using(from, (storage) => fill(storage, 1));
    await using(to, (storage) => storage.add(keyed("k", job("x"), job("y"))));
    const before = await contents(to);
    expect(await refusal(from, to)).toMatch(/2 jobs, 1 dedupe record.*STORAGE_NOT_EMPTY/);
    expect(await contents(to)).toEqual(before);
  });

  test("to a storage on which a bot has run since the move", async () => {
    const [from, to] = [place("sqlite"), place("redis")];
    await using(from, (storage) => fill(storage, 1));
    expectMoved(await migrate(from, to).ended, to);
    await using(to, (storage) => storage.add(entry(job("new"))));
    expect(await refusal(from, to)).toContain("STORAGE_NOT_EMPTY");
  });

  test("from a file that is not there, and none is made", async () => {
    const from = `sqlite:${join(folder, "typo.db")}`;
    expect(await refusal(from, place("sqlite"))).toContain("MIGRATE_SOURCE");
    expect(() => readFileSync(join(folder, "typo.db"))).toThrow("ENOENT");
  });

  test.each(ENGINES)("from an empty %s", async (engine) => {
    const [from, to] = [place(engine), place("sqlite")];
    await using(from, async () => {});
    expect(await refusal(from, to)).toContain("MIGRATE_SOURCE");
  });

  test("from a part of another move", async () => {
    const [whole, part, to] = [place("sqlite"), place("redis"), place("sqlite")];
    await using(whole, (storage) => fill(storage, 1));
    const records = await using(whole, (storage) => listOf(storage.dump()));
    await using(part, (storage) => storage.load(records.slice(0, 2)));
    expect(await refusal(part, to)).toContain("STORAGE_UNFINISHED");
  });

  test.each(ENGINES)("to itself, a %s", async (engine) => {
    const from = place(engine);
    await using(from, (storage) => fill(storage, 1));
    expect(await refusal(from, from)).toContain("MIGRATE_SAME");
  });

  test("to itself under another name", async () => {
    const from = place("redis");
    await using(from, (storage) => fill(storage, 1));
    expect(await refusal(from, from.replace("127.0.0.1", "localhost"))).toContain("MIGRATE_SAME");
  });

  test.each(["postgres", "redis"] as const)("while a bot runs on a %s on either side", async (engine) => {
    const [alone, shared] = [place("sqlite"), place(engine)];
    await using(alone, (storage) => fill(storage, 1));
    const bot = storageAt(shared);
    await bot.open({ clock: systemClock, log: silentLog, node: describeNode({ role: "work", bot: "b" }) });
    try {
      const named = `work on ${hostname()}, process ${process.pid}`;
      for (const said of [await refusal(alone, shared), await refusal(shared, alone)]) {
        expect(said).toContain("MIGRATE_RUNNING");
        expect(said).toContain(named);
      }
    } finally {
      await bot.close();
    }
  });

  test("while a bot holds the file", async () => {
    const [from, to] = [place("sqlite"), place("sqlite")];
    await using(from, async () => {
      expect(await refusal(from, to)).toMatch(new RegExp(`process ${process.pid} .*STORAGE_LOCKED`));
    });
  });
});

test("a difference is said, and the target stays closed for bots", async () => {
  const [from, to] = [place("sqlite"), place("postgres")];
  await using(from, (storage) => fill(storage, 300));
  const records = await using(from, (storage) => listOf(storage.dump()));
  const changed = records.map((record) => (record.kind === "job" ? { ...record, payload: '"other"' } : record));
  await using(to, (storage) => storage.load(changed.slice(0, 100)));
  const { code, stdout } = await migrate(from, to, "--json").ended;
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, differences: ["jobs: as many, but not the same"] });
  expect(code).toBe(1);
  await expect(using(to, async () => {})).rejects.toMatchObject({ code: "STORAGE_UNFINISHED" });
});

test.each([
  [["--from", "sqlite:a.db"], "`--to` is missing"],
  [["--from", "mysql://root:hidden@host/db", "--to", "sqlite:b.db"], "`--from` is mysql:"],
  [["--from", "sqlite:a.db", "--to", "memory:"], "`--to` is memory:"],
])("%j is wrong usage", async (args, said) => {
  const { code, stderr } = await launch([launcher, "migrate", ...args], folder).ended;
  expect(code).toBe(2);
  expect(stderr).toContain(said);
  expect(stderr).not.toContain("hidden");
});
