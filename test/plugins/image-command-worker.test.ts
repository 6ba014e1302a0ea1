import { expect, test } from "vitest";
import { twitter } from "../../src/adapters/twitter/index.ts";
import { type Bot, createBot, type Plugin, silentLog } from "../../src/core/index.ts";
import { createSandbox, type ShownMessage } from "../../src/sandbox/index.ts";
import { startServer } from "../../src/server/index.ts";
import { keptStorage } from "../core/stage.ts";
import { openStudio, TEXT } from "./image-command-stage.ts";

/** X, and one bot after another that has the same storage. */
async function openX() {
  const { storage, end } = await keptStorage();
  let current: Bot;
  // The server outlives the bots, so that X finds each of them at the same address.
  const front = {
    ready: () => current.ready(),
    serves: (path: string) => current.serves(path),
    webhook: (request: Parameters<Bot["webhook"]>[0]) => current.webhook(request),
  } as Bot;
  const sandbox = createSandbox({ url: () => server.url, retryDelays: [0, 5, 10], botName: "moe", log: silentLog });
  const server = await startServer({ bot: front, host: "127.0.0.1", port: 0, log: silentLog, fallback: sandbox.fetch });
  const given = sandbox.connect({ platform: "twitter", name: "twitter", webhook: `${server.url}/twitter/webhook` })!;

  async function control<T>(path: string, body?: object): Promise<T> {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`${server.url}/sandbox/twitter/${path}`, body && init);
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as T;
  }

  return {
    storage,
    say: (text: string, more: object = {}) => control<{ id: string }>("say", { text, ...more }),
    answers: async (conversation: string) =>
      (await control<ShownMessage[]>(`messages?conversation=${encodeURIComponent(conversation)}`)).filter(
        ({ self }) => self,
      ),
    async start(plugin: Plugin, pools?: readonly string[]) {
      const config = { name: "moe", storage, adapters: [twitter(given)], plugins: [plugin] };
      current = createBot(config, { url: () => server.url, ...(pools && { pools }) });
      await current.start();
      return current;
    },
    async [Symbol.asyncDispose]() {
      await current.stop();
      await sandbox.close();
      await server.stop();
      await end();
    },
  };
}

async function until(what: () => Promise<boolean>) {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("commands that come while no worker draws wait for one, and the bot still talks meanwhile", async () => {
  using studio = openStudio();
  await using x = await openX();
  const server = await x.start(studio.plugin(), ["default"]);
  const first = await x.say("@moe moerand");
  const second = await x.say("@moe please moename 42");
  await x.say("MOEMESS", { conversation: "@grace", user: "grace" });
  const waiting = async () =>
    (await x.storage.jobs(10)).map(({ handler, pool, state }) => `${pool} ${handler} ${state}`);
  await until(async () => (await waiting()).join() === Array(3).fill("gpu job:draw waiting").join());
  await x.say("hello?", { conversation: "@grace", user: "grace" });
  await until(async () => (await x.answers("@grace")).length === 1);
  expect(studio.drawings).toEqual([]);
  await server.stop();

  await x.start(studio.plugin());
  await until(async () => (await x.storage.jobs(10)).length === 0);
  const posts = await x.answers("timeline");
  expect(posts).toMatchObject([
    { text: TEXT, attachments: [{ mimeType: "image/png" }] },
    { text: TEXT, attachments: [{ mimeType: "image/png" }] },
  ]);
  expect(new Set(posts.map(({ thread }) => thread))).toEqual(new Set([first.id, second.id]));
  expect((await x.answers("@grace")).map(({ text, attachments }) => [text, attachments.length])).toEqual([
    [expect.stringContaining("This is what I can draw"), 0],
    [TEXT, 1],
  ]);
  expect(studio.drawings.map(({ truncation }) => truncation).sort()).toEqual([0.55, 0.55, 1]);
});
