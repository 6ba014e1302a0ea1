import { describe, expect, test } from "vitest";
import { type OutgoingReply, RateLimitError } from "../../src/core/index.ts";
import { eventually, START, turn } from "../storage/desk.ts";
import { gate, hearing, openBot, type Platform, type PlatformOptions, platform, plugin } from "./stage.ts";

const at = (id: string, thread?: string) => ({
  conversation: { adapter: "test", id, isDirect: true, ...(thread === undefined ? {} : { thread }) },
});
const echo = hearing("p", "hi", (ctx) => ctx.reply(ctx.message.text));
const timesOf = ({ posts }: Platform) => posts.map(({ text, at }) => [text, at - START]);
const limits = { textLength: 4000, ackSeconds: 3, inlineAck: false };

describe("order", () => {
  test("replies of a handler that awaits them all at once leave one after another", async () => {
    let calls = 0;
    let most = 0;
    const test = platform("test", {
      async before() {
        most = Math.max(most, ++calls);
        for (let n = 0; n < 5 - calls; n++) await turn();
        calls -= 1;
      },
    });
    const p = hearing("p", "hi", (ctx) => Promise.all(["1", "2", "3", "4"].map((text) => ctx.reply(text))));
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    expect(test.texts).toEqual(["1", "2", "3", "4"]);
    expect(most).toBe(1);
  });

  test("two plugins in one conversation speak one after another, in two conversations side by side", async () => {
    const door = gate();
    const test = platform("test", { before: ({ text }) => (text === "slow" ? door.opened : undefined) });
    const slow = hearing("slow", "hi", (ctx) => ctx.reply("slow"));
    await using stage = await openBot(
      [slow, plugin("fast", (bot) => bot.hears(["hi", "yo"], (ctx) => ctx.reply("fast")))],
      {
        adapters: [test],
      },
    );
    await stage.hear("hi", at("a"));
    await stage.hear("yo", at("b"));
    await stage.hear("yo", at("a", "another thread"));
    await eventually("the others have spoken", () => test.texts.length === 2);
    expect(test.posts.map(({ to }) => to.id + (to.thread ?? ""))).toEqual(["b", "aanother thread"]);
    door.open();
    await stage.settle();
    expect(test.texts).toEqual(["fast", "fast", "slow", "fast"]);
  });

  test("a long text is sent whole, in posts that are short enough, each a step of its own", async () => {
    const test = platform("test", { limits: { ...limits, textLength: 50 } });
    const text = Array.from({ length: 60 }, (_, n) => `word${n}`).join(" ");
    const p = hearing("p", "hi", async (ctx) => {
      await ctx.reply({ text, buttons: [{ id: "b", label: "B" }] });
      if (ctx.attempt === 1) throw new Error("no");
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(5000);
    await stage.settle();
    expect(test.texts.join(" ").split(/\s+/)).toEqual(text.split(" "));
    for (const post of test.texts) expect(post.length).toBeLessThanOrEqual(50);
    expect(new Set(test.posts.map(({ ref }) => ref)).size).toBe(test.posts.length);
  });
});

describe("rate limits", () => {
  function limited(times: number, retryAfter: number, more: PlatformOptions = {}) {
    let calls = 0;
    return platform("test", {
      before(_, { id }) {
        if (id === "a" && ++calls <= times) throw new RateLimitError("slow down", { retryAfter });
      },
      ...more,
    });
  }

  test("hold up one destination, its threads too, use no attempt and no time of the handler", async () => {
    const test = limited(1, 30_000);
    const p = hearing("p", "hi", (ctx) => ctx.reply(`${ctx.message.text} ${ctx.attempt}`), { timeout: "10s" });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi a", at("a"));
    await eventually("it runs", () => stage.traces.some(({ stage }) => stage === "running"));
    await turn();
    await stage.hear("hi thread", at("a", "t"));
    await stage.hear("hi b", at("b"));
    await eventually("the other has spoken", () => test.texts.length === 1);
    await stage.advance(29_999);
    expect(timesOf(test)).toEqual([["hi b 1", 0]]);
    await stage.advance(1);
    await stage.settle();
    expect(timesOf(test)).toEqual([
      ["hi b 1", 0],
      ["hi a 1", 30_000],
      ["hi thread 1", 30_000],
    ]);
  });

  test("that are long give the job back to its lane, and its attempt does not count", async () => {
    const test = limited(1, 600_000);
    const p = hearing("p", "hi", async (ctx) => {
      await ctx.send({ adapter: "test", id: "log", isDirect: false }, "said before");
      await ctx.reply(`${ctx.attempt}`);
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi", at("a"));
    await stage.settle();
    expect(stage.traces.at(-1)?.stage).toBe("released");
    await stage.advance(599_999);
    expect(test.texts).toEqual(["said before"]);
    await stage.advance(1);
    await stage.settle();
    expect(test.texts).toEqual(["said before", "1"]);
  });

  test("more waiting handlers than may run at once do not stall other conversations", async () => {
    const test = limited(100, 30_000);
    await using stage = await openBot([echo], { adapters: [test], concurrency: 3 });
    for (let n = 0; n < 20; n++) await stage.hear(`hi ${n}`, at("a", `t${n}`));
    await stage.hear("hi other", at("b"));
    await eventually("the other has spoken", () => test.texts.length === 1);
    expect(test.texts).toEqual(["hi other"]);
    await stage.advance(0);
    expect(stage.storage.pending()).toBe(20);
  });

  test("a pace is kept: a burst, then one at a time", async () => {
    const test = platform("test", { limits: { ...limits, pace: { burst: 2, perSecond: 0.5 } } });
    await using stage = await openBot([echo], { adapters: [test] });
    for (let n = 0; n < 4; n++) await stage.hear(`hi ${n}`, at("a", `t${n}`));
    await stage.hear("hi b", at("b"));
    await eventually("the burst is out", () => test.texts.length === 3);
    await stage.advance(10_000);
    await stage.settle();
    expect(timesOf(test)).toEqual([
      ["hi 0", 0],
      ["hi 1", 0],
      ["hi b", 0],
      ["hi 2", 2000],
      ["hi 3", 4000],
    ]);
  });
});

describe("streams", () => {
  const letters = (more: (n: number) => Promise<unknown>) =>
    async function* () {
      for (let n = 0; n < 26; n++) {
        await more(n);
        yield String.fromCharCode(97 + n);
      }
    };
  const all = "abcdefghijklmnopqrstuvwxyz";

  function editing(textLength = 4000) {
    const shown = new Map<string, string>();
    const edits: number[] = [];
    const test: Platform = platform("test", {
      limits: { ...limits, textLength },
      before: ({ text }: OutgoingReply, _, take) => {
        take();
        shown.set(`post ${test.posts.length}`, text);
      },
      async edit({ id }, { text }) {
        edits.push(test.host.clock.now() - START);
        shown.set(id, text);
      },
    });
    return { test, shown, edits };
  }

  test("grow by about one edit a second, to the last character", async () => {
    const { test, shown, edits } = editing();
    const door = Array.from({ length: 26 }, () => gate());
    const p = hearing("p", "hi", (ctx) => ctx.stream(letters((n) => door[n]!.opened)()));
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    for (const { open } of door) {
      open();
      await stage.advance(400);
    }
    await stage.settle();
    expect([...shown.values()]).toEqual([all]);
    expect(edits.length).toBeGreaterThan(6);
    expect(edits.length).toBeLessThan(13);
    for (const [n, time] of edits.slice(1, -1).entries()) expect(time - edits[n]!).toBeGreaterThanOrEqual(1000);
  });

  test("are whole after an attempt that failed in the middle, in the same post", async () => {
    const { test, shown } = editing();
    let attempt = 0;
    const p = hearing("p", "hi", (ctx) => {
      attempt = ctx.attempt;
      return ctx.stream(
        letters(async (n) => {
          if (attempt === 1) await new Promise<void>((resolve) => void stage.clock.after(300, resolve));
          if (attempt === 1 && n === 20) throw new Error("the model is gone");
        })(),
      );
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await eventually("it runs", () => attempt === 1);
    await stage.advance(60_000);
    await stage.settle();
    expect(attempt).toBe(2);
    expect([...shown.values()]).toEqual([all]);
  });

  test("make no edit of the handler's own look as if it had been made", async () => {
    const { test, shown } = editing();
    let attempt = 0;
    const p = hearing("p", "hi", async (ctx) => {
      attempt = ctx.attempt;
      // Slow at first: more edits of its own than in the next attempt.
      const wait = () => new Promise<void>((resolve) => void stage.clock.after(300, resolve));
      const sent = await ctx.stream(letters(() => (attempt === 1 ? wait() : Promise.resolve()))());
      await sent.edit?.("0");
      if (attempt === 1) throw new Error("no");
      for (let n = 1; n < 20; n++) {
        await sent.edit?.(String(n));
        expect([...shown.values()]).toEqual([String(n)]);
      }
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await eventually("it runs", () => attempt === 1);
    await stage.advance(60_000);
    await stage.settle();
    expect(attempt).toBe(2);
    expect([...shown.values()]).toEqual(["19"]);
    expect(stage.warnings).toHaveLength(1);
  });

  test("that grow too long go on in a further post", async () => {
    const { test, shown } = editing(10);
    const p = hearing("p", "hi", (ctx) => ctx.stream(letters(async () => {})()));
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    expect([...shown.values()].join("")).toBe(all);
    expect(shown.size).toBe(3);
  });

  test("are shown as the handler wants, however the parts fall", async () => {
    const { test, shown } = editing();
    const render = (text: string) => text.replaceAll("bc", "-");
    const p = hearing("p", "hi", (ctx) => ctx.stream(letters(turn)(), { render }));
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    expect([...shown.values()]).toEqual([render(all)]);
  });

  test("are sent as a whole where nothing can be edited", async () => {
    const test = platform("test");
    const p = hearing("p", "hi", (ctx) => ctx.stream(letters(turn)()));
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    expect(test.texts).toEqual([all]);
  });
});
