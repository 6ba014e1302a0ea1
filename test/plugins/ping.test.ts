import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createBot } from "../../src/core/index.ts";
import { ping } from "../../src/plugins/ping/index.ts";
import { memory } from "../../src/storage/memory/index.ts";

async function backend(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function get(options: Parameters<typeof ping>[0], path: string, method = "GET") {
  const bot = createBot({ name: "moe", storage: memory(), adapters: [], plugins: [ping(options)] });
  await bot.start();
  const response = await bot.fetch(new Request(`http://bot${path}`, { method }));
  await bot.stop();
  return [response.status, await response.text()];
}

test("a ping is answered with pong", async () => {
  expect(await get({}, "/ping")).toEqual([200, "pong"]);
  expect(await get({ path: "/alive" }, "/alive")).toEqual([200, "pong"]);
  expect((await get({}, "/ping", "POST"))[0]).toBe(405);
});

test("a backend's own answer is passed on as text", async () => {
  await using up = await backend((_, response) => response.end("<b>pong</b> from the backend"));
  const options = { backends: { "/twilio/ping-api": up.url } };
  expect(await get(options, "/twilio/ping-api")).toEqual([200, "<b>pong</b> from the backend"]);
});

test("a backend that is down is told with its address and the reason", async () => {
  await using broken = await backend((_, response) => response.writeHead(500).end("stack trace"));
  const gone = await backend(() => {});
  await gone[Symbol.asyncDispose]();
  await using silent = await backend(() => {});
  const ask = (url: string) => get({ backends: { "/ping-api": url }, timeout: 50 }, "/ping-api");
  expect(await ask(broken.url)).toEqual([502, `While fetching '${broken.url}', occurs error: HTTP 500`]);
  expect(await ask(gone.url)).toEqual([
    502,
    expect.stringMatching(/^While fetching '.*', occurs error: .*ECONNREFUSED/),
  ]);
  expect(await ask(silent.url)).toEqual([502, expect.stringMatching(/occurs error: .*timeout/)]);
  const secret = { backends: { "/x": "http://me:secret@backend/ping" } };
  await expect(get(secret, "/x")).rejects.toThrow(/put no password into it/);
});
