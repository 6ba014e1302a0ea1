import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { slack } from "../../src/adapters/slack/index.ts";
import { createBot, definePlugin, type Storage, silentLog } from "../../src/core/index.ts";
import { startServer } from "../../src/server/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { sqlite } from "../../src/storage/sqlite/index.ts";
import { createRandom } from "../random.ts";
import { openStage } from "../sandbox/stage.ts";
import { freePort } from "../servers/port.ts";
import { pause } from "./stage.ts";

/** A bot in this process whose handlers wait until they are let go, and a simulated Slack that tries again for long. */
async function openPressureStage(storage: Storage) {
  const hold = Promise.withResolvers<void>();
  const patient = definePlugin({
    name: "patient",
    setup(bot) {
      bot.hears(/^\d+/, async (ctx) => {
        await hold.promise;
        await ctx.reply(`done ${Number.parseInt(ctx.message.text, 10)}`);
      });
    },
  });
  const port = await freePort();
  const webhook = `http://127.0.0.1:${port}/slack/events`;
  const stage = await openStage({ retryDelays: Array.from({ length: 300 }, () => 100), webhook });
  const adapter = slack({ pace: false });
  adapter.sandbox!(stage.credentials);
  const bot = createBot({ name: "moe", storage, adapters: [adapter], plugins: [patient()] });
  await bot.start();
  const server = await startServer({ bot, host: "127.0.0.1", port, log: silentLog });
  const statuses = async () =>
    (await stage.deliveries()).flatMap(({ attempts }) => attempts.map(({ status }) => status));
  return {
    bot,
    webhook,
    letGo: hold.resolve,
    say: stage.say,
    /** Resolves once a delivery was refused with 503. */
    async refused() {
      while (!(await statuses()).includes(503)) await pause(10);
    },
    /** The bot's texts, once there are so many. */
    async answers(count: number) {
      for (;;) {
        const texts = (await stage.messages("conversation=general&limit=10000"))
          .filter((m) => m.self)
          .map((m) => m.text);
        if (texts.length >= count) return texts;
        await pause(10);
      }
    },
    async [Symbol.asyncDispose]() {
      hold.resolve();
      await bot.stop();
      await server.stop();
      await stage[Symbol.asyncDispose]();
    },
  };
}

const sorted = (texts: readonly string[]) =>
  texts.toSorted((a, b) => Number.parseInt(a.slice(5), 10) - Number.parseInt(b.slice(5), 10));
const doneUpTo = (count: number) => Array.from({ length: count }, (_, n) => `done ${n}`);

test("a full queue answers 503, acknowledges nothing it did not take, and recovers by itself", async () => {
  await using stage = await openPressureStage(memory({ maxWaiting: 20 }));
  for (let n = 0; n < 50; n++) await stage.say(`${n}`);
  await stage.refused();
  stage.letGo();
  expect(sorted(await stage.answers(50))).toEqual(doneUpTo(50));
});

test("a full disk answers 503, is not ready, and recovers by itself", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-full-"));
  try {
    await using stage = await openPressureStage(sqlite({ file: join(folder, "full.db"), maxBytes: 400_000 }));
    const padding = "x".repeat(4000);
    for (let n = 0; n < 150; n++) await stage.say(`${n} ${padding}`);
    await stage.refused();
    await expect(stage.bot.ready()).rejects.toMatchObject({ code: "STORAGE_FULL" });
    stage.letGo();
    expect(sorted(await stage.answers(150))).toEqual(doneUpTo(150));
    await stage.bot.ready();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a closed storage answers 503", async () => {
  const storage = memory();
  await using stage = await openPressureStage(storage);
  await storage.close();
  await stage.say("1");
  await stage.refused();
  await expect(stage.bot.ready()).rejects.toMatchObject({ code: "STORAGE_CLOSED" });
});

test("10,000 random bodies get a short 4xx each, store nothing and leave no memory behind", async () => {
  await using stage = await openPressureStage(memory());
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const random = createRandom(1);
  const headers = {
    "content-type": "application/json",
    "x-slack-signature": "v0=00",
    "x-slack-request-timestamp": `${Math.floor(Date.now() / 1000)}`,
  };
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  async function bombard(count: number) {
    for (let n = 0; n < count; n++) {
      const body = Uint8Array.from(random.list(random.below(600), () => random.below(256)));
      const { status, body: answer } = await stage.bot.webhook({
        method: "POST",
        path: "/slack/events",
        query: "",
        headers,
        body,
      });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(String(answer).length).toBeLessThan(300);
    }
  }
  await bombard(2000);
  const before = heap();
  await bombard(8000);
  expect(heap() - before).toBeLessThan(3_000_000);
  expect(stage.bot.storage.pending()).toBe(0);
});
