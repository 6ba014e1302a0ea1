import { describe, expect, test } from "vitest";
import { DeliveryError, HobnobError, RateLimitError } from "../../src/core/index.ts";
import { eventually, START, turn } from "../storage/desk.ts";
import { gate, hearing, keptStorage, openBot, platform, plugin } from "./stage.ts";

describe("a handler that fails", () => {
  test("runs again with growing delays, then becomes a dead letter", async () => {
    const times: number[] = [];
    const options = { attempts: 4, backoff: { delay: "1s", factor: 3, jitter: 0 } } as const;
    const p = hearing(
      "p",
      "hi",
      (ctx) => {
        times.push(stage.clock.now() - START);
        throw new Error(`attempt ${ctx.attempt}`);
      },
      options,
    );
    await using stage = await openBot([p]);
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(3_600_000);
    expect(times).toEqual([0, 1000, 4000, 13_000]);
    const [letter] = await stage.storage.dead.list(9);
    expect(letter).toMatchObject({ plugin: "p", attempts: 4 });
    expect(letter?.errors.map(({ message, attempt }) => `${attempt} ${message}`)).toEqual(
      [1, 2, 3, 4].map((n) => `${n} attempt ${n}`),
    );
    expect(stage.warnings.at(-1)).toContain(`hobnob dead show ${letter?.id}`);
  });

  test("waits no longer than the longest delay", async () => {
    let runs = 0;
    const options = { backoff: { delay: "1m", factor: 100, max: "2m", jitter: 0 } } as const;
    const p = hearing(
      "p",
      "hi",
      () => {
        runs += 1;
        throw new Error("no");
      },
      options,
    );
    await using stage = await openBot([p]);
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(60_000 + 2 * 120_000);
    expect(runs).toBe(4);
  });

  test("can say when, or that it is of no use", async () => {
    const times: number[] = [];
    const p = hearing("p", "hi", (ctx) => {
      times.push(stage.clock.now() - START);
      if (ctx.attempt === 1) throw new HobnobError("X", "later", { retryAfter: 77_000 });
      throw new HobnobError("X", "never", { permanent: true });
    });
    await using stage = await openBot([p]);
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(3_600_000);
    expect(times).toEqual([0, 77_000]);
    expect(await stage.storage.dead.list(9)).toMatchObject([{ attempts: 2 }]);
  });

  test("holds up its own conversation, nobody else's", async () => {
    const test = platform("test");
    let fails = true;
    const p = hearing("p", "hi", (ctx) => {
      if (fails && ctx.message.conversation.id === "a") throw new Error("no");
      return ctx.reply(ctx.message.text);
    });
    await using stage = await openBot([p], { adapters: [test] });
    const at = (id: string) => ({ conversation: { adapter: "test", id, isDirect: true } });
    await stage.hear("hi 1", at("a"));
    await stage.hear("hi 2", at("a"));
    await stage.hear("hi 3", at("b"));
    await stage.settle();
    expect(test.texts).toEqual(["hi 3"]);
    fails = false;
    await stage.advance(2000);
    expect(test.texts).toEqual(["hi 3", "hi 1", "hi 2"]);
  });

  test("does not repeat what it has said and done", async () => {
    const test = platform("test");
    const did: string[] = [];
    const p = hearing("p", "hi", async (ctx) => {
      await ctx.reply("one");
      const n = await ctx.once("roll", () => did.push("rolled"));
      await ctx.reply(`two ${n}`);
      if (ctx.attempt < 3) throw new Error("no");
      await ctx.reply("three");
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(60_000);
    expect(test.texts).toEqual(["one", "two 1", "three"]);
    expect(did).toEqual(["rolled"]);
    expect(new Set(test.posts.map(({ ref }) => ref)).size).toBe(3);
  });

  test("is given the same by `once` as the first attempt was", async () => {
    const given: unknown[] = [];
    const p = hearing("p", "hi", async (ctx) => {
      given.push([
        await ctx.once("date", () => new Date(START)),
        await ctx.once("nothing", () => undefined),
        await ctx.once("list", () => [undefined, new Map([[1, 2]])]),
      ]);
      if (ctx.attempt === 1) throw new Error("no");
    });
    await using stage = await openBot([p]);
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(60_000);
    const kept = [new Date(START).toISOString(), null, [null, {}]];
    expect(given).toEqual([kept, kept]);
  });

  test("is taken up from the dead where it was, with nothing said twice", async () => {
    const test = platform("test");
    let isMended = false;
    const p = hearing("p", "hi", async (ctx) => {
      await ctx.reply("one");
      if (!isMended) throw new HobnobError("X", "no", { permanent: true });
      await ctx.reply("two");
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    isMended = true;
    await stage.storage.dead.retry((await stage.storage.dead.list(1))[0]!.id);
    await stage.settle();
    expect(test.texts).toEqual(["one", "two"]);
  });

  test("one that uses a key of `once` twice is told so", async () => {
    const p = hearing("p", "hi", async (ctx) => {
      await ctx.once("k", () => 1);
      await ctx.once("k", () => 2);
    });
    await using stage = await openBot([p]);
    await stage.hear("hi");
    await stage.settle();
    expect((await stage.storage.dead.list(9))[0]?.errors).toMatchObject([{ code: "ONCE_TWICE" }]);
  });
});

describe("a handler that takes too long", () => {
  test("has its signal aborted, and its job runs again", async () => {
    const reasons: unknown[] = [];
    const p = hearing(
      "p",
      "hi",
      (ctx) => {
        if (ctx.attempt > 1) return;
        const { signal } = ctx;
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            reject(new Error("aborted"));
          });
        });
      },
      { timeout: "5s" },
    );
    await using stage = await openBot([p]);
    await stage.hear("hi");
    await eventually("it runs", () => stage.traces.some(({ stage }) => stage === "running"));
    await stage.advance(4999);
    expect(reasons).toEqual([]);
    await stage.advance(10_000);
    await stage.settle();
    expect(reasons).toHaveLength(1);
    expect(stage.traces.at(-1)).toMatchObject({ stage: "done", attempt: 2 });
    expect(stage.warnings[0]).toMatch(/longer than 5000 ms/);
  });
});

describe("a post in doubt", () => {
  async function run(find: boolean, isThere: boolean) {
    let calls = 0;
    const test = platform("test", {
      before(_reply, _to, take) {
        if (++calls > 1) return;
        if (isThere) take();
        throw new DeliveryError("time-out", { maybeSent: true });
      },
      ...(find
        ? {
            async find(to, { ref }) {
              return test.posts.some((post) => post.ref === ref) ? { id: "found", conversation: to } : undefined;
            },
          }
        : {}),
    });
    await using stage = await openBot([hearing("p", "hi", (ctx) => ctx.reply("hello"))], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(5000);
    await stage.settle();
    const posts = stage.traces.filter(({ stage }) => stage === "sent" || stage === "found");
    return {
      texts: test.texts,
      doubts: (await stage.storage.doubts(9)).map(({ outcome }) => outcome),
      road: posts.map(({ stage, message }) => `${stage} ${message}`),
    };
  }

  test("that the platform has is not sent again", async () => {
    expect(await run(true, true)).toEqual({ texts: ["hello"], doubts: ["found"], road: ["found found"] });
  });
  test("that the platform has not is sent again", async () => {
    expect(await run(true, false)).toEqual({ texts: ["hello"], doubts: ["not found"], road: ["sent post 1"] });
  });
  test("is sent again where nobody can look, and that is noted", async () => {
    expect(await run(false, true)).toEqual({
      texts: ["hello", "hello"],
      doubts: ["sent again"],
      road: ["sent post 2"],
    });
  });

  test("that the platform refused for sure is no doubt", async () => {
    let calls = 0;
    const test = platform("test", {
      before() {
        if (++calls === 1) throw new DeliveryError("no", { maybeSent: false });
      },
      find: () => Promise.reject(new Error("not asked")),
    });
    await using stage = await openBot([hearing("p", "hi", (ctx) => ctx.reply("hello"))], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(5000);
    expect(test.texts).toEqual(["hello"]);
    expect(await stage.storage.doubts(9)).toEqual([]);
  });
});

describe("stopping", () => {
  test("a running handler finishes, and what waits stays for the next start", async () => {
    const door = gate();
    const test = platform("test");
    const p = hearing("p", "hi", async (ctx) => {
      await door.opened;
      await ctx.reply(ctx.message.text);
    });
    await using stage = await openBot([p], { adapters: [test] });
    const conversation = { adapter: "test", id: "dm", isDirect: true };
    await stage.hear("hi 1", { conversation });
    await stage.hear("hi 2", { conversation });
    await eventually("it runs", () => stage.traces.some(({ stage }) => stage === "running"));
    const stopping = stage.bot.stop();
    await turn();
    await expect(stage.hear("hi 3")).rejects.toMatchObject({ code: "NOT_RUNNING" });
    door.open();
    await stopping;
    expect(test.texts).toEqual(["hi 1"]);
  });

  test("a slow handler is cut off after the grace, and its attempt does not count", async () => {
    const signals: AbortSignal[] = [];
    const p = hearing("p", "hi", (ctx) => {
      signals.push(ctx.signal);
      return new Promise(() => {});
    });
    await using stage = await openBot([p], { stopTimeout: "3s" });
    await stage.hear("hi");
    await eventually("it runs", () => signals.length === 1);
    const stopping = stage.bot.stop();
    await stage.advance(2999);
    expect(signals[0]?.aborted).toBe(false);
    await stage.advance(1);
    await stopping;
    expect(signals[0]?.aborted).toBe(true);
    expect(stage.traces.at(-1)?.stage).toBe("released");
  });

  test("nothing ticks on, and a second stop is no error", async () => {
    const p = plugin("p", (bot) => bot.every("10m", () => {}));
    const stage = await openBot([p]);
    await Promise.all([stage.bot.stop(), stage.bot.stop()]);
    expect(stage.clock.step(START + 1e9)).toBe(false);
  });

  test("an event that comes in with the stop is answered after the next start, by a first attempt", async () => {
    const test = platform("test");
    const attempts: number[] = [];
    const p = hearing("p", "hi", (ctx) => {
      attempts.push(ctx.attempt);
      return ctx.reply("hello");
    });
    const kept = await keptStorage();
    const first = await openBot([p], { adapters: [test], storage: kept.storage });
    await first.hear("hi");
    await first.bot.stop();
    for (let n = 0; n < 5; n++) await turn();
    expect(attempts).toEqual([]);
    await using second = await openBot([p], { adapters: [test], storage: kept.storage });
    await second.settle();
    expect(attempts).toEqual([1]);
    expect(test.texts).toEqual(["hello"]);
    await kept.end();
  });

  test("a schedule whose job is being stored at the stop goes no further", async () => {
    const stage = await openBot([plugin("p", (bot) => bot.every("1m", () => {}))]);
    while (stage.clock.step(START + 60_000));
    await stage.bot.stop();
    for (let n = 0; n < 5; n++) await turn();
    expect(stage.clock.step(START + 1e9)).toBe(false);
  });
});

test("a rate limit that a handler throws itself uses no attempt", async () => {
  let runs = 0;
  const p = hearing("p", "hi", (ctx) => {
    expect(ctx.attempt).toBe(1);
    if (++runs < 12) throw new RateLimitError("no", { retryAfter: 120_000 });
  });
  await using stage = await openBot([p]);
  await stage.hear("hi");
  await stage.settle();
  await stage.advance(11 * 120_000);
  await stage.settle();
  expect(runs).toBe(12);
  expect(await stage.storage.dead.list(9)).toEqual([]);
});

describe("a job that nobody could do", () => {
  test("is told to the person, once, and can be told again after another try", async () => {
    const test = platform("test");
    const p = hearing("p", "draw", () => Promise.reject(new Error("no paint")), {
      attempts: 2,
      ack: "One moment.",
      failed: (ctx) => ctx.reply(`Sorry, no picture of "${ctx.message.text}".`),
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("draw a cat");
    await stage.settle();
    await stage.advance(60_000);
    await stage.settle();
    expect(test.texts).toEqual(["One moment.", 'Sorry, no picture of "draw a cat".']);
    expect((await stage.storage.dead.list(9)).map(({ handler }) => handler)).toEqual(["hears:draw"]);
  });

  test("is told with what it was deferred with", async () => {
    const test = platform("test");
    const p = plugin("p", (bot) => {
      const draw = bot.job<{ seed: number }>("draw", () => Promise.reject(new Error("no")), {
        attempts: 1,
        failed: (ctx) => ctx.reply(`Sorry for ${ctx.payload.seed}.`),
      });
      bot.hears("draw", (ctx) => ctx.defer(draw, { seed: 7 }));
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("draw");
    await stage.settle();
    expect(test.texts).toEqual(["Sorry for 7."]);
  });

  test("dies once more, and alone, when a person has emptied it meanwhile", async () => {
    const test = platform("test");
    const fails = { attempts: 1, failed: () => {} };
    const p = hearing("p", "draw", () => Promise.reject(new Error("no paint")), fails);
    await using stage = await openBot([p, hearing("other", "hi", (ctx) => ctx.reply("hello"))], { adapters: [test] });
    await stage.hear("draw");
    await stage.settle();
    const [letter] = await stage.storage.dead.list(9);
    await stage.storage.dead.edit(letter!.id, null);
    await stage.storage.dead.retry(letter!.id);
    await stage.settle();
    await stage.hear("hi");
    await stage.settle();
    expect((await stage.storage.dead.list(9)).map(({ handler }) => handler)).toEqual(["hears:draw"]);
    expect(test.texts).toEqual(["hello"]);
  });
});
