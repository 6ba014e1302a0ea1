import { expect, test } from "vitest";
import { slack } from "../../../src/adapters/slack/index.ts";
import { createBot, definePlugin, systemClock } from "../../../src/core/index.ts";
import { memory } from "../../../src/storage/memory/index.ts";
import { eventually } from "../../storage/desk.ts";
import { createFakeSlack, sendJson } from "./fake-slack.ts";
import { now, secret, signed } from "./started.ts";

test("an upload that was lost is not taken for an equal one of the message before", async () => {
  await using api = await createFakeSlack();
  const shown: object[] = [];
  let uploads = 0;
  let completions = 0;
  api.on("auth.test", { ok: true, user_id: "U0BOT", bot_id: "B0BOT", team_id: "T1", user: "moe", team: "x" });
  api.on("files.getUploadURLExternal", (response) =>
    sendJson(response, { ok: true, upload_url: `${api.origin}/upload/bytes`, file_id: `F${++uploads}` }),
  );
  api.on("bytes", {});
  api.on("files.completeUploadExternal", (response, { args }) => {
    completions += 1;
    // Slack never gets the second one.
    if (completions === 2) return void response.destroy();
    const [{ id }] = args.files as [{ id: string }];
    const ts = `${now / 1000 + completions}.000100`;
    const files = [{ id, name: "map.png", size: 4 }];
    shown.push({ type: "message", ts, user: "U0BOT", bot_id: "B0BOT", text: "", files });
    sendJson(response, { ok: true, files: [{ id, shares: { public: { C1: [{ ts }] } } }] });
  });
  api.on("conversations.replies", (response) => sendJson(response, { ok: true, messages: shown }));
  const map = definePlugin({
    name: "map",
    setup(bot) {
      const attachments = [{ name: "map.png", mimeType: "image/png", data: Buffer.from("same") }];
      bot.hears("map", (ctx) => ctx.reply({ attachments }), { backoff: { delay: 10 } });
    },
  });
  const credentials = { token: "xoxb-1", signingSecret: secret, botUserId: "U0BOT", teamId: "T1", apiUrl: api.apiUrl };
  const storage = memory();
  const wrong = now - Date.now();
  const clock = { ...systemClock, now: () => Date.now() + wrong };
  const bot = createBot(
    { name: "moe", storage, adapters: [slack(credentials)], plugins: [map()], heal: false },
    { clock },
  );
  await bot.start();
  const say = (n: number) => {
    const event = {
      type: "message",
      channel: "C1",
      channel_type: "channel",
      user: `U${n}`,
      text: "map",
      ts: `1800000000.00000${n}`,
    };
    const inThread = { ...event, thread_ts: "1800000000.000000" };
    const body = { type: "event_callback", team_id: "T1", api_app_id: "A1", event_id: `Ev${n}`, event: inThread };
    return bot.webhook(signed(body));
  };
  expect([(await say(1)).status, (await say(2)).status]).toEqual([200, 200]);
  await eventually("both jobs have ended", () => storage.pending() === 0);
  expect(shown).toHaveLength(2);
  expect(completions).toBe(3);
  await bot.stop();
});
