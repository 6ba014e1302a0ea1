import { describe, expect, test } from "vitest";
import { livechat } from "../../src/adapters/livechat/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import { type Conversation, definePlugin, type Message } from "../../src/core/index.ts";
import { listOf } from "../storage/desk.ts";
import { createFakeSlack } from "./slack/fake-slack.ts";
import { now as slackNow, startSlack } from "./slack/started.ts";
import { openPlatforms } from "./stage.ts";
import { BOT } from "./twist/fake-twist.ts";
import { direct, item, now, startTwist } from "./twist/started.ts";

const asHeard = { asHeard: true };

/** A plugin that hears everything, and what it heard. */
function ears() {
  const heard: Message[] = [];
  const plugin = definePlugin({
    name: "ears",
    setup(bot) {
      bot.on("message", (ctx) => void heard.push(ctx.message));
    },
  });
  return { heard, plugin: plugin() };
}

describe("Slack", () => {
  const channel: Conversation = { adapter: "slack", account: "T0A1B2C3D", id: "D0A1B2C3D", isDirect: true };
  const root = { type: "message", user: "U0HUMAN01", text: "hi", ts: "1800000009.000100" };

  test("a direct message that began a thread since stands outside of it, as it did when it was said", async () => {
    await using api = await createFakeSlack();
    const bot = await startSlack({ apiUrl: api.apiUrl });
    api.on("conversations.history", { ok: true, messages: [{ ...root, thread_ts: root.ts, reply_count: 1 }] });
    const [missed] = await listOf(bot.adapter.history!(channel, slackNow - 5000, asHeard));
    expect(missed?.conversation).toEqual(channel);
    const [read] = await listOf(bot.adapter.history!(channel, slackNow - 5000));
    expect(read?.conversation).toEqual({ ...channel, thread: root.ts });
    await bot.adapter.stop?.();
  });

  test("nothing is read back by a bot that does not know its own posts", async () => {
    await using api = await createFakeSlack();
    api.on("auth.test", { ok: false, error: "internal_error" });
    const bot = await startSlack({ apiUrl: api.apiUrl, botUserId: undefined });
    api.on("conversations.history", { ok: true, messages: [root] });
    expect(await listOf(bot.adapter.history!(channel, slackNow - 5000, asHeard))).toEqual([]);
    expect(await listOf(bot.adapter.history!(channel, slackNow - 5000))).toHaveLength(1);
    await bot.adapter.stop?.();
  });
});

describe("Twist", () => {
  const posts = [item("message", { id: 1, creator: 7 }), item("message", { id: 2, creator: 10073, obj_index: 1 })];
  const since = now - 3_600_000;

  test("with a person's token, what stands in that person's name may be the bot's, and is left out", async () => {
    const api = { id: 7, name: "Ann", bot: false, default_workspace: 5517 };
    await using twist = await startTwist({ botUserId: "42" });
    twist.api.on("users/get_session_user", api);
    await twist.adapter.stop?.();
    await twist.adapter.start(twist.started.host);
    twist.api.on("conversation_messages/get", posts);
    const missed = await listOf(twist.adapter.history!(direct, since, asHeard));
    expect(missed.map(({ author }) => author.id)).toEqual(["10073"]);
    expect(await listOf(twist.adapter.history!(direct, since))).toHaveLength(2);
  });

  test("nothing is read back by a bot that does not know its own posts", async () => {
    await using twist = await startTwist();
    twist.api.on("users/get_session_user", { ...BOT, id: 7, bot: false });
    await twist.adapter.stop?.();
    await twist.adapter.start(twist.started.host);
    twist.api.on("conversation_messages/get", posts);
    expect(await listOf(twist.adapter.history!(direct, since, asHeard))).toEqual([]);
  });
});

test("X: posts of a thread that are not meant for the bot are left out, as are its own", async () => {
  const { heard, plugin } = ears();
  await using stage = await openPlatforms({ adapters: [twitter()], plugins: [plugin] });
  const first = await stage.say("@moe one");
  await stage.say("two, among people", { thread: first, user: "grace" });
  await stage.say("@moe three", { thread: first });
  await stage.settle();
  const { conversation } = heard[0]!;
  const [adapter] = stage.bot.adapters;
  const missed = await listOf(adapter!.history!(conversation, 0, asHeard));
  expect(missed.map(({ text }) => text)).toEqual(heard.map(({ text }) => text));
  expect(missed.map(({ text }) => text)).not.toContain("two, among people");
  expect((await listOf(adapter!.history!(conversation, 0))).map(({ text }) => text)).toContain("two, among people");
});

test("LiveChat: people have their names, and what the bot is told not to listen to is left out", async () => {
  const { heard, plugin } = ears();
  await using stage = await openPlatforms({ adapters: [livechat({ ignoreAgents: true })], plugins: [plugin] });
  await stage.control("/livechat/install", {});
  await stage.say("hello", { user: "ada" });
  await stage.say("good day, I am of the staff", { user: "grace", conversation: "ada" });
  await stage.settle();
  expect(heard.map(({ author }) => author.name)).toEqual(["ada"]);
  const [adapter] = stage.bot.adapters;
  const missed = await listOf(adapter!.history!(heard[0]!.conversation, 0, asHeard));
  const seen = ({ key, id, text, author, isMention }: Message) => ({ key, id, text, author, isMention });
  expect(missed.map(seen)).toEqual(heard.map(seen));
  const all = await listOf(adapter!.history!(heard[0]!.conversation, 0));
  expect(all.length).toBeGreaterThan(missed.length);
});
