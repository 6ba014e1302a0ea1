import { expect, test } from "vitest";
import { createBot, type Log, type Storage, silentLog } from "../../src/core/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { redis } from "../../src/storage/redis/index.ts";
import { openRedis } from "../servers/redis.ts";
import { eventually } from "../storage/desk.ts";
import { hearing, message, platform } from "./stage.ts";

async function openNode(storage: Storage) {
  const adapter = platform("test");
  const said: string[] = [];
  const log: Log = { ...silentLog, warn: (_, sentence) => void said.push(sentence) };
  const plugins = [hearing("p", "hi", (ctx) => ctx.reply("hello"), { bots: true })];
  const bot = createBot({ name: "moe", storage, adapters: [adapter], plugins }, { log });
  await bot.start();
  const conversation = { adapter: "test", id: "c", isDirect: false };
  return {
    said,
    adapter,
    storage,
    hear: (isBot: boolean) =>
      adapter.host.receive(message("hi", { conversation, author: { id: `${isBot}`, name: "them", isBot } })),
    [Symbol.asyncDispose]: () => bot.stop(),
  };
}

const isStored = async (storage: Storage) => (await storage.values.get("brake:test//c")) !== undefined;

test("another bot is answered five times in a row, and again when a person has spoken", async () => {
  await using node = await openNode(memory());
  for (let times = 0; times < 7; times++) await node.hear(true);
  await eventually("it has answered", () => node.adapter.texts.length === 5);
  expect(node.said).toHaveLength(2);
  await node.hear(false);
  await node.hear(true);
  await eventually("it has answered both", () => node.adapter.texts.length === 7);
});

test("in a fleet the five are those of all processes, and a person frees all of them", async () => {
  await using server = await openRedis();
  const url = server.another();
  await using one = await openNode(redis({ url }));
  await using other = await openNode(redis({ url }));
  const answers = () => one.adapter.texts.length + other.adapter.texts.length;
  for (const node of [one, other, one, other, one, other, one]) await node.hear(true);
  await eventually("they have answered", () => answers() === 5);
  expect([one.said.length, other.said.length]).toEqual([1, 1]);
  await one.hear(false);
  await eventually("all know that a person spoke", async () => !(await isStored(other.storage)));
  await other.hear(true);
  await eventually("they have answered both", () => answers() === 7);
});
