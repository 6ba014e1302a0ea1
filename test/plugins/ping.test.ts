import { expect, test } from "vitest";
import { createBot } from "../../src/core/index.ts";
import { ping } from "../../src/plugins/ping/index.ts";
import { memory } from "../../src/storage/memory/index.ts";

test("a ping is answered with pong", async () => {
  const bot = createBot({ name: "moe", storage: memory(), adapters: [], plugins: [ping({ path: "/alive" })] });
  await bot.start();
  const ask = async (method: string) => {
    const response = await bot.fetch(new Request("http://bot/alive", { method }));
    return [response.status, await response.text()];
  };
  expect(await ask("GET")).toEqual([200, "pong"]);
  expect(await ask("POST")).toEqual([405, "Ask with GET."]);
  await bot.stop();
});
