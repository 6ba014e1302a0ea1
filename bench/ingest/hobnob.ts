import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { slack } from "../../src/adapters/slack/index.ts";
import { createBot, type Log, silentLog } from "../../src/core/index.ts";
import { pizza } from "../../src/plugins/pizza/index.ts";
import { startServer } from "../../src/server/index.ts";
import { sqlite } from "../../src/storage/sqlite/index.ts";

// The bot as `hobnob start` runs it, without the sandbox: every event is on disk before it is acknowledged. The fake
// Slack has no rate limit, so the pace is off, as it is for the others.
const { PORT, SLACK_API_URL, SLACK_SIGNING_SECRET, SLACK_BOT_TOKEN } = process.env;
const folder = mkdtempSync(join(tmpdir(), "hobnob-bench-"));
const log: Log = { ...silentLog, warn: console.error, error: console.error };
const adapter = slack({
  token: SLACK_BOT_TOKEN,
  signingSecret: SLACK_SIGNING_SECRET,
  apiUrl: SLACK_API_URL,
  botUserId: "U0BOTUSER",
  pace: false,
});
const bot = createBot(
  { name: "bench", storage: sqlite({ file: join(folder, "hobnob.db") }), adapters: [adapter], plugins: [pizza()] },
  { log },
);
await bot.start();
const server = await startServer({ bot, host: "127.0.0.1", port: Number(PORT), log });
process.send?.("ready");

process.once("SIGTERM", async () => {
  await bot.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
