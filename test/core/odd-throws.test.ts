import { expect, test } from "vitest";
import { type Context, type Message, RateLimitError } from "../../src/core/index.ts";
import { eventually, turn } from "../storage/desk.ts";
import { hearing, openBot, platform, plugin } from "./stage.ts";

const circle = () => {
  const body: Record<string, unknown> = {};
  body.self = body;
  return body;
};

test.each<[string, () => unknown]>([
  ["an error without a message", () => Object.assign(new Error("x"), { message: null })],
  ["a class with a field `message`", () => Object.defineProperty(new Error("x"), "message", { value: undefined })],
  ["an object without a prototype", () => /(?<a>.)/.exec("a")!.groups],
  ["an error whose message is a backend's answer", () => Object.assign(new Error("x"), { message: circle() })],
  ["an error whose message is a bigint", () => Object.assign(new Error("x"), { message: 1n })],
  ["nothing", () => undefined],
])("a handler may throw %s", async (_, make) => {
  const there = platform("test");
  const throws = hearing(
    "p",
    "boom",
    () => {
      throw make();
    },
    { attempts: 2, failed: (ctx) => ctx.reply("It failed.") },
  );
  await using stage = await openBot([throws], { adapters: [there] });
  await stage.hear("boom");
  await stage.settle();
  await stage.advance(2_000);
  await stage.settle();
  expect(await stage.storage.dead.list(9)).toMatchObject([{ errors: [{ attempt: 1 }, { attempt: 2 }] }]);
  expect(stage.storage.pending()).toBe(0);
  expect(there.texts).toEqual(["It failed."]);
});

test("a plugin's webhook may throw anything", async () => {
  const p = plugin("p", (bot) =>
    bot.webhook("/x", () => {
      throw Object.create(null);
    }),
  );
  await using stage = await openBot([p]);
  const request = { method: "POST", path: "/x", query: "", headers: {}, body: new Uint8Array() };
  expect(await stage.bot.webhook(request)).toMatchObject({ status: 500 });
});

test("a handler that makes its event into no JSON has an end, with and without a word about it", async () => {
  const changes = plugin("p", (bot) => {
    const later = bot.job("later", () => {});
    const change = (ctx: { readonly event: object }) => Object.assign(ctx.event, { context: ctx.event });
    const defers = (ctx: Context<Message>) => {
      change(ctx);
      ctx.defer(later, {});
    };
    const dies = (ctx: Context<Message>) => {
      change(ctx);
      throw new Error("x");
    };
    bot.hears("defers", defers, { attempts: 1 });
    bot.hears("dies", dies, { attempts: 1, failed: (ctx) => ctx.reply("It failed.") });
  });
  await using stage = await openBot([changes]);
  await stage.hear("defers");
  await stage.hear("dies");
  await eventually("both are dead", async () => (await stage.storage.dead.list(9)).length === 2);
  expect(stage.storage.pending()).toBe(0);
});

test("tries for ever and at once do not stop all that waits", async () => {
  let booms = 0;
  const stubborn = hearing("stubborn", "boom", () => Promise.reject(new Error(`${booms++}`)), {
    attempts: Number.MAX_SAFE_INTEGER,
    backoff: { delay: 0 },
  });
  let tries = 0;
  const flaky = hearing("flaky", "flaky", (ctx) => (++tries === 1 ? Promise.reject(new Error("y")) : ctx.reply("2nd")));
  const there = platform("test");
  await using stage = await openBot([stubborn, flaky], { adapters: [there] });
  await stage.hear("boom");
  // 3 ** 646 is more than a number can be.
  await eventually("it has tried often", () => booms > 700);
  await stage.hear("flaky");
  await eventually("the other is tried again", async () => {
    await stage.advance(1000);
    return there.texts.length === 1;
  });
});

test("a limit that names no time is no loop without a breath", async () => {
  let runs = 0;
  const limited = hearing("p", "go", () => {
    runs += 1;
    throw new RateLimitError("x", { retryAfter: 0 });
  });
  await using stage = await openBot([limited]);
  await stage.hear("go");
  await stage.settle();
  for (let n = 0; n < 50; n++) await turn();
  expect(runs).toBe(1);
  await stage.advance(1000);
  expect(runs).toBeGreaterThan(1);
});

test("half an answer is not taken for a whole one", async () => {
  const there = platform("test", { edit: async () => {} });
  const half = () =>
    new ReadableStream<string>({
      start: (controller) => controller.enqueue("The dose is 5 mg"),
      pull: (controller) => controller.error(),
    });
  const asks = hearing("p", "ask", (ctx) => ctx.stream(half()), { attempts: 1 });
  await using stage = await openBot([asks], { adapters: [there] });
  await stage.hear("ask");
  await stage.settle();
  expect(await stage.storage.dead.list(9)).toHaveLength(1);
});
