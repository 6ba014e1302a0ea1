import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { type Adapter, createBot, silentLog, type WebhookRequest } from "../../src/core/index.ts";
import { type ServerOptions, startServer } from "../../src/server/index.ts";
import { memory } from "../../src/storage/memory/index.ts";

/** An adapter that keeps what it is sent and answers with the body's length. */
function countingAdapter(): Adapter & { readonly requests: WebhookRequest[] } {
  const requests: WebhookRequest[] = [];
  return {
    name: "counting",
    platform: "counting",
    limits: { textLength: 100, ackSeconds: 3, inlineAck: false },
    paths: ["/hook"],
    missing: [],
    requests,
    async start() {},
    async send(conversation) {
      return { id: "1", conversation };
    },
    async webhook(incoming) {
      requests.push(incoming);
      if (incoming.query === "throw") throw new Error("secret detail");
      if (incoming.query === "own")
        return { status: 200, headers: { "Content-Length": "9", date: "never" }, body: "abc" };
      if (incoming.query === "split") return { status: 200, headers: { "x-a": "1\r\nx-b: 2" } };
      return { status: 200, headers: { "content-type": "text/plain" }, body: String(incoming.body.length) };
    },
  };
}

async function serve(options: Partial<ServerOptions> = {}) {
  const adapter = countingAdapter();
  const bot = createBot({ name: "test", storage: memory(), adapters: [adapter], plugins: [] });
  await bot.start();
  const server = await startServer({ bot, host: "127.0.0.1", port: 0, log: silentLog, ...options });
  return {
    adapter,
    bot,
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await bot.stop();
    },
  };
}

describe("the HTTP server", () => {
  test("hands a webhook to its adapter with the raw bytes, the query and lower-case headers", async () => {
    await using server = await serve();
    const body = new Uint8Array([0xff, 0x00, 0xc3, 0x28]);
    const response = await fetch(`${server.url}/hook?a=1&b=%20`, {
      method: "POST",
      body,
      headers: { "X-Signed": "v0" },
    });
    expect([response.status, await response.text()]).toEqual([200, "4"]);
    const [got] = server.adapter.requests;
    expect(got).toMatchObject({ method: "POST", path: "/hook", query: "a=1&b=%20", headers: { "x-signed": "v0" } });
    expect([...got!.body]).toEqual([...body]);
  });

  test("answers 404 as JSON where nothing is, and asks the fallback first", async () => {
    await using plain = await serve();
    const missing = await fetch(`${plain.url}/nowhere`);
    expect([missing.status, await missing.json()]).toEqual([
      404,
      { error: { code: "NOT_FOUND", message: expect.any(String) } },
    ]);
    await using server = await serve({ fallback: (incoming) => new Response(new URL(incoming.url).pathname) });
    expect(await (await fetch(`${server.url}/nowhere`)).text()).toBe("/nowhere");
    expect(await (await fetch(`${server.url}/hook`, { method: "POST", body: "abc" })).text()).toBe("3");
  });

  test("tells whether it lives and whether it can store", async () => {
    await using server = await serve();
    expect(await (await fetch(`${server.url}/health`)).json()).toEqual({ status: "ok" });
    expect((await fetch(`${server.url}/ready`)).status).toBe(200);
    expect((await fetch(`${server.url}/health`, { method: "POST" })).status).toBe(405);
    await server.bot.stop();
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    const ready = await fetch(`${server.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { error: { code: "NOT_RUNNING", message: expect.any(String) } },
    ]);
    expect((await fetch(`${server.url}/hook`, { method: "POST", body: "abc" })).status).toBe(503);
  });

  test("shows no inner detail when a webhook throws", async () => {
    await using server = await serve();
    const response = await fetch(`${server.url}/hook?throw`, { method: "POST", body: "abc" });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/secret|stack|at /);
  });

  test.each(["POST", "GET"])("knows length and date itself, in answer to a %s", async (method) => {
    await using server = await serve();
    const response = await fetch(`${server.url}/hook?own`, { method });
    expect([await response.text(), response.headers.get("content-length")]).toEqual(["abc", "3"]);
    expect(Date.parse(response.headers.get("date") ?? "")).not.toBeNaN();
  });

  test.each(["POST", "GET"])("does not write a header that would be two, in answer to a %s", async (method) => {
    await using server = await serve();
    const response = await fetch(`${server.url}/hook?split`, { method });
    expect([response.status, response.headers.get("x-b")]).toEqual([500, null]);
    expect(await response.json()).toEqual({ error: { code: "WEBHOOK_FAILED", message: expect.any(String) } });
  });

  test("refuses a body above the limit, told or not told beforehand", async () => {
    await using server = await serve({ bodyLimit: 1000 });
    expect(await (await fetch(`${server.url}/hook`, { method: "POST", body: "x".repeat(1000) })).text()).toBe("1000");
    const told = await fetch(`${server.url}/hook`, { method: "POST", body: "x".repeat(1001) });
    expect([told.status, await told.json()]).toEqual([
      413,
      { error: { code: "BODY_TOO_LARGE", message: expect.any(String) } },
    ]);
    const chunked = request(`${server.url}/hook`, { method: "POST" });
    chunked.write("x".repeat(600));
    setImmediate(() => chunked.write("x".repeat(600)));
    const [untold] = await once(chunked, "response");
    expect(untold.statusCode).toBe(413);
    chunked.on("error", () => {}).destroy();
    expect(server.adapter.requests).toHaveLength(1);
  });

  test("answers 5 MB of rubbish with 413 and goes on", async () => {
    await using server = await serve();
    const response = await fetch(`${server.url}/hook`, { method: "POST", body: new Uint8Array(5_000_000) });
    expect(response.status).toBe(413);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  test.each(["content-length: 5000000", "transfer-encoding: chunked"])(
    "cuts nobody off who sends too much, as proxies do, before the refusal is read: %s",
    async (length) => {
      await using server = await serve();
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
      const failed = once(socket, "error").then(([error]) => error as Error);
      const sent = new Promise<string>((resolve) => {
        const rubbish = Buffer.alloc(5_000_000);
        socket.write(`POST /hook HTTP/1.1\r\nhost: x\r\n${length}\r\n\r\n`);
        if (length.startsWith("transfer")) socket.write(`${rubbish.length.toString(16)}\r\n`);
        socket.write(rubbish);
        socket.write(length.startsWith("transfer") ? "\r\n0\r\n\r\n" : "", () => resolve("all sent"));
      });
      expect(await Promise.race([sent, failed])).toBe("all sent");
      let answer = "";
      for await (const chunk of socket) answer += chunk;
      expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*"BODY_TOO_LARGE"[^\r]*$/);
    },
  );

  test("answers what is not HTTP with a short 400", async () => {
    await using server = await serve();
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.write("\x16\x03\x01 rubbish\r\n\r\n");
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*"BAD_REQUEST"/);
  });

  test("says what to do when the port is taken", async () => {
    await using server = await serve();
    const port = Number(new URL(server.url).port);
    await expect(serve({ port })).rejects.toMatchObject({
      code: "PORT_IN_USE",
      message: expect.stringContaining(`--port ${port + 1}`),
    });
  });

  test("answers a request that is under way before it closes", async () => {
    const server = await serve();
    const slow = request(`${server.url}/hook`, { method: "POST" });
    slow.write("abc");
    await fetch(`${server.url}/health`, { headers: { connection: "close" } });
    const stopped = server[Symbol.asyncDispose]();
    slow.end("def");
    const [response] = await once(slow, "response");
    expect(response.statusCode).toBe(200);
    response.resume();
    await stopped;
  });
});
