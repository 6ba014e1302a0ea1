import { expect, test } from "vitest";
import { createBot } from "../../src/core/index.ts";
import { Life, sleep } from "../../src/core/life.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { createFakeClock } from "../../src/testing/clock.ts";
import { gate, platform, plugin } from "./stage.ts";

test.each(["while a plugin is set up", "while an adapter starts"])(
  "a bot that is stopped %s leaves nothing running",
  async (when) => {
    const calls: string[] = [];
    const door = gate();
    const isLate = when === "while an adapter starts";
    const reached = gate();
    const there = {
      ...platform("test"),
      async start() {
        reached.open();
        if (isLate) await door.opened;
        calls.push("start");
      },
      stop: async () => void calls.push("stop"),
    };
    const storage = memory();
    const p = plugin("slow", async () => {
      if (isLate) return;
      reached.open();
      await door.opened;
    });
    const bot = createBot({ name: "moe", storage, adapters: [there], plugins: [p] });
    const starting = bot.start();
    await reached.opened;
    await bot.stop();
    door.open();
    await expect(starting).rejects.toMatchObject({ code: "NOT_RUNNING" });
    expect(calls).toEqual(isLate ? ["start", "stop"] : []);
    await expect(bot.ready()).rejects.toMatchObject({ code: "NOT_RUNNING" });
    await expect(storage.ping()).rejects.toMatchObject({ code: "STORAGE_CLOSED" });
  },
);

test("a run does not keep what it has waited for", async () => {
  const clock = createFakeClock(0);
  const life = new Life();
  let told = 0;
  const after: typeof clock.after = (ms, act) => {
    const cancel = clock.after(ms, act);
    return () => {
      told += 1;
      cancel();
    };
  };
  for (let n = 0; n < 100; n++) {
    const slept = sleep({ ...clock, after }, 1000, life);
    clock.step(clock.now() + 1000);
    await slept;
  }
  const last = sleep({ ...clock, after }, 1000, life);
  life.end(new Error("over"));
  await expect(last).rejects.toThrow("over");
  expect(told).toBe(1);
});
