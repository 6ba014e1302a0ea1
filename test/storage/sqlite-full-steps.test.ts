import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sqlite } from "../../src/storage/sqlite/index.ts";
import { gate, hearing, openBot, platform } from "../core/stage.ts";
import { eventually } from "./desk.ts";

/** A bot on a file without a free page, whose handler has begun before it was full. */
async function openFull(handler: Parameters<typeof hearing>[2]) {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-full-"));
  const storage = sqlite({ file: join(folder, "hobnob.db"), maxBytes: 400_000 });
  const door = gate();
  const plugin = hearing(
    "works",
    "go",
    async (ctx) => {
      await door.opened;
      await handler(ctx);
    },
    { attempts: 4 },
  );
  const there = platform("test", {
    async find(_, { ref }) {
      const at = there.posts.findIndex((post) => post.ref === ref);
      return at < 0 ? undefined : { id: `post ${at + 1}`, conversation: there.posts[at]!.to };
    },
  });
  const stage = await openBot([plugin], { storage, adapters: [there] });
  await stage.hear("go");
  for (const size of [50_000, 3_000]) {
    const fill = (n: number) =>
      storage.values.set(`fill:${size}:${n}`, "y".repeat(size)).then(
        () => true,
        () => false,
      );
    for (let n = 0; await fill(n); n++);
  }
  door.open();
  return {
    stage,
    there,
    /** The storage tries again by real time, the bot by its own. */
    async pass(tries: number) {
      for (let n = 0; n < tries; n++) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        await stage.advance(61_000);
      }
    },
    async makeRoom() {
      for await (const key of storage.values.keys("fill:50000:")) await storage.values.delete(key).catch(() => {});
    },
    async [Symbol.asyncDispose]() {
      await stage[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

test("what `once` did is done once, although its record found no room", async () => {
  let charged = 0;
  await using full = await openFull(async (ctx) => {
    await ctx.once("charge", () => ({ receipt: ++charged, page: "x".repeat(9_000) }));
    await ctx.reply("Paid.");
  });
  await full.pass(4);
  expect(charged).toBe(1);
  await full.makeRoom();
  await full.pass(4);
  expect([charged, full.there.texts]).toEqual([1, ["Paid."]]);
});

test("what was said is said once, although its record found no room", async () => {
  await using full = await openFull(async (ctx) => {
    for (let n = 0; n < 80; n++) await ctx.reply(`line ${n}`);
    throw new Error("a backend is down");
  });
  await eventually("all is said", () => full.there.posts.length >= 80);
  await full.pass(4);
  expect(full.there.posts).toHaveLength(80);
});
