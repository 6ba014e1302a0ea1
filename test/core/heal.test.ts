import { describe, expect, test } from "vitest";
import { createBot, DeliveryError, HobnobError, RateLimitError } from "../../src/core/index.ts";
import { eventually, HOUR } from "../storage/desk.ts";
import { openLife, textsOf } from "./heal-stage.ts";
import { gate, hearing, plugin } from "./stage.ts";

const echo = () => hearing("echo", "pizza", (ctx) => ctx.reply(`got ${ctx.message.text}`));
const MINUTE = 60_000;

describe("what was said while the bot was away", () => {
  test("is answered after the start, the oldest first, and what was answered is not answered again", async () => {
    await using life = await openLife();
    const { archive, clock } = life;
    {
      await using bot = await life.bot([echo()]);
      await bot.receive(archive.say("pizza 1"));
      await bot.settle();
      expect(textsOf(bot)).toEqual(["got pizza 1"]);
    }
    const direct = { adapter: "test", id: "c1", thread: archive.said[0]!.id, isDirect: false };
    for (const n of [2, 3, 4]) {
      await clock.step(clock.now() + MINUTE);
      archive.say(`pizza ${n}`, { conversation: direct });
    }
    await using bot = await life.bot([echo()]);
    await eventually("three answers", () => textsOf(bot).length === 3);
    await bot.settle();
    expect(textsOf(bot)).toEqual(["got pizza 2", "got pizza 3", "got pizza 4"]);
  });

  test("is told in the log and the trace, and what is read again is not counted", async () => {
    await using life = await openLife();
    const { archive, storage } = life;
    {
      await using bot = await life.bot([echo()]);
      await bot.receive(archive.say("good morning"));
    }
    archive.say("good evening");
    const missed = archive.say("pizza, late");
    await using bot = await life.bot([echo()]);
    await eventually("an answer", () => textsOf(bot).length === 1);
    await bot.settle();
    expect(bot.traces.filter(({ stage }) => stage === "received")).toMatchObject([{ message: missed.id }]);
    const total = { received: 0, ignored: 0, done: 0 };
    for (const { received, ignored, done } of await storage.ledger()) {
      total.received += received;
      total.ignored += ignored;
      total.done += done;
    }
    expect(total).toEqual({ received: 2, ignored: 1, done: 1 });
  });

  test("is left alone when it is older than the age limit", async () => {
    await using life = await openLife();
    const { archive, clock } = life;
    {
      await using bot = await life.bot([echo()]);
      await bot.receive(archive.say("pizza 1"));
      await bot.settle();
    }
    archive.say("pizza 2");
    clock.step(clock.now() + HOUR + MINUTE);
    archive.say("pizza 3");
    await using bot = await life.bot([echo()]);
    await eventually("an answer", () => textsOf(bot).length === 1);
    await bot.settle();
    expect(textsOf(bot)).toEqual(["got pizza 3"]);
  });

  test("is found in a conversation that was quiet for days, and not in one that nobody knew", async () => {
    await using life = await openLife();
    const { archive, clock } = life;
    {
      await using bot = await life.bot([echo()]);
      await bot.receive(archive.say("good morning", { conversation: { adapter: "test", id: "d1", isDirect: true } }));
    }
    clock.step(clock.now() + 72 * HOUR);
    archive.say("pizza", { conversation: { adapter: "test", id: "c9", thread: "t", isDirect: false } });
    await using _ = await life.bot([echo()]);
    await eventually("a reading", () => archive.readings.length === 1);
    expect(archive.readings).toEqual([
      {
        conversation: { adapter: "test", id: "d1", isDirect: true },
        since: clock.now() - HOUR,
        options: { asHeard: true },
      },
    ]);
  });

  test("is not hidden by a platform whose clock is ahead", async () => {
    await using life = await openLife();
    const { archive, clock } = life;
    const conversation = { adapter: "test", id: "c1", thread: "t", isDirect: false };
    {
      await using bot = await life.bot([echo()]);
      const sentAt = new Date(clock.now() + 24 * HOUR).toISOString();
      await bot.receive(archive.say("pizza of tomorrow", { conversation, sentAt }));
      await bot.settle();
    }
    archive.say("pizza of today", { conversation });
    await using bot = await life.bot([echo()]);
    await eventually("an answer", () => textsOf(bot).length === 1);
    await bot.settle();
    expect(textsOf(bot)).toEqual(["got pizza of today"]);
  });

  test("an immediate text goes out as a message, since nobody waits for an acknowledgement", async () => {
    await using life = await openLife();
    const { archive } = life;
    const adapter = archive.platform({ limits: { textLength: 4000, ackSeconds: 3, inlineAck: true } });
    const p = hearing("p", "pizza", (ctx) => ctx.reply("done"), { ack: "at once" });
    {
      await using bot = await life.bot([p], { adapters: [adapter] });
      expect(await bot.receive(archive.say("pizza"))).toMatchObject({ ack: "at once" });
      await bot.settle();
    }
    expect(adapter.texts).toEqual(["done"]);
    archive.say("pizza");
    await using bot = await life.bot([p], { adapters: [adapter] });
    await eventually("two more posts", () => adapter.texts.length === 3);
    await bot.settle();
    expect(adapter.texts).toEqual(["done", "at once", "done"]);
  });

  test("is not answered where the bot itself said it, nor another bot", async () => {
    await using life = await openLife();
    const { archive } = life;
    {
      await using bot = await life.bot([echo()]);
      await bot.receive(archive.say("pizza"));
      await bot.settle();
    }
    archive.say("pizza of mine", { author: { id: "bot", name: "bot", isBot: true, isSelf: true } });
    archive.say("pizza of a bot", { author: { id: "other", name: "other", isBot: true } });
    archive.say("pizza of Ada");
    await using bot = await life.bot([echo()]);
    await eventually("an answer", () => textsOf(bot).length === 1);
    await bot.settle();
    expect(textsOf(bot)).toEqual(["got pizza of Ada"]);
  });

  test("stays missed when the config says so, and in a process that only runs jobs", async () => {
    await using life = await openLife();
    const { archive, clock } = life;
    {
      await using bot = await life.bot([echo()]);
      await bot.receive(archive.say("pizza"));
      await bot.settle();
    }
    {
      await using bot = await life.bot([echo()], { heal: false });
      await bot.advance(MINUTE);
    }
    const storage = Object.create(life.storage, { fleet: { value: { nodes: () => [], watch() {} } } });
    const config = { name: "moe", storage, adapters: [archive.platform()], plugins: [] };
    const worker = createBot(config, { clock, role: "work" });
    await worker.start();
    await eventually("the worker is up", () => worker.ready().then(() => true));
    await worker.stop();
    expect(archive.readings).toEqual([]);
  });
});

describe("a history that fails", () => {
  async function missedOne(failures: readonly unknown[]) {
    const life = await openLife();
    {
      await using bot = await life.bot([echo()]);
      await bot.receive(life.archive.say("good morning"));
    }
    life.archive.say("pizza");
    life.archive.failures.push(...failures);
    const bot = await life.bot([echo()]);
    return {
      bot,
      archive: life.archive,
      async [Symbol.asyncDispose]() {
        await bot[Symbol.asyncDispose]();
        await life.end();
      },
    };
  }

  test("is read again when the platform allows it, and the bot answers others meanwhile", async () => {
    await using life = await missedOne([new RateLimitError("Slow down.", { retryAfter: 90_000 })]);
    const { bot, archive } = life;
    await eventually("a reading", () => archive.readings.length === 1);
    await bot.hear("pizza now");
    await bot.settle();
    expect(textsOf(bot)).toEqual(["got pizza now"]);
    await bot.advance(90_000);
    await eventually("another answer", () => textsOf(bot).length === 2);
    expect(bot.warnings).toEqual([]);
  });

  test("is read again later, with one line in the log", async () => {
    await using life = await missedOne([new DeliveryError("Away.", { maybeSent: false }), new Error("Away.")]);
    const { bot } = life;
    await eventually("a warning", () => bot.warnings.length === 1);
    await bot.advance(5000);
    await eventually("a second warning", () => bot.warnings.length === 2);
    await bot.advance(30_000);
    await eventually("an answer", () => textsOf(bot).length === 1);
    expect(bot.warnings).toEqual(Array(2).fill(expect.stringContaining("tried again")));
  });

  test("is given up when it may not be read at all, or when all that was missed is too old", async () => {
    const refusal = new DeliveryError("No scope.", { maybeSent: false, permanent: true });
    for (const [failures, last] of [
      [[refusal], "stays missed"],
      [Array(99).fill(new Error("Away.")), "too old"],
    ] as const) {
      await using life = await missedOne(failures);
      await eventually("a warning", () => life.bot.warnings.length > 0);
      await life.bot.advance(2 * HOUR);
      const { length } = life.archive.readings;
      await life.bot.advance(2 * HOUR);
      expect(life.archive.readings.length).toBe(length);
      expect(life.bot.warnings.at(-1)).toContain(last);
      expect(textsOf(life.bot)).toEqual([]);
    }
  });
});

test("a bot that ends while it reads back goes on with that at the next start", async () => {
  await using life = await openLife();
  const { archive } = life;
  {
    await using bot = await life.bot([echo()]);
    await bot.receive(archive.say("good morning"));
  }
  life.clock.step(life.clock.now() + 5 * MINUTE);
  archive.say("pizza, missed");
  life.clock.step(life.clock.now() + 5 * MINUTE);
  const closed = gate();
  archive.before = () => closed.opened;
  {
    await using bot = await life.bot([echo()]);
    await eventually("a reading", () => archive.readings.length === 1);
    // It hides nothing of what was before it.
    await bot.receive(archive.say("pizza, live"));
    await bot.advance(10_000);
    await bot.settle();
    expect(textsOf(bot)).toEqual(["got pizza, live"]);
  }
  archive.before = undefined;
  await using bot = await life.bot([echo()]);
  await eventually("an answer", () => textsOf(bot).length === 1);
  await bot.settle();
  expect(textsOf(bot)).toEqual(["got pizza, missed"]);
  closed.open();
});

test("an adapter that was cut off has what was said meanwhile read back", async () => {
  await using life = await openLife();
  const adapter = life.archive.platform();
  await using bot = await life.bot([echo()], { adapters: [adapter] });
  await bot.receive(life.archive.say("good morning"));
  life.archive.say("pizza");
  adapter.host.reconnected?.();
  await eventually("an answer", () => textsOf(bot).length === 1);
  adapter.host.reconnected?.();
  await eventually("another reading", () => life.archive.readings.length === 2);
  await bot.settle();
  expect(textsOf(bot)).toEqual(["got pizza"]);
});

test("what could not be stored is read back once the storage works, also in a new conversation", async () => {
  await using life = await openLife();
  const { archive } = life;
  let isFull = false;
  const full = () => Promise.reject(new HobnobError("STORAGE_FULL", "The disk is full."));
  const storage = Object.create(life.storage, {
    add: { value: (entry: never) => (isFull ? full() : life.storage.add(entry)) },
    ping: { value: () => (isFull ? full() : life.storage.ping()) },
  }) as typeof life.storage;
  await using bot = await life.bot([echo()], { storage });
  isFull = true;
  await expect(bot.receive(archive.say("pizza"))).rejects.toThrow("full");
  await bot.advance(60_000);
  expect(archive.readings).toEqual([]);
  isFull = false;
  await bot.advance(5000);
  await eventually("an answer", () => textsOf(bot).length === 1);
  expect(archive.readings.length).toBe(1);
  await bot.advance(60_000);
  expect(archive.readings.length).toBe(1);
});

test("the conversations used last are looked at, and no more than the config allows", async () => {
  await using life = await openLife();
  const { archive, clock } = life;
  {
    await using bot = await life.bot([echo()]);
    for (const id of ["a", "b", "c", "d"]) {
      clock.step(clock.now() + 1000);
      await bot.receive(archive.say("hello", { conversation: { adapter: "test", id, isDirect: true } }));
    }
  }
  await using bot = await life.bot([echo()], { heal: { conversations: 2 } });
  await eventually("two readings", () => archive.readings.length === 2);
  await bot.advance(MINUTE);
  expect(archive.readings.map(({ conversation }) => conversation.id)).toEqual(["d", "c"]);
});

test("one process of a fleet reads back for all that ask while it does", async () => {
  await using life = await openLife();
  const { archive, clock } = life;
  const shared = Object.create(life.storage, { fleet: { value: { nodes: () => [], watch() {} } } });
  const p = plugin("none", () => {});
  {
    await using bot = await life.bot([p], { storage: shared });
    await bot.receive(archive.say("hello"));
  }
  clock.step(clock.now() + 1000);
  const closed = gate();
  archive.before = () => closed.opened;
  await using first = await life.bot([p], { storage: shared });
  await eventually("a reading", () => archive.readings.length === 1);
  clock.step(clock.now() + 10);
  await using second = await life.bot([p], { storage: shared });
  await using third = await life.bot([p], { storage: shared });
  await second.advance(1000);
  closed.open();
  await second.advance(30_000);
  expect(archive.readings.length).toBe(1);
  // What was said between the two starts may have been missed by the second.
  await third.advance(31_000);
  await eventually("one more reading", () => archive.readings.length === 2);
  await first.advance(5 * MINUTE);
  expect(archive.readings.length).toBe(2);
});

test.each([
  [{ maxAge: "3d" }, /`heal.maxAge` .* at most "48h", got "3d"/],
  [{ maxAge: "soon" }, /`heal.maxAge`/],
  [{ conversations: 0 }, /`heal.conversations`/],
  [{ age: "1h" }, /Unknown key `age` under `heal`/],
  ["1h", /`heal` in the config must be false, or an object/],
])("`heal: %j` in the config is refused", async (heal, message) => {
  await using life = await openLife();
  await expect(life.bot([], { heal: heal as never })).rejects.toThrow(message);
});
