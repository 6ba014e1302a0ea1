import { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { End, JobRecord } from "../../src/storage/fleet/index.ts";
import { createRandom } from "../random.ts";
import { openRedis } from "../servers/redis.ts";
import {
  createSession,
  dead,
  done,
  entry,
  job,
  keyed,
  NOW,
  release,
  retry,
  type Session,
} from "./backend-contract/session.ts";
import { openRedisBackend } from "./redis-stage.ts";

/** All keys of the data, without the prefix, by kind. */
async function keysOf(redis: Redis, prefix: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const kinds = new Map<string, string[]>();
  for (const key of await redis.keys(`{${prefix}}:*`)) {
    const [, kind = "", name = ""] = /^([a-z]+):?(.*)$/s.exec(key.slice(prefix.length + 3))!;
    kinds.set(kind, [...(kinds.get(kind) ?? []), name]);
  }
  return kinds;
}

/** Where each lane is: the names of all places that hold it. */
async function placesOf(redis: Redis, prefix: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const key = (rest: string) => `{${prefix}}:${rest}`;
  const kinds = await keysOf(redis, prefix);
  const places = new Map<string, string[]>((kinds.get("lane") ?? []).map((lane) => [lane, []]));
  const put = (lane: string, place: string) => places.set(lane, [...(places.get(lane) ?? ["no jobs"]), place]);
  for (const kind of ["ready", "suspects"]) {
    for (const pool of kinds.get(kind) ?? []) {
      for (const item of await redis.lrange(key(`${kind}:${pool}`), 0, -1))
        put(item.slice(item.indexOf(" ") + 1), kind);
    }
  }
  for (const session of kinds.get("owned") ?? []) {
    for (const [id, owner] of Object.entries(await redis.hgetall(key(`owned:${session}`)))) {
      const lane = owner.split("\0")[4]!;
      const head = await redis.lindex(key(`lane:${lane}`), 0);
      put(lane, head?.startsWith(id) ? "owned" : "owned, and not its head");
    }
  }
  for (const member of await redis.zrange(key("times"), "0", "-1"))
    if (member.startsWith("1")) put(member.slice(1), "held");
  return places;
}

test.for([1, 2, 3, 4])(
  "whatever happens, a lane with jobs is in one place, and nothing stays behind (%i)",
  async (seed) => {
    await using server = await openRedis();
    const url = server.another();
    const prefix = new URL(url).searchParams.get("prefix")!;
    await using opened = await openRedisBackend(url);
    const { backend } = opened;
    const redis = new Redis(server.url.replace(/\?.*/, ""));
    const random = createRandom(Number(seed));
    let now = NOW;
    let next = 1;
    let born = 0;
    const make = () => {
      const runAt = random.below(4) === 0 ? now + random.below(50) : now;
      const pool = random.pick(["default", "default", "gpu"]);
      return job(next++, { lane: `lane ${random.below(8)}`, pool, runAt, storedAt: now });
    };
    const entryOf = () => (random.below(2) === 0 ? entry(make()) : keyed(String(random.below(200)), make(), make()));
    const hands = new Map<Session, JobRecord[]>();
    const open = () => {
      const session = createSession(backend, `session ${++born}`);
      hands.set(session, []);
      return session;
    };
    const verdict = (one: JobRecord): End =>
      random.pick([
        () => done(one),
        () => done(one, entryOf()),
        () => retry(one, now + random.below(30)),
        () => release(one, now - 5 + random.below(30)),
        () => dead(one, entryOf()),
      ])();
    const running = new Map<number, JobRecord>();

    async function turn(session: Session) {
      const held = hands.get(session)!;
      const ends = held.splice(0, random.below(held.length + 1)).map(verdict);
      const adds = random.list(random.below(3), entryOf);
      const victim = random.below(15) === 0 ? random.pick([...hands.keys()]) : session;
      const reap = victim === session ? [] : [{ id: victim.id, beats: victim.beats }];
      const letters = random.below(5) === 0 ? await backend.deadList(2) : [];
      const writes = letters.map(({ id }) => ({ id, kind: random.pick(["retry", "discard"] as const) }));
      const leave = random.below(20) === 0;
      const pools = random.pick([null, null, ["default"], ["gpu", "default"]]);
      const direct = random.below(3);
      const claim = random.below(4);
      const suspect = random.below(2) === 0;
      const outcome = await session.apply({
        now,
        ends,
        adds,
        reap,
        dead: writes,
        leave,
        pools,
        direct,
        claim,
        suspect,
      });
      expect(outcome.alive).toBe(true);
      for (const { job: id } of ends) running.delete(id);
      if (reap.length > 0) {
        for (const { id } of hands.get(victim)!) running.delete(id);
        hands.delete(victim);
      }
      const specs = new Map(adds.flatMap(({ jobs }) => jobs.map((spec) => [spec.id, spec] as const)));
      const got = [...outcome.direct.map((id) => specs.get(id) as JobRecord), ...outcome.claimed];
      for (const one of got) {
        for (const other of running.values()) expect(other.lane).not.toBe(one.lane);
        running.set(one.id, one);
        held.push(one);
      }
      if (leave) {
        for (const { id } of held) running.delete(id);
        hands.delete(session);
      }
    }

    for (let round = 0; round < 250; round++) {
      if (hands.size < 3) open();
      await turn(random.pick([...hands.keys()]));
      now += random.below(8);
      if (round % 5 > 0) continue;
      for (const [lane, places] of await placesOf(redis, prefix)) expect([lane, ...places]).toHaveLength(2);
    }

    const last = open();
    const reap = [...hands.keys()].filter((session) => session !== last).map(({ id, beats }) => ({ id, beats }));
    let outcome = await last.apply({ reap });
    for (let round = 0; round < 500 && outcome.pending > 0; round++) {
      now += 20;
      outcome = await last.apply({ now, ends: outcome.claimed.map((one) => done(one)), claim: 50, suspect: true });
    }
    expect(outcome.pending).toBe(0);
    const letters = await backend.deadList(1000);
    await last.apply({ dead: letters.map(({ id }) => ({ id, kind: "discard" })), leave: true });
    await backend.sweep(now);
    const [line] = await backend.ledger();
    expect(line).toMatchObject({ dead: 0, inFlight: 0, received: line!.done + line!.discarded });
    const left = [...(await keysOf(redis, prefix)).keys()].sort();
    expect(left).toEqual(["ledger", "meta", "seen", "session"]);
    for (const kind of ["seen", "session"]) {
      for (const name of (await keysOf(redis, prefix)).get(kind)!) {
        expect([name, (await redis.pttl(`{${prefix}}:${kind}:${name}`)) > 72 * 3_600_000]).toEqual([name, true]);
      }
    }
    redis.disconnect();
  },
);
