import { hash } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type JobRecord, UnreachableError } from "../../src/storage/fleet/index.ts";
import { openPostgres, type PostgresServer } from "../servers/postgres.ts";
import { createSession, done, entry, job, keyed, NOW, retry, type Session } from "./backend-contract/session.ts";
import { openPostgresBackend, openPostgresWire } from "./postgres-stage.ts";

let server: PostgresServer;
beforeAll(async () => {
  // Of its own: it is stopped and started again.
  server = await openPostgres({ own: true });
});
afterAll(() => server.dispose());

const schemaOf = (url: string) => new URL(url).searchParams.get("schema")!;
const unreachable = expect.any(UnreachableError);

/** Asks again until the storage is back. */
const again = (session: Session) => vi.waitFor(() => session.again(), { timeout: 10_000, interval: 50 });

describe("an answer that is lost", () => {
  test("because the connection broke after the batch was sent: the batch is applied once", async () => {
    await using wire = await openPostgresWire(server.another());
    await using opened = await openPostgresBackend(wire.url);
    const session = createSession(opened.backend, "one");
    await session.add(job(1));
    wire.loseNextAnswer();
    const adds = [keyed("7", job(2)), keyed("7", job(3))];
    await expect(session.apply({ adds, direct: 1, claim: 1 })).rejects.toEqual(unreachable);
    const outcome = await again(session);
    expect(outcome).toMatchObject({ added: [true, false], direct: [2], pending: 2 });
    expect(outcome.claimed.map(({ id }) => id)).toEqual([1]);
    expect(await opened.backend.jobs(10)).toHaveLength(2);
    expect(await session.apply()).toMatchObject({ alive: true, pending: 2 });
  });

  test("because the server ended the connection in the middle of the batch: it is applied once, and its locks are gone", async () => {
    const url = server.another();
    await using opened = await openPostgresBackend(url);
    const session = createSession(opened.backend, "one");
    await session.apply({ values: [{ key: "k", expected: undefined, value: "1", until: null }] });
    // Somebody holds the row that the batch wants, so that it stands in the middle when its connection ends.
    const holder = new Client({ connectionString: server.url });
    await holder.connect();
    await holder.query(`BEGIN; UPDATE ${schemaOf(url)}.value SET value = '2'`);
    const applied = session.apply({
      adds: [entry(job(1))],
      values: [{ key: "k", expected: undefined, value: "3", until: null }],
    });
    const refused = expect(applied).rejects.toEqual(unreachable);
    await vi.waitFor(async () => {
      const killed = await server.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%apply(%'`,
      );
      expect(killed).toHaveLength(1);
    });
    await refused;
    await holder.query("ROLLBACK");
    await holder.end();
    expect(await again(session)).toMatchObject({ alive: true, pending: 1 });
    expect(await opened.backend.get("k")).toBe("3");
    expect(await opened.backend.ledger()).toMatchObject([{ received: 1, inFlight: 1 }]);
  });

  test("because the server was restarted: what was applied is there, and the session lives on", async () => {
    const url = server.another();
    await using opened = await openPostgresBackend(url);
    const session = createSession(opened.backend, "one");
    await session.add(job(1), job(2));
    const [first] = (await session.apply({ claim: 1 })).claimed as [JobRecord];
    await server.stop();
    await expect(session.apply({ ends: [done(first.id)] })).rejects.toEqual(unreachable);
    await expect(opened.backend.jobs(10)).rejects.toEqual(unreachable);
    await server.restart();
    expect(await again(session)).toMatchObject({ alive: true, pending: 1 });
    expect(await session.claim(5)).toEqual(["job 2"]);
    expect(await opened.backend.jobs(10)).toMatchObject([{ id: 2, state: "running" }]);
  });
});

describe("notifications", () => {
  test("tell other processes of lanes that are left ready, and not the one that did it", async () => {
    const url = server.another();
    await using here = await openPostgresBackend(url);
    await using there = await openPostgresBackend(url);
    await createSession(here.backend, "one").add(job(1));
    await vi.waitFor(() => expect(there.wakes).toBe(1));
    expect(here.wakes).toBe(0);
  });

  test("are not sent for what the batch took itself, and are for a time that came nearer", async () => {
    const url = server.another();
    await using here = await openPostgresBackend(url);
    await using there = await openPostgresBackend(url);
    const session = createSession(here.backend, "one");
    await session.apply({ adds: [entry(job(1), job(2))], direct: 1, claim: 1 });
    await session.add(job(3, { runAt: NOW + 9000 }));
    await vi.waitFor(() => expect(there.wakes).toBe(1));
    await session.add(job(4, { runAt: NOW + 9900 }));
    await session.add(job(5, { runAt: NOW + 5000 }));
    await vi.waitFor(() => expect(there.wakes).toBe(2));
  });

  test("that were missed while the connection was away are made up for", async () => {
    const url = server.another();
    await using wire = await openPostgresWire(url);
    await using here = await openPostgresBackend(url);
    await using there = await openPostgresBackend(wire.url);
    wire.cut();
    await createSession(here.backend, "one").add(job(1));
    expect(there.wakes).toBe(0);
    wire.mend();
    await vi.waitFor(() => expect(there.wakes).toBe(1), { timeout: 5000 });
    await createSession(here.backend, "two").add(job(2));
    await vi.waitFor(() => expect(there.wakes).toBe(2));
  });
});

test("two processes that end, append to and claim the same few lanes at once strand nothing and keep every lane's order", async () => {
  const url = server.another();
  await using here = await openPostgresBackend(url);
  await using there = await openPostgresBackend(url);
  const LANES = 7;
  const ROUNDS = 60;
  const added: number[] = [];
  const ran = new Map<string, number[]>();

  async function life(session: Session, first: number) {
    let running: readonly JobRecord[] = [];
    for (let round = 0; round < ROUNDS || running.length > 0; round++) {
      const jobs = round < ROUNDS ? [0, 1, 2, 3, 4].map((n) => first + round * 5 + n) : [];
      const specs = jobs.map((id) => job(id, { lane: `lane ${id % LANES}` }));
      const ends = running.map(({ id, lane }) => done(job(id, { lane })));
      added.push(...jobs);
      const outcome = await session.apply({
        ends,
        adds: specs.map((spec) => entry(spec)),
        claim: 3,
        direct: round % 2,
      });
      const direct = specs.filter(({ id }) => outcome.direct.includes(id)).map((spec) => spec as JobRecord);
      running = [...direct, ...outcome.claimed];
      for (const { id, lane } of running) ran.set(lane, [...(ran.get(lane) ?? []), id]);
    }
  }
  const one = createSession(here.backend, "one");
  const two = createSession(there.backend, "two");
  await Promise.all([life(one, 1000), life(two, 5000)]);
  for (let running: readonly JobRecord[] = []; ; ) {
    const outcome = await one.apply({ ends: running.map(({ id, lane }) => done(job(id, { lane }))), claim: 100 });
    running = outcome.claimed;
    for (const { id, lane } of running) ran.set(lane, [...(ran.get(lane) ?? []), id]);
    if (running.length === 0) break;
  }
  expect([...ran.values()].flat().sort((a, b) => a - b)).toEqual(added.sort((a, b) => a - b));
  // Each process's own jobs of a lane run in the order in which it added them.
  for (const ids of ran.values()) {
    for (const mine of [ids.filter((id) => id < 5000), ids.filter((id) => id >= 5000)]) {
      expect(mine).toEqual([...mine].sort((a, b) => a - b));
    }
  }
  expect(await here.backend.jobs(10)).toEqual([]);
  expect(await server.query(`SELECT * FROM ${schemaOf(url)}.lane`)).toEqual([]);
});

test("lanes, steps and values whose keys are longer than an index can hold are told apart, and come back whole", async () => {
  await using opened = await openPostgresBackend(server.another());
  const { backend } = opened;
  const session = createSession(backend, "one");
  // Texts that cannot be compressed, alike for longer than what is kept of them.
  const long = (last: string) => `${Array.from({ length: 900 }, (_, n) => hash("sha256", `${n}`)).join("😀")}${last}`;
  const [a, b] = [long("a"), long("b")];
  const jobs = [job(1, { lane: a }), job(2, { lane: b }), job(3, { lane: a })];
  const write = (key: string, expected: string | null, value: string | null) => ({ key, expected, value, until: null });
  const { claimed } = await session.apply({
    adds: jobs.map((one) => entry(one)),
    values: [write(a, null, "1"), write(b, null, "2"), write(a, null, "3"), write(a, "1", "4")],
    claim: 5,
  });
  expect(claimed.map(({ id }) => id)).toEqual([1, 2]);
  expect([await backend.get(a), await backend.get(b), await backend.get(long("c"))]).toEqual(["4", "2", undefined]);
  for (const [prefix, found] of [
    ["", 2],
    [a.slice(0, 50), 2],
    [a.slice(0, 5000), 2],
    [b, 1],
    [`${a}x`, 0],
  ] as const) {
    const keys: string[] = [];
    for await (const key of backend.keys(prefix)) keys.push(key);
    expect(keys.every((key) => key === a || key === b)).toBe(true);
    expect(keys).toHaveLength(found);
  }
  await session.apply({
    steps: [
      { job: 1, key: a, value: "1" },
      { job: 1, key: b, value: "2" },
    ],
    ends: [retry({ ...jobs[0]!, lane: claimed[0]!.lane })],
  });
  const [again] = (await session.apply({ claim: 1 })).claimed;
  expect(new Map(again!.steps)).toEqual(
    new Map([
      [a, "1"],
      [b, "2"],
    ]),
  );
  await session.apply({ ends: [done(jobs[0]!), done(jobs[1]!)] });
  expect(await session.claim(5)).toEqual(["job 3"]);
});

test("a full disk is said so, changes nothing, and the next batch is welcome", async () => {
  const url = server.another();
  await using opened = await openPostgresBackend(url);
  const session = createSession(opened.backend, "one");
  await session.add(job(1));
  const schema = schemaOf(url);
  await server.query(`
    CREATE FUNCTION ${schema}.no_room() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER no_room BEFORE INSERT ON ${schema}.job EXECUTE FUNCTION ${schema}.no_room()`);
  await expect(session.apply({ adds: [keyed("5", job(2))], claim: 1 })).rejects.toMatchObject({ code: "STORAGE_FULL" });
  await server.query(`DROP TRIGGER no_room ON ${schema}.job`);
  expect(await session.apply({ adds: [keyed("5", job(2))] })).toMatchObject({ added: [true], pending: 2 });
  expect(await session.claim(5)).toEqual(["job 1", "job 2"]);
});
