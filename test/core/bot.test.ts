import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Adapter, createBot, definePlugin, type PluginBot } from "../../src/core/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { hearing, openBot, platform, plugin } from "./stage.ts";

const request = (path: string, body = "") => ({
  method: "POST",
  path,
  query: "a=1",
  headers: { host: "bot.example", "x-two": ["1", "2"] },
  body: new TextEncoder().encode(body),
});
const config = { name: "moe", storage: memory(), adapters: [], plugins: [] };

describe("webhooks", () => {
  test("are refused with 503 before the start and after the stop", async () => {
    const hook = { ...platform("test", { paths: ["/hook"] }), webhook: async () => ({ status: 200 }) };
    const bot = createBot({ ...config, storage: memory(), adapters: [hook] });
    expect((await bot.webhook(request("/hook"))).status).toBe(503);
    await expect(bot.ready()).rejects.toMatchObject({ code: "NOT_RUNNING" });
    await bot.start();
    expect((await bot.webhook(request("/hook"))).status).toBe(200);
    expect((await bot.webhook(request("/other"))).status).toBe(404);
    await bot.ready();
    await bot.stop();
    expect((await bot.webhook(request("/hook"))).status).toBe(503);
    await expect(bot.ready()).rejects.toMatchObject({ code: "NOT_RUNNING" });
    await expect(bot.start()).rejects.toMatchObject({ code: "BOT_STATE" });
  });

  test("of a plugin get a request and answer with a response", async () => {
    const p = plugin("p", (bot) =>
      bot.webhook("/mine", async (given) => {
        const { searchParams, host } = new URL(given.url);
        const text = `${given.method} ${host} ${searchParams.get("a")} ${given.headers.get("x-two")} ${await given.text()}`;
        return new Response(text, { status: 201, headers: { "x-mine": "yes" } });
      }),
    );
    await using stage = await openBot([p]);
    const { status, headers, body } = await stage.bot.webhook(request("/mine", "böse\0"));
    expect({ status, mine: headers?.["x-mine"] }).toEqual({ status: 201, mine: "yes" });
    expect(new TextDecoder().decode(body as Uint8Array)).toBe("POST bot.example 1 1, 2 böse\0");
    const response = await stage.bot.fetch(new Request("http://bot.example/mine?a=2", { method: "POST", body: "x" }));
    expect(await response.text()).toBe("POST bot.example 2 null x");
    expect(stage.bot.serves("/mine")).toBe(true);
    expect(stage.bot.serves("/other")).toBe(false);
  });

  test("that throw answer 500 without telling why", async () => {
    const p = plugin("p", (bot) =>
      bot.webhook("/mine", () => {
        throw new Error("secret");
      }),
    );
    await using stage = await openBot([p]);
    const { status, body } = await stage.bot.webhook(request("/mine"));
    expect(status).toBe(500);
    expect(body).not.toContain("secret");
  });

  test.each(["mine", "/taken"])("refuse the path %s", async (path) => {
    const taken = platform("test", { paths: ["/taken"] });
    await expect(openBot([plugin("p", (bot) => bot.webhook(path, () => new Response()))], { adapters: [taken] })).rejects // biome-ignore format: one line
      .toMatchObject({ code: expect.stringMatching(/HANDLER_OPTIONS|CONFIG_DUPLICATE/) });
  });
});

describe("setup", () => {
  test("is over when it has ended: what is registered late is refused", async () => {
    let late: PluginBot | undefined;
    const p = plugin("p", (bot) => {
      late = bot;
    });
    await using _ = await openBot([p]);
    const refused = expect.objectContaining({ code: "REGISTERED_LATE" });
    expect(() => late!.hears("hi", () => {})).toThrow(refused);
    expect(() => late!.job("j", () => {})).toThrow(refused);
    expect(() => late!.every("1m", () => {})).toThrow(refused);
    expect(() => late!.webhook("/x", () => new Response())).toThrow(refused);
  });

  test.each([
    [{ attempts: 0 }, /attempts/],
    [{ attempts: 1.5 }, /attempts/],
    [{ timeout: "soon" }, /timeout.*"soon"/],
    [{ backoff: { delay: "x" } }, /backoff\.delay/],
    [{ backoff: { max: "x" } }, /backoff\.max/],
    [{ backoff: { factor: Number.NaN } }, /backoff\.factor.*a number from 1, got NaN/],
    [{ backoff: { factor: 0.5 } }, /backoff\.factor/],
    [{ backoff: { jitter: 5 } }, /backoff\.jitter.*from 0 to 1, got 5/],
    [{ pool: "" }, /pool/],
    [{ timeot: "5s" }, /`p`, handler `hears:hi`: a handler has no option `timeot` \(did you mean `timeout`\?\)/],
    [{ backoff: { dealy: "5s" } }, /`backoff` has no option `dealy` \(did you mean `delay`\?\)/],
    [{ backoff: ["5s"] }, /`backoff` takes its options as an object/],
  ])("refuses the handler options %j", async (options, message) => {
    await expect(openBot([hearing("p", "hi", () => {}, options as never)])).rejects.toMatchObject({
      code: "HANDLER_OPTIONS",
      message: expect.stringMatching(message),
    });
  });

  test.each([
    [{ chanels: ["C0"] }, /`p`: where it is on has no `chanels` \(did you mean `channels`\?\)/],
    [{ channels: "C0" }, /`p`: `channels` must be a list of texts, got "C0"/],
    [{ on: "test" }, /`p`: `on` must be a list of texts/],
    [{ on: [1] }, /`p`: `on` must be a list of texts/],
    [{ on: ["tets"] }, /no adapter has that name \(did you mean `test`\?\)/],
    [{ name: "two\nlines" }, /A plugin is called "two\\nlines"/],
    [{ name: "" }, /A plugin is called ""/],
  ])("refuses the scope %j", async (scope, message) => {
    await expect(openBot([hearing("p", "hi", () => {}, { scope: scope as never })])).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(message),
    });
  });

  test.each([[[]], [5], [null], [[""]], [["a", 5]]])("refuses to listen for %j", async (patterns) => {
    await expect(openBot([hearing("p", patterns as never, () => {})])).rejects.toMatchObject({
      code: expect.stringMatching(/HANDLER_OPTIONS|PATTERN_EMPTY/),
    });
    await expect(openBot([plugin("p", (bot) => bot.command(patterns as never, () => {}))])).rejects.toMatchObject({
      code: "HANDLER_OPTIONS",
    });
  });

  test("of a plugin that throws is told with its name and the place", async () => {
    const p = plugin("careless", () => {
      throw new TypeError("oops\nand more");
    });
    await expect(openBot([p])).rejects.toMatchObject({
      code: "PLUGIN_SETUP",
      message: expect.stringMatching(/^Plugin `careless` failed in its setup: oops \(.*bot\.test\.ts:\d+\)\.$/),
    });
  });

  test("refuses options with all their problems in one line, and closes what it opened", async () => {
    const options = z.object({ words: z.array(z.string()), deep: z.object({ n: z.number() }).optional() });
    const picky = definePlugin({ name: "picky", options, setup() {} });
    const storage = memory();
    await expect(openBot([picky({ wrods: 1, deep: { n: "x" } } as never)], { storage })).rejects.toMatchObject({
      code: "PLUGIN_OPTIONS",
      message: expect.stringMatching(
        /`picky`.*`words` is missing.*`deep\.n` is "x".*`wrods` \(did you mean `words`\?\)/,
      ),
    });
    await expect(storage.ping()).rejects.toMatchObject({ code: "STORAGE_CLOSED" });
  });

  test("names the credentials that are missing", async () => {
    const bot = createBot({ ...config, adapters: [platform("x", { missing: ["X_TOKEN"] })] });
    await expect(bot.start()).rejects.toMatchObject({
      code: "CONFIG_MISSING_CREDENTIAL",
      message: expect.stringContaining("X_TOKEN (adapter `x`)"),
    });
  });
});

describe("a config", () => {
  test.each([
    [null, /not an object/],
    [{ ...config, plugin: [] }, /`plugin`.*did you mean `plugins`/],
    [{ ...config, name: "" }, /`name`/],
    [{ ...config, storage: {} }, /`storage`/],
    [{ ...config, plugins: {} }, /`plugins`.*list/],
    [{ ...config, plugins: [() => {}] }, /`plugins\[0\]`.*Call it/],
    [{ ...config, adapters: [{}] }, /`adapters\[0\]`/],
    [{ ...config, concurrency: 0 }, /`concurrency`/],
    [{ ...config, plugins: [plugin("p", () => {}), plugin("p", () => {})] }, /`p` is listed twice/],
    [{ ...config, adapters: [platform("slack")], plugins: [plugin("p", () => {}, { on: ["slak"] })] }, /mean `slack`/],
    [{ ...config, adapters: [platform("a", { paths: ["/x"] }), platform("b", { paths: ["/x"] })] }, /\/x/],
  ])("that is none is refused in words (%#)", (given, message) => {
    expect(() => createBot(given as never)).toThrow(message);
  });
});

describe("a plugin's store", () => {
  test("is its own, forgets on time and updates without a loss", async () => {
    const stores = new Map<string, PluginBot["store"]>();
    const plugins = ["a", "b"].map((name) => plugin(name, (bot) => void stores.set(name, bot.store)));
    await using stage = await openBot(plugins);
    const [a, b] = [stores.get("a")!, stores.get("b")!];
    await a.set("k", { deep: [1, null] });
    expect(await a.get("k")).toEqual({ deep: [1, null] });
    expect(await b.get("k")).toBeUndefined();
    await a.set("short", 1, { ttl: "10m" });
    await stage.advance(599_999);
    expect(await a.get("short")).toBe(1);
    await stage.advance(1);
    expect(await a.get("short")).toBeUndefined();
    expect(await a.update<number>("short", (n) => (n ?? 10) + 1)).toBe(11);
    expect(await a.update<number>("short", (n = 0) => n + 1, { ttl: "10m" })).toBe(12);
    await stage.advance(600_000);
    expect(await a.get("short")).toBeUndefined();
    await expect(a.update("k", () => 1, { ttl: "soon" as never })).rejects.toMatchObject({ code: "STORE_VALUE" });
    await Promise.all(Array.from({ length: 100 }, () => b.update<number>("n", (n = 0) => n + 1)));
    expect(await b.get("n")).toBe(100);
    expect(await b.update("n", () => undefined)).toBeUndefined();
    expect(await b.get("n")).toBeUndefined();
    expect(await a.delete("k")).toBe(true);
    expect(await a.delete("k")).toBe(false);
    await expect(a.set("k", undefined)).rejects.toMatchObject({ code: "STORE_VALUE" });
    await expect(a.set("k", 1, { ttl: "soon" as never })).rejects.toMatchObject({ code: "STORE_VALUE" });
  });
});

test("an adapter is told the public address, in the sandbox the one where the simulator calls", async () => {
  const [real, simulated] = [platform("real"), platform("simulated")];
  const bot = createBot(
    {
      ...config,
      storage: memory(),
      adapters: [real, simulated],
      server: { url: "https://bot.example.com/" },
    },
    { url: () => "http://127.0.0.1:4000/", sandboxed: ["simulated"] },
  );
  await bot.start();
  expect([real.host.url, simulated.host.url]).toEqual(["https://bot.example.com", "http://127.0.0.1:4000"]);
  await bot.stop();
});

test("what comes in while the bot starts is taken once it has started", async () => {
  const opened = Promise.withResolvers<void>();
  const adapter = platform("slow", { paths: ["/slow"] });
  const start = adapter.start.bind(adapter);
  let isStarted = false;
  const slow: Adapter = {
    ...adapter,
    async start(host) {
      await opened.promise;
      await start(host);
      isStarted = true;
    },
    webhook: async () => ({ status: isStarted ? 200 : 503 }),
  };
  const bot = createBot({ ...config, storage: memory(), adapters: [slow] });
  const starting = bot.start();
  const answer = bot.webhook(request("/slow"));
  opened.resolve();
  await starting;
  expect(await answer).toEqual({ status: 200 });
  await bot.stop();
});
