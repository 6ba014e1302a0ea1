import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type JobRecord, UnreachableError } from "../../src/storage/fleet/index.ts";
import { openPostgres, type PostgresServer } from "../servers/postgres.ts";
import { createSession, done, entry, job, keyed, NOW, type Session } from "./backend-contract/session.ts";
import { openPostgresBackend, openWire } from "./postgres-stage.ts";

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
    await using wire = await openWire(server.another());
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
    const held = server.query(`BEGIN; UPDATE ${schemaOf(url)}.value SET value = '2'; SELECT pg_sleep(1); COMMIT`);
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
    await held;
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
    await using wire = await openWire(url);
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
