import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DeliveryError, HobnobError, RateLimitError } from "../../src/core/index.ts";
import { eventually, turn } from "../storage/desk.ts";
import { gate, hearing, message, openBot, platform, plugin } from "./stage.ts";

// A rejection that nobody hears ends the process.
const unheard: unknown[] = [];
const listen = (reason: unknown) => void unheard.push(reason);
beforeEach(() => {
  unheard.length = 0;
  process.on("unhandledRejection", listen);
});
afterEach(async () => {
  await turn();
  process.off("unhandledRejection", listen);
  expect(unheard).toEqual([]);
});

describe("a plugin that misbehaves harms nobody else", () => {
  test("one that throws is tried again, and the others answer", async () => {
    const test = platform("test");
    let runs = 0;
    const broken = hearing("broken", "hi", () => {
      runs += 1;
      throw new Error("mine");
    });
    await using stage = await openBot([broken, hearing("fine", "hi", (ctx) => ctx.reply("hello"))], {
      adapters: [test],
    });
    await stage.hear("hi");
    await stage.settle();
    expect(test.texts).toEqual(["hello"]);
    await stage.advance(60 * 60_000);
    expect(runs).toBe(8);
    expect(test.texts).toEqual(["hello"]);
    expect(await stage.storage.dead.list(9)).toMatchObject([{ plugin: "broken", attempts: 8 }]);
  });

  test("an `ack` that throws costs its own text only", async () => {
    const test = platform("test");
    const ack = () => {
      throw new Error("mine");
    };
    const broken = hearing("broken", "hi", (ctx) => ctx.reply("late"), { ack });
    await using stage = await openBot([broken, hearing("fine", "hi", (ctx) => ctx.reply("hello"))], {
      adapters: [test],
    });
    expect(await stage.hear("hi")).toMatchObject({ duplicate: false });
    await stage.settle();
    expect(test.texts.toSorted()).toEqual(["hello", "late"]);
    expect(stage.warnings).toEqual([expect.stringContaining("ack")]);
  });

  test("a listener of the trace that throws stops nothing", async () => {
    const test = platform("test");
    await using stage = await openBot([hearing("p", "hi", (ctx) => ctx.reply("hello"))], { adapters: [test] });
    stage.bot.watch(() => {
      throw new Error("mine");
    });
    await stage.hear("hi");
    await stage.settle();
    expect(test.texts).toEqual(["hello"]);
  });

  test("a reply that is not awaited still goes out, before the job is done", async () => {
    const test = platform("test", { before: turn });
    const p = hearing("p", "hi", (ctx) => {
      void ctx.reply("one");
      void ctx.reply("two");
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    expect(test.texts).toEqual(["one", "two"]);
    expect(stage.traces.map(({ stage }) => stage).slice(-3)).toEqual(["sent", "sent", "done"]);
  });

  test("a reply that is not awaited and fails is tried again", async () => {
    let isDown = true;
    const test = platform("test", {
      before() {
        if (isDown) throw new DeliveryError("down", { maybeSent: false });
      },
    });
    await using stage = await openBot([hearing("p", "hi", (ctx) => void ctx.reply("one"))], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    isDown = false;
    await stage.advance(2000);
    expect(test.texts).toEqual(["one"]);
  });

  test("what a handler says after its end is refused and not sent", async () => {
    const test = platform("test");
    const late = gate();
    let refused: unknown;
    const p = hearing("p", "hi", (ctx) => {
      void late.opened
        .then(() => ctx.reply("late"))
        .catch((error: unknown) => {
          refused = error;
        });
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    late.open();
    await eventually("it is refused", () => refused !== undefined);
    expect(refused).toMatchObject({ code: "JOB_ENDED" });
    expect(test.texts).toEqual([]);
  });

  test("what a handler says too late and does not await ends no process", async () => {
    const late = gate();
    const p = hearing("p", "hi", (ctx) => {
      late.opened.then(() => {
        void ctx.reply("late");
        void ctx.once("k", () => 1);
      });
    });
    const test = platform("test");
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    late.open();
    for (let n = 0; n < 5; n++) await turn();
    expect(test.texts).toEqual([]);
    expect(stage.warnings).toEqual([expect.stringMatching(/after its end.*Await every reply/)]);
  });

  test("a defer after the end of the handler is refused, not forgotten", async () => {
    const late = gate();
    let refused: unknown;
    const p = plugin("p", (bot) => {
      const job = bot.job("j", () => {});
      bot.hears("hi", (ctx) => {
        void late.opened
          .then(() => ctx.defer(job, undefined))
          .catch((error: unknown) => {
            refused = error;
          });
      });
    });
    await using stage = await openBot([p]);
    await stage.hear("hi");
    await stage.settle();
    late.open();
    await eventually("it is refused", () => refused !== undefined);
    expect(refused).toMatchObject({ code: "JOB_ENDED" });
  });

  test("a dead letter that was edited into nonsense dies again", async () => {
    const p = hearing("p", "hi", () => {
      throw new HobnobError("X", "no", { permanent: true });
    });
    await using stage = await openBot([p]);
    for (const payload of [null, 5, {}, { event: {} }, { event: { conversation: null } }, []]) {
      await stage.hear("hi");
      await stage.settle();
      const [letter] = await stage.storage.dead.list(1);
      await stage.storage.dead.edit(letter!.id, payload);
      await stage.storage.dead.retry(letter!.id);
      await stage.advance(3_600_000);
      await stage.settle();
      expect(await stage.storage.dead.get(letter!.id)).toBeDefined();
    }
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -5])("a retryAfter of %s is no time", async (retryAfter) => {
    const test = platform("test");
    let runs = 0;
    const p = hearing("p", "hi", (ctx) => {
      if (++runs === 1) throw new HobnobError("X", "no", { retryAfter });
      if (runs === 2) throw new RateLimitError("no", { retryAfter });
      return ctx.reply("at last");
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(60_000);
    expect(test.texts).toEqual(["at last"]);
  });

  test("a rate limit of no time does not spin", async () => {
    let calls = 0;
    const test = platform("test", {
      before() {
        if (++calls < 50) throw new RateLimitError("no", { retryAfter: 0 });
      },
    });
    await using stage = await openBot([hearing("p", "hi", (ctx) => ctx.reply("x"))], { adapters: [test] });
    await stage.hear("hi");
    for (let n = 0; n < 20; n++) await turn();
    expect(calls).toBe(1);
    await stage.advance(60_000);
    expect(test.texts).toEqual(["x"]);
  });

  test.each([
    ["a bigint", 10n],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
  ])("a result of `once` that is not JSON (%s) is a dead letter, and nothing else is held up", async (_, result) => {
    const test = platform("test");
    let runs = 0;
    const p = hearing("p", "big", (ctx) =>
      ctx.once("k", () => {
        runs += 1;
        return result;
      }),
    );
    await using stage = await openBot([p, hearing("q", "hi", (ctx) => ctx.reply("hello"))], { adapters: [test] });
    await stage.hear("big");
    await stage.settle();
    expect(runs).toBe(1);
    expect(await stage.storage.dead.list(9)).toMatchObject([{ plugin: "p" }]);
    await stage.hear("hi");
    await stage.settle();
    expect(test.texts).toEqual(["hello"]);
  });
});

describe("a platform that misbehaves", () => {
  test("a call that never ends holds its conversation no longer than the handler's time", async () => {
    let calls = 0;
    const test = platform("test", { before: () => (++calls === 1 ? new Promise(() => {}) : undefined) });
    const direct = { adapter: "test", id: "dm", isDirect: true };
    const p = hearing("p", "hi", (ctx) => Promise.all([ctx.reply("one"), ctx.reply("two")]), { timeout: "10s" });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi", { conversation: direct });
    await eventually("the call is made", () => calls === 1);
    await stage.advance(30_000);
    expect(test.texts).toEqual(["one", "two"]);
    expect(stage.warnings[0]).toMatch(/longer than 10000 ms/);
  });

  test("a post that was on its way at the time-out is looked for before it is sent again", async () => {
    const answer = gate();
    let calls = 0;
    const found: string[] = [];
    const test = platform("test", {
      async before(_reply, _to, take) {
        if (++calls > 1) return;
        take();
        await answer.opened;
      },
      async find(to, { ref }) {
        found.push(ref);
        const at = test.posts.findIndex((post) => post.ref === ref);
        return at < 0 ? undefined : { id: `post ${at}`, conversation: to };
      },
    });
    await using stage = await openBot([hearing("p", "hi", (ctx) => ctx.reply("once"), { timeout: "5s" })], {
      adapters: [test],
    });
    await stage.hear("hi");
    await eventually("the post is on its way", () => calls === 1);
    await stage.advance(10_000);
    await stage.settle();
    expect(found).toHaveLength(1);
    expect(test.texts).toEqual(["once"]);
    answer.open();
    expect(await stage.storage.doubts(9)).toMatchObject([{ outcome: "found", step: "reply:0" }]);
  });

  test("parts of a long text stay in order when one of them fails", async () => {
    let calls = 0;
    const test = platform("test", {
      limits: { textLength: 10, ackSeconds: 3, inlineAck: false },
      before() {
        if (++calls === 2) throw new DeliveryError("down", { maybeSent: false });
      },
    });
    const text = "aaaa bbbb cccc dddd eeee ffff gggg";
    await using stage = await openBot([hearing("p", "hi", (ctx) => ctx.reply(text))], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(5000);
    expect(test.texts.join("").replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
    expect(new Set(test.texts).size).toBe(test.texts.length);
  });

  test("an adapter whose start ends after another's failed is stopped too", async () => {
    const slow = gate();
    let stops = 0;
    const late = { ...platform("late"), start: () => slow.opened, stop: async () => void stops++ };
    const broken = { ...platform("broken"), start: () => Promise.reject(new Error("no token")) };
    const starting = openBot([], { adapters: [late, broken] });
    const failed = expect(starting).rejects.toThrow("no token");
    await turn();
    slow.open();
    await failed;
    expect(stops).toBe(1);
  });
});

test("a message of one's own is ignored even when it is heard", async () => {
  await using stage = await openBot([hearing("p", "hi", (ctx) => ctx.reply("hi"), { bots: true })]);
  await stage.receive(message("hi", { author: { id: "me", name: "me", isBot: true, isSelf: true } }));
  expect(stage.traces.map(({ stage }) => stage)).toEqual(["received", "ignored"]);
});
