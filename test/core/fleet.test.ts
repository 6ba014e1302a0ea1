import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bot, createBot, type Log, type Plugin, RateLimitError, type Storage } from "../../src/core/index.ts";
import { postgres } from "../../src/storage/postgres/index.ts";
import { redis } from "../../src/storage/redis/index.ts";
import { openPostgres } from "../servers/postgres.ts";
import { openRedis } from "../servers/redis.ts";
import { eventually } from "../storage/desk.ts";
import { gate, hearing, message, type Platform, type PlatformOptions, platform, plugin } from "./stage.ts";

interface Server {
  /** Storages of several processes on the same data. */
  place(): () => Storage;
  stop(): Promise<void>;
  restart(): Promise<void>;
  dispose(): Promise<void>;
}

const LEASE = "1s";

const SERVERS: readonly (readonly [string, () => Promise<Server>])[] = [
  [
    "postgres",
    async () => {
      const server = await openPostgres({ own: true });
      const { stop, restart, dispose } = server;
      const place = () => {
        const url = server.another();
        return () => postgres({ url, lease: LEASE });
      };
      return { place, stop, restart, dispose };
    },
  ],
  [
    "redis",
    async () => {
      const server = await openRedis("maxclients", "100");
      const { kill, restart, dispose } = server;
      const place = () => {
        const url = server.another();
        return () => redis({ url, lease: LEASE });
      };
      return { place, stop: kill, restart, dispose };
    },
  ],
];

interface Node extends AsyncDisposable {
  readonly bot: Bot;
  readonly test: Platform;
  readonly said: readonly string[];
}

interface NodeOptions extends PlatformOptions {
  readonly plugins: readonly Plugin[];
  readonly role?: "start" | "serve" | "work";
  readonly pools?: readonly string[];
  readonly name?: string;
}

async function openNode(
  storage: Storage,
  { plugins, role = "start", pools, name = "moe", ...more }: NodeOptions,
): Promise<Node> {
  const said: string[] = [];
  const tell = (_: object, sentence: string) => void said.push(sentence);
  const log: Log = { debug() {}, info: tell, warn: tell, error: tell };
  const test = platform("test", more);
  const bot = createBot({ name, storage, adapters: [test], plugins }, { log, role, ...(pools && { pools }) });
  await bot.start();
  return { bot, test, said, [Symbol.asyncDispose]: () => bot.stop() };
}

const hear = ({ test }: Node, text: string, id: string) =>
  test.host.receive(message(text, { conversation: { adapter: "test", id, isDirect: true } }));

/** Says in a conversation what it hears there, in the pool of that name. */
const inPool = (pool: string) => hearing(`in-${pool}`, pool, (ctx) => ctx.reply(ctx.message.text), { pool });

const heldJobs = async (storage: Storage) =>
  (await storage.jobs(100)).filter(({ state, lastError }) => state === "retrying" && lastError === undefined);

describe.each(SERVERS)("two bots on one storage, %s", (_, open) => {
  let server: Server;
  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server.dispose());

  test("keep one pace at a destination, and each conversation its order", async () => {
    // A token in ten minutes: what gets none goes back to its lane at once.
    const limits = { textLength: 100, ackSeconds: 3, inlineAck: false, pace: { burst: 3, perSecond: 1 / 600 } };
    const at = server.place();
    const plugins = [inPool("a"), inPool("b")];
    const storage = at();
    await using one = await openNode(storage, { plugins, limits, pools: ["a"] });
    await using other = await openNode(at(), { plugins, limits, pools: ["b"] });
    for (const text of ["a 1", "b 1", "a 2", "b 2", "b 3"]) await hear(one, text, "c");
    await eventually("the others have to wait", async () => {
      const [jobs, held] = await Promise.all([storage.jobs(9), heldJobs(storage)]);
      const lanes = new Set(jobs.map(({ lane }) => lane));
      return jobs.length === 2 && held.length === lanes.size;
    });
    expect(one.test.texts.length + other.test.texts.length).toBe(3);
    for (const { test } of [one, other]) expect(test.texts).toEqual(test.texts.toSorted());
    // Another destination has tokens of its own.
    await hear(one, "b elsewhere", "d");
    await eventually("it is said", () => other.test.texts.includes("b elsewhere"));
  });

  test.each([
    ["account", "d"],
    ["conversation", "c"],
  ] as const)("both wait when the platform pauses the %s", async (scope, place) => {
    const before = () => {
      throw new RateLimitError("slow down", { retryAfter: 600_000, scope });
    };
    const at = server.place();
    const plugins = [inPool("a"), inPool("b")];
    const storage = at();
    await using one = await openNode(storage, { plugins, pools: ["a"], before });
    let calls = 0;
    await using other = await openNode(at(), { plugins, pools: ["b"], before: () => (calls += 1) });
    await hear(one, "a", "c");
    await eventually("it has to wait", async () => (await heldJobs(storage)).length === 1);
    await hear(one, "b", place);
    await eventually("the other has to wait", async () => (await heldJobs(storage)).length === 2);
    await hear(one, "b free", scope === "account" ? "d" : "another");
    if (scope === "account") await eventually("this too", async () => (await storage.jobs(9)).length === 3);
    else await eventually("it is said", () => other.test.texts.length === 1);
    expect(calls).toBe(scope === "account" ? 0 : 1);
  });

  test("warn of a bot with another name, and of plugins that differ", async () => {
    const at = server.place();
    await using one = await openNode(at(), { plugins: [inPool("a"), hearing("p", "x", () => {})] });
    {
      await using _other = await openNode(at(), { plugins: [inPool("a"), hearing("p", "y", () => {})] });
      await using _barney = await openNode(at(), { plugins: [], name: "barney" });
      const ofNodes = () => one.said.filter((line) => line.startsWith("Node ")).toSorted();
      await eventually("it has noticed", () => ofNodes().length >= 2);
      expect(ofNodes()).toEqual([
        expect.stringMatching(
          /^Node barney@\S+ \(pid \d+, start\) is of another bot than `moe`, and shares its storage/,
        ),
        expect.stringMatching(/^Node moe@\S+ \(pid \d+, start\) runs plugin `p` differently\. Deploy the same/),
      ]);
    }
    await eventually("both are gone", () => one.said.filter((line) => line.endsWith("is gone.")).length === 2);
  });

  test("a job whose handler only the other has is done there, without an attempt of the first", async () => {
    const at = server.place();
    const attempts: number[] = [];
    const p = hearing("p", "hi", (ctx) => void attempts.push(ctx.attempt));
    await using fresh = await openNode(at(), { plugins: [p], role: "serve" });
    await using old = await openNode(at(), { plugins: [], role: "work" });
    await hear(fresh, "hi", "c");
    await eventually("it is left to others", () => old.said.some((line) => line.includes("left to others")));
    await using _worker = await openNode(at(), { plugins: [p], role: "work" });
    await eventually("it is done", () => attempts.length > 0);
    expect(attempts).toEqual([1]);
    expect(old.said.filter((line) => line.includes("left to others"))).toHaveLength(1);
  });

  test("with the same handlers, a job that names none of them dies", async () => {
    const at = server.place();
    const storage = at();
    const plugins = [plugin("p", (bot) => bot.hears("hi", () => {}))];
    await using _one = await openNode(storage, { plugins });
    await using _other = await openNode(at(), { plugins });
    await storage.add({
      jobs: [{ ...{ lane: "l", pool: "default", adapter: "test" }, plugin: "p", handler: "gone", payload: {} }],
    });
    await eventually("it is dead", async () => (await storage.dead.list(9)).length === 1);
    expect((await storage.dead.list(1))[0]?.errors.at(-1)).toMatchObject({ code: "HANDLER_GONE" });
  });

  test("who takes webhooks runs no handler and no schedule, and who works hears nothing", async () => {
    const at = server.place();
    const ran: string[] = [];
    const plugins = [
      plugin("p", (bot) => {
        bot.hears("hi", () => void ran.push("hears"));
        bot.webhook("/p", () => new Response("ok"));
      }),
    ];
    const storage = at();
    await using serve = await openNode(storage, { plugins, role: "serve", paths: ["/test"] });
    await using work = await openNode(at(), { plugins, role: "work", paths: ["/test"], pools: ["none"] });
    expect([serve.test.host.receives, work.test.host.receives]).toEqual([true, false]);
    expect([serve.bot.serves("/p"), serve.bot.serves("/test")]).toEqual([true, true]);
    expect([work.bot.serves("/p"), work.bot.serves("/test")]).toEqual([false, false]);
    await Promise.all([serve.bot.ready(), work.bot.ready()]);
    await hear(serve, "hi", "c");
    expect(await storage.jobs(9)).toMatchObject([{ state: "waiting", attempt: 0 }]);
    expect(ran).toEqual([]);
    expect(storage.fleet?.nodes().find(({ isSelf }) => isSelf)).toMatchObject({ role: "serve", bot: "moe" });
  });

  test("what is to run at a time runs once, whoever is there", async () => {
    const at = server.place();
    const storage = at();
    const second = () => Math.floor(Date.now() / 1000);
    const begun = second();
    let ran = 0;
    const plugins = [plugin("p", (bot) => bot.every("1s", () => ++ran))];
    await using _one = await openNode(storage, { plugins });
    await using _other = await openNode(at(), { plugins });
    await using _third = await openNode(at(), { plugins, role: "serve" });
    await eventually("it has run twice", () => ran >= 2);
    const counted = ran;
    const { received } = (await storage.ledger()).find((line) => line.plugin === "p")!;
    expect(received).toBeGreaterThanOrEqual(counted);
    expect(received).toBeLessThanOrEqual(second() - begun);
  });

  test("a handler that outlives an outage of the storage says its answer once, in its first attempt", async () => {
    const door = gate();
    const attempts: number[] = [];
    const p = hearing("p", "hi", async (ctx) => {
      attempts.push(ctx.attempt);
      await door.opened;
      await ctx.reply("hello");
    });
    await using one = await openNode(server.place()(), { plugins: [p] });
    await hear(one, "hi", "c");
    await eventually("it runs", () => attempts.length === 1);
    await server.stop();
    // Longer than the lease: nobody knows now who has the job.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    door.open();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(one.test.texts).toEqual([]);
    await server.restart();
    await eventually("it is said", () => one.test.texts.length > 0);
    await eventually("it is done", async () => (await one.bot.storage.jobs(9)).length === 0);
    expect([one.test.texts, attempts]).toEqual([["hello"], [1]]);
  });
});
