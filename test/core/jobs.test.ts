import { describe, expect, test } from "vitest";
import { DeliveryError, type Event, HobnobError, type Storage } from "../../src/core/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { createFakeClock } from "../../src/testing/clock.ts";
import { eventually, HOUR, START, turn } from "../storage/desk.ts";
import { hearing, keptStorage, openBot, platform, plugin } from "./stage.ts";

const place = { adapter: "test", id: "c1", isDirect: false };

describe("defer", () => {
  test("queues a job with its payload, the event, and its delay", async () => {
    const test = platform("test");
    const p = plugin("p", (bot) => {
      const job = bot.job<{ n: number }, Event>("later", (ctx) =>
        ctx.reply(`later ${ctx.payload.n} to ${ctx.event.author.id}`),
      );
      bot.hears("hi", (ctx) => {
        const payload = { n: 1 };
        ctx.defer(job, payload, { delay: "1h" });
        payload.n = 2;
      });
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(3_599_999);
    expect(test.texts).toEqual([]);
    await stage.advance(1);
    await stage.settle();
    expect(test.texts).toEqual(["later 1 to ada"]);
  });

  test("of a handler that fails queues nothing, of the attempt that succeeds once", async () => {
    let runs = 0;
    const p = plugin("p", (bot) => {
      const job = bot.job("later", () => void runs++);
      bot.hears("hi", (ctx) => {
        ctx.defer(job, undefined);
        if (ctx.attempt < 3) throw new Error("no");
      });
    });
    await using stage = await openBot([p]);
    await stage.hear("hi");
    await stage.settle();
    expect(runs).toBe(0);
    await stage.advance(60_000);
    await stage.settle();
    expect(runs).toBe(1);
  });

  test("to a pool that nobody serves waits until somebody does", async () => {
    const { storage, end } = await keptStorage();
    const p = plugin("p", (bot) => {
      const job = bot.job("draw", (ctx) => ctx.reply("drawn"), { pool: "gpu" });
      bot.hears("draw", (ctx) => ctx.defer(job, undefined, { lane: "drawing" }));
      bot.hears("hi", (ctx) => ctx.reply("hello"));
    });
    {
      const test = platform("test");
      await using stage = await openBot([p], { storage, adapters: [test], pools: ["default"] });
      await stage.hear("draw");
      await stage.hear("hi");
      await eventually("the other is answered", () => test.texts.length === 1);
      await eventually("one job is left", async () => (await storage.jobs(10)).length === 1);
      expect(await storage.jobs(10)).toMatchObject([
        { handler: "job:draw", pool: "gpu", state: "waiting", attempt: 0 },
      ]);
    }
    const test = platform("test");
    await using stage = await openBot([p], { storage, adapters: [test] });
    await stage.settle();
    expect(test.texts).toEqual(["drawn"]);
    await end();
  });

  test("under a key queues once, in a lane one after another", async () => {
    const order: string[] = [];
    const p = plugin("p", (bot) => {
      const job = bot.job<string>("later", async (ctx) => {
        order.push(`begin ${ctx.payload}`);
        await turn();
        order.push(`end ${ctx.payload}`);
      });
      bot.hears("hi", (ctx) => {
        ctx.defer(job, "a", { key: "k", lane: "l" });
        ctx.defer(job, "twin", { key: "k", lane: "l" });
        ctx.defer(job, "b", { lane: "l" });
      });
    });
    await using stage = await openBot([p]);
    await stage.hear("hi");
    await stage.settle();
    expect(order).toEqual(["begin a", "end a", "begin b", "end b"]);
  });

  test.each([
    ["a payload that is not JSON", 1n, {}],
    ["bytes", { data: new Uint8Array(3) }, {}],
    ["a delay that is none", 1, { delay: "soon" }],
  ])("refuses %s for good", async (_, payload, options) => {
    const p = plugin("p", (bot) => {
      const job = bot.job<unknown>("later", () => {});
      bot.hears("hi", (ctx) => ctx.defer(job, payload, options as never));
    });
    await using stage = await openBot([p]);
    await stage.hear("hi");
    await stage.settle();
    expect((await stage.storage.dead.list(1))[0]?.errors).toMatchObject([{ code: "JOB_PAYLOAD" }]);
  });

  test("finds a job by the name it was given, and two of one name apart", async () => {
    const ran: string[] = [];
    let defer: (() => Promise<unknown>) | undefined;
    const p = plugin("p", (bot) => {
      const jobs = [
        bot.job("same", () => void ran.push("first")),
        bot.job("same", () => void ran.push("second")),
        bot.job("new name", () => void ran.push("renamed"), { name: "job:old name" }),
      ];
      defer = () => Promise.all(jobs.map((job) => bot.defer(job, undefined)));
    });
    await using stage = await openBot([p]);
    await defer?.();
    await stage.settle();
    expect(ran.toSorted()).toEqual(["first", "renamed", "second"]);
  });

  test("and send work from outside a handler, durably and once for a key", async () => {
    const test = platform("test");
    let bot_: Parameters<Parameters<typeof plugin>[1]>[0] | undefined;
    const p = plugin("p", (bot) => {
      bot_ = bot;
    });
    await using stage = await openBot([p], { adapters: [test] });
    expect(await bot_!.send(place, "news", { key: "k" })).toBe(true);
    expect(await bot_!.send(place, "news", { key: "k" })).toBe(false);
    expect(await bot_!.send(place, "more", { delay: "1m" })).toBe(true);
    await stage.settle();
    expect(test.texts).toEqual(["news"]);
    await stage.advance(60_000);
    await stage.settle();
    expect(test.texts).toEqual(["news", "more"]);
    await stage.bot.stop();
    await expect(bot_!.send(place, "late")).rejects.toMatchObject({ code: "NOT_RUNNING" });
  });

  test("and keep the order of what is sent to one place, and book it there", async () => {
    let calls = 0;
    const test = platform("test", {
      before() {
        if (++calls === 1) throw new DeliveryError("no", { maybeSent: false });
      },
    });
    let bot_: Parameters<Parameters<typeof plugin>[1]>[0] | undefined;
    const p = plugin("p", (bot) => {
      bot_ = bot;
    });
    await using stage = await openBot([p], { adapters: [test] });
    for (const text of ["one", "two", "three"]) await bot_!.send(place, text);
    await bot_!.send({ ...place, id: "c2" }, "elsewhere");
    await stage.settle();
    expect(test.texts).toEqual(["elsewhere"]);
    await stage.advance(60_000);
    await stage.settle();
    expect(test.texts).toEqual(["elsewhere", "one", "two", "three"]);
    expect(await stage.storage.ledger()).toMatchObject([{ adapter: "test", plugin: "p", done: 4 }]);
  });

  test("without a conversation cannot be replied to", async () => {
    let defer: (() => Promise<unknown>) | undefined;
    const p = plugin("p", (bot) => {
      const job = bot.job("j", (ctx) => ctx.reply("to whom?"));
      defer = () => bot.defer(job, undefined);
    });
    await using stage = await openBot([p]);
    await defer?.();
    await stage.settle();
    expect((await stage.storage.dead.list(1))[0]?.errors).toMatchObject([{ code: "NO_CONVERSATION" }]);
  });
});

describe("every", () => {
  async function times(when: string, from: string, until: string, timeZone?: string): Promise<string[]> {
    const clock = createFakeClock(Date.parse(from));
    const ran: string[] = [];
    const options = timeZone === undefined ? {} : { timeZone };
    const p = plugin("p", (bot) => bot.every(when, () => void ran.push(new Date(clock.now()).toISOString()), options));
    await using stage = await openBot([p], { clock });
    await stage.advance(Date.parse(until) - Date.parse(from));
    await stage.settle();
    return ran;
  }

  test("an interval falls on its multiples", async () => {
    expect(await times("10m", "2026-01-01T00:03:00Z", "2026-01-01T00:30:00Z")).toEqual([
      "2026-01-01T00:10:00.000Z",
      "2026-01-01T00:20:00.000Z",
      "2026-01-01T00:30:00.000Z",
    ]);
  });

  test("a cron expression follows the clocks of its time zone", async () => {
    expect(await times("0 9 * * *", "2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z", "Europe/Berlin")).toEqual([
      "2026-03-28T08:00:00.000Z",
      "2026-03-29T07:00:00.000Z",
    ]);
    expect(await times("0 9 * * *", "2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z")).toEqual([
      "2026-03-28T09:00:00.000Z",
    ]);
  });

  test.each(["soon", "61 * * * *", "500ms", ""])("refuses %j", async (when) => {
    await expect(openBot([plugin("p", (bot) => bot.every(when, () => {}))])).rejects.toMatchObject({
      code: "HANDLER_OPTIONS",
    });
  });

  test("a time zone that nobody knows is refused", async () => {
    const p = plugin("p", (bot) => bot.every("0 9 * * *", () => {}, { timeZone: "Europe/Atlantis" }));
    await expect(openBot([p])).rejects.toMatchObject({ code: "HANDLER_OPTIONS" });
  });

  test.each(["1m", "* * * * *"])("times missed while the bot was down are made up for once (%s)", async (when) => {
    const clock = createFakeClock(START);
    let runs = 0;
    const p = () => plugin("p", (bot) => bot.every(when, () => void runs++));
    const kept = new Map<string, string>();
    const storage = (): Storage => {
      const inner = memory();
      const open = inner.open;
      return Object.assign(inner, {
        async open(host: Parameters<Storage["open"]>[0]) {
          await open(host);
          for (const [key, value] of kept) await inner.values.set(key, value);
        },
      });
    };
    {
      await using stage = await openBot([p()], { clock, storage: storage() });
      await stage.advance(150_000);
      await stage.settle();
      expect(runs).toBe(2);
      for await (const key of stage.storage.values.keys("every:"))
        kept.set(key, (await stage.storage.values.get(key))!);
    }
    clock.step(START + 100 * 3_600_000 + 30_000);
    await using stage = await openBot([p()], { clock, storage: storage() });
    await stage.settle();
    expect(runs).toBe(3);
    await stage.advance(60_000);
    await stage.settle();
    expect(runs).toBe(4);
  });

  test.each([
    // Ten past noon comes round again, and is not made up for.
    ["back for good", -HOUR, -HOUR, 8],
    ["back for a moment", -HOUR, 0, 9],
    ["forward for a moment", HOUR, 0, 9],
  ])("goes on, each time once, when the machine's time is set %s", async (_, wrongThen, wrongLater, runs) => {
    let wrong = 0;
    const right = createFakeClock(START);
    const clock = { ...right, now: () => right.now() + wrong };
    const ran: number[] = [];
    const p = plugin("p", (bot) => bot.every("10m", () => void ran.push(right.now() - START)));
    await using stage = await openBot([p], { clock });
    const pass = async (minutes: number) => {
      for (let n = 0; n < minutes; n++) await stage.advance(60_000);
      await stage.settle();
    };
    await pass(15);
    expect(ran).toEqual([10 * 60_000]);
    wrong = wrongThen;
    await pass(2);
    wrong = wrongLater;
    await pass(30);
    expect(ran).toHaveLength(4);
    await pass(45);
    expect(ran).toHaveLength(runs);
  });

  test("a machine that slept for hours makes up for it once, within a minute", async () => {
    let slept = 0;
    const right = createFakeClock(START);
    const clock = { ...right, now: () => right.now() + slept };
    let runs = 0;
    const p = plugin("p", (bot) => bot.every("0 15 * * *", () => void runs++));
    await using stage = await openBot([p], { clock });
    await stage.advance(60_000);
    slept = 5 * HOUR;
    await stage.advance(60_000);
    await stage.settle();
    expect(runs).toBe(1);
  });

  test("a job that cannot be stored is tried again", async () => {
    let runs = 0;
    const inner = memory();
    let isFull = true;
    const storage: Storage = Object.create(inner, {
      add: {
        value: (entry: Parameters<Storage["add"]>[0]) =>
          isFull ? Promise.reject(new HobnobError("STORAGE_FULL", "full")) : inner.add(entry),
      },
    });
    await using stage = await openBot([plugin("p", (bot) => bot.every("1m", () => void runs++))], { storage });
    await stage.advance(60_000);
    expect(runs).toBe(0);
    isFull = false;
    await stage.advance(5000);
    await stage.settle();
    expect(runs).toBe(1);
  });
});

describe("when storage fails", () => {
  test("an event is refused, and taken when it comes again", async () => {
    const test = platform("test");
    const inner = memory();
    let isFull = true;
    const storage: Storage = Object.create(inner, {
      add: {
        value: (entry: Parameters<Storage["add"]>[0]) =>
          isFull ? Promise.reject(new HobnobError("STORAGE_FULL", "full")) : inner.add(entry),
      },
    });
    await using stage = await openBot([hearing("p", "hi", (ctx) => ctx.reply("hello"))], { adapters: [test], storage });
    await expect(stage.hear("hi", { key: "k" })).rejects.toMatchObject({ code: "STORAGE_FULL" });
    expect(stage.traces.at(-1)?.stage).toBe("refused");
    isFull = false;
    expect(await stage.hear("hi", { key: "k" })).toMatchObject({ duplicate: false });
    await stage.settle();
    expect(test.texts).toEqual(["hello"]);
  });

  test("at the record of a reply and at the verdict, the reply is not repeated", async () => {
    const inner = memory();
    let lost = 0;
    const storage: Storage = Object.create(inner, {
      saveStep: { value: () => Promise.reject(new HobnobError("STORAGE_FAILED", "no")) },
      work: {
        value: (options: Parameters<Storage["work"]>[0]) =>
          inner.work({
            ...options,
            // The first verdict gets lost, as in a crash: the job is claimed again, in doubt.
            async run(job) {
              const verdict = await options.run(job);
              if (lost++ > 0) return verdict;
              return options.run({ ...job, attempt: 2, inDoubt: true, isHeld: () => true });
            },
          }),
      },
    });
    const test = platform("test", {
      async find(to, { ref }) {
        return test.posts.some((post) => post.ref === ref) ? { id: "found", conversation: to } : undefined;
      },
    });
    await using stage = await openBot([hearing("p", "hi", (ctx) => ctx.reply("hello"))], { adapters: [test], storage });
    await stage.hear("hi");
    await stage.settle();
    expect(test.texts).toEqual(["hello"]);
    expect(await stage.storage.doubts(9)).toMatchObject([{ outcome: "found" }]);
  });
});

test("a job whose handler is gone is a dead letter, and runs when the handler is back", async () => {
  const test = platform("test");
  const { storage: keep, end } = await keptStorage();
  let isDown = true;
  const p = () =>
    hearing("p", "hi", (ctx) => {
      if (isDown) throw new DeliveryError("down", { maybeSent: false, permanent: true });
      return ctx.reply("hello");
    });
  {
    await using stage = await openBot([p()], { adapters: [test], storage: keep });
    await stage.hear("hi");
    await stage.settle();
  }
  const [letter] = await keep.dead.list(1);
  {
    await using stage = await openBot([], { adapters: [test], storage: keep });
    await keep.dead.retry(letter!.id);
    await stage.settle();
    expect((await keep.dead.get(letter!.id))?.errors.at(-1)?.code).toBe("HANDLER_GONE");
  }
  isDown = false;
  await using stage = await openBot([p()], { adapters: [test], storage: keep });
  await keep.dead.retry(letter!.id);
  await stage.settle();
  await eventually("it is answered", () => test.texts.length > 0);
  expect(test.texts).toEqual(["hello"]);
  await end();
});
