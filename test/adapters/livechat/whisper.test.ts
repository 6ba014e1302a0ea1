import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { definePlugin } from "../../../src/core/index.ts";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { sqlite } from "../../../src/storage/sqlite/index.ts";
import { createClock, openLiveChat, type RunningBot, until } from "./stage.ts";

type Stage = Awaited<ReturnType<typeof openLiveChat>>;

const TRIO = ["add_user_to_chat", "send_event", "remove_user_from_chat"];

/** An installed bot with the pizza plugin, whose retries come fast. */
async function openInstalled(stage: Stage, plugins = [pizza()]): Promise<RunningBot> {
  const bot = await stage.start({ plugins, clock: createClock(50) });
  await stage.install();
  stage.takeCalls();
  return bot;
}

/** Waits until everything that was said is delivered and answered. */
async function settle(stage: Stage, bot: RunningBot) {
  await until(async () => (await stage.deliveries()).every(({ pending }) => !pending) && bot.busy() === 0);
}

async function notes(stage: Stage, conversation = "ada") {
  return (await stage.messages(conversation))
    .filter(({ self }) => self)
    .map(({ text, visibility }) => [visibility, text]);
}

test("a bot joins, tells the staff only, and leaves, in this order and in this chat", async () => {
  await using stage = await openLiveChat();
  await using bot = await openInstalled(stage);
  await stage.say("Hello");
  await stage.say("Hey! where is my pizza?");
  await until(() => stage.calls.length === 3);
  const [join, send, leave] = stage.calls.map(({ json }) => json);
  const { chat_id: chat, user_id: botId } = join;
  expect(stage.calls.map(({ name }) => name)).toEqual(TRIO);
  expect(join).toEqual({
    chat_id: chat,
    user_id: botId,
    user_type: "agent",
    visibility: "agents",
    ignore_requester_presence: true,
  });
  expect(send).toEqual({
    chat_id: chat,
    event: { type: "message", text: "Pizza is on the way!", visibility: "agents", custom_id: expect.any(String) },
  });
  expect(leave).toEqual({ chat_id: chat, user_id: botId, user_type: "agent", ignore_requester_presence: true });
  expect(new Set(stage.calls.map(({ authorization }) => authorization)).size).toBe(1);
  await settle(stage, bot);
  expect(await notes(stage)).toEqual([["agents", "Pizza is on the way!"]]);
});

test("a chat that begins with the word is answered too", async () => {
  await using stage = await openLiveChat();
  await using _ = await openInstalled(stage);
  await stage.say("one pizza");
  await until(() => stage.calls.length === 3);
  expect(stage.takeCalls()).toEqual(TRIO);
});

test("whole words in any case, whoever of the people wrote them; nothing else is called for", async () => {
  await using stage = await openLiveChat();
  await using bot = await openInstalled(stage);
  await stage.say("two pizzazz");
  await stage.say("", { files: [{ name: "pizza.png", mimeType: "image/png" }] });
  await stage.say("pizza", { user: "barista", bot: true });
  await settle(stage, bot);
  expect(stage.takeCalls()).toEqual([]);
  await stage.say("PIZZA!", { user: "grace" });
  await until(() => stage.calls.length === 3);
  await settle(stage, bot);
  // The bot's own words came back meanwhile.
  expect(stage.takeCalls()).toEqual(TRIO);
});

test("two matching messages in one body, and the same delivery twice, are one announcement", async () => {
  await using stage = await openLiveChat();
  await using bot = await openInstalled(stage);
  const { webhookSecret, organizationId } = stage.credentials();
  const id = await stage.say("hello");
  const chat = await stage.chat();
  const thread = id.split("_")[0];
  const event = (n: number, text: string) => ({
    id: `${thread}_9${n}`,
    type: "message",
    text,
    author_id: "b7eff798-f8df-4364-8059-649c35c9ed0c",
    created_at: "2026-11-21T01:00:00.010200Z",
    visibility: "all",
  });
  const body = JSON.stringify({
    webhook_id: "w",
    secret_key: webhookSecret,
    action: "incoming_chat",
    organization_id: organizationId,
    payload: {
      chat: { id: chat, users: [], thread: { id: thread, events: [event(1, "pizza?"), event(2, "my pizza!")] } },
    },
  });
  const deliver = () => fetch(`${bot.url}/livechat/webhook`, { method: "POST", body });
  const answers = await Promise.all([deliver(), deliver()]);
  answers.push(await deliver());
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  await settle(stage, bot);
  expect(stage.takeCalls()).toEqual(TRIO);
});

test("LiveChat has its 200 before the first call is made", async () => {
  await using stage = await openLiveChat();
  await using bot = await openInstalled(stage);
  await stage.fail("add_user_to_chat", "timeout");
  await stage.say("pizza");
  await until(() => stage.calls.length > 0);
  await until(async () => (await stage.deliveries()).every(({ pending }) => !pending));
  expect((await stage.deliveries()).every(({ acknowledged }) => acknowledged)).toBe(true);
  expect(bot.busy()).toBe(1);
});

describe("when a step fails", () => {
  test("a join that is refused is followed by nothing", async () => {
    await using stage = await openLiveChat();
    const handled: string[] = [];
    const plugin = definePlugin({
      name: "late",
      setup(bot) {
        bot.hears("late", async (ctx) => {
          await endChat(stage);
          await ctx.reply({ text: "too late", visibility: "agents" }).catch((error) => handled.push(error.message));
        });
      },
    });
    await using bot = await openInstalled(stage, [plugin()]);
    await stage.say("late");
    await until(() => handled.length === 1);
    expect(handled[0]).toContain("chat_inactive. The chat has ended");
    await settle(stage, bot);
    expect(stage.calls.map(({ name }) => name).filter((name) => TRIO.includes(name))).toEqual(["add_user_to_chat"]);
  });

  test("a join that fails is followed by nothing, and made again later", async () => {
    await using stage = await openLiveChat();
    await using bot = await openInstalled(stage);
    await stage.fail("add_user_to_chat");
    await stage.say("pizza");
    await settle(stage, bot);
    expect(stage.takeCalls()).toEqual(["add_user_to_chat", ...TRIO]);
    expect(await notes(stage)).toHaveLength(1);
  });

  test("a join whose answer is lost does not leave the bot in the chat", async () => {
    await using stage = await openLiveChat();
    await using bot = await openInstalled(stage);
    await stage.fail("add_user_to_chat", "lost-answer");
    await stage.say("pizza");
    await settle(stage, bot);
    expect(stage.takeCalls()).toEqual(["add_user_to_chat", ...TRIO]);
    expect((await stage.messages()).at(-1)).toMatchObject({ text: "Pizza BOT left the chat." });
  });

  test("a send that fails is followed by the leave all the same", async () => {
    await using stage = await openLiveChat();
    await using bot = await openInstalled(stage);
    await stage.fail("send_event");
    await stage.say("pizza");
    await settle(stage, bot);
    expect(stage.takeCalls()).toEqual([...TRIO, "list_threads", ...TRIO]);
    expect(await notes(stage)).toHaveLength(1);
  });

  test("a send whose answer is lost is found, not said again", async () => {
    await using stage = await openLiveChat();
    await using bot = await openInstalled(stage);
    await stage.fail("send_event", "lost-answer");
    await stage.say("pizza");
    await settle(stage, bot);
    expect(stage.takeCalls()).toEqual([...TRIO, "list_threads"]);
    expect(await notes(stage)).toHaveLength(1);
  });

  test("a leave that fails is made again; what was said counts as said", async () => {
    await using stage = await openLiveChat();
    await using bot = await openInstalled(stage);
    await stage.fail("remove_user_from_chat", "500", 2);
    await stage.say("pizza");
    await until(async () => (await stage.messages()).at(-1)!.text === "Pizza BOT left the chat.");
    await settle(stage, bot);
    expect(stage.takeCalls()).toEqual([...TRIO, "remove_user_from_chat", "remove_user_from_chat"]);
    expect(await notes(stage)).toHaveLength(1);
  });

  test.each(TRIO)("a rate limit of `%s` ends in one announcement and an empty chat", async (method) => {
    await using stage = await openLiveChat();
    await using bot = await openInstalled(stage);
    await stage.fail(method, "429");
    await stage.say("pizza");
    await until(async () => (await stage.messages()).at(-1)!.text === "Pizza BOT left the chat.");
    await settle(stage, bot);
    expect(await notes(stage)).toHaveLength(1);
  });
});

test("a process that ends inside a chat leaves it after the next start", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-livechat-"));
  try {
    const file = join(folder, "bot.db");
    await using stage = await openLiveChat();
    {
      await using bot = await stage.start({ storage: sqlite({ file }), plugins: [pizza()] });
      await stage.install();
      await stage.fail("remove_user_from_chat", "500", 100);
      await stage.say("pizza");
      await until(() => stage.calls.some(({ name }) => name === "remove_user_from_chat"));
      await settle(stage, bot);
    }
    await fetch(`${stage.url}/sandbox/livechat/faults`, {
      method: "DELETE",
      headers: { "content-type": "application/json" },
    });
    expect((await stage.messages()).at(-1)!.text).toBe("Pizza is on the way!");
    await using _ = await stage.start({ storage: sqlite({ file }), plugins: [pizza()] });
    await until(async () => (await stage.messages()).at(-1)!.text === "Pizza BOT left the chat.");
    expect(await notes(stage)).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("two plugins that answer in one chat do not come and go at the same time", async () => {
  await using stage = await openLiveChat();
  const drinks = definePlugin({
    name: "drinks",
    setup(bot) {
      bot.hears("pizza", (ctx) => ctx.reply({ text: "And a drink?", visibility: "agents" }));
    },
  });
  await using bot = await openInstalled(stage, [pizza(), drinks()]);
  await stage.say("pizza");
  await until(() => stage.calls.length === 6);
  await settle(stage, bot);
  expect(stage.takeCalls()).toEqual([...TRIO, ...TRIO]);
  expect(await notes(stage)).toHaveLength(2);
});

test("tokens that have ended are renewed once, however many answers want them", async () => {
  await using stage = await openLiveChat();
  const clock = createClock(1);
  await using bot = await stage.start({ plugins: [pizza()], clock });
  await stage.install();
  stage.takeCalls();
  clock.forward(24 * 3_600_000);
  const names = Array.from({ length: 10 }, (_, index) => `guest${index}`);
  await Promise.all(names.map((user) => stage.say("pizza", { user })));
  await until(() => stage.calls.filter(({ name }) => name === "remove_user_from_chat").length === 10);
  await settle(stage, bot);
  const calls = stage.takeCalls();
  expect(calls.filter((name) => name === "token")).toHaveLength(1);
  expect(calls.filter((name) => name === "issue_bot_token")).toHaveLength(1);
  for (const name of names) expect(await notes(stage, name)).toHaveLength(1);
});

async function endChat(stage: Stage) {
  const id = await stage.chat();
  await stage.ask("agent/action/deactivate_chat", { id, ignore_requester_presence: true });
}
