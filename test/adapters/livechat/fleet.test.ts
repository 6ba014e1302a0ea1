import { expect, test } from "vitest";
import { definePlugin, type OutgoingReply, type Plugin } from "../../../src/core/index.ts";
import { shareRedis } from "../shared-redis.ts";
import { failure, request } from "../stage.ts";
import { createClock, openLiveChat, until } from "./stage.ts";

const TRIO = ["add_user_to_chat", "send_event", "remove_user_from_chat"];

/** Storages of several processes on the same data. */
const place = shareRedis();

/** Whispers its name to a pizza, in the pool of that name. */
function whispering(name: string): Plugin {
  return definePlugin({
    name,
    setup(bot) {
      bot.hears("pizza", (ctx) => ctx.reply({ text: name, visibility: "agents" }), { pool: name });
    },
  })();
}

const PLUGINS = [whispering("a"), whispering("b")];

test("two processes that answer in one chat do not come and go at the same time", async () => {
  await using stage = await openLiveChat();
  const at = place();
  await using _one = await stage.start({ storage: at(), plugins: PLUGINS, pools: ["a"] });
  await stage.install();
  await using _other = await stage.join({ storage: at(), plugins: PLUGINS, pools: ["b"] });
  stage.takeCalls();
  const names = ["ada", "guest1", "guest2"];
  await Promise.all(names.map((user) => stage.say("pizza", { user })));
  await until(() => stage.calls.filter(({ name }) => name === TRIO[2]).length === 2 * names.length);
  for (const name of names) {
    const chat = await stage.chat(name);
    const calls = stage.calls.filter(({ json }) => json?.chat_id === chat).map((call) => call.name);
    expect(calls).toEqual([...TRIO, ...TRIO]);
    expect(
      (await stage.messages(name))
        .filter(({ self }) => self)
        .map(({ text }) => text)
        .toSorted(),
    ).toEqual(["a", "b"]);
  }
});

test("a process that starts does not put another one out of the chat it whispers in", async () => {
  await using stage = await openLiveChat();
  const at = place();
  await using one = await stage.start({ storage: at(), plugins: PLUGINS, pools: ["a"] });
  await stage.install();
  stage.takeCalls();
  const release = stage.hold("send_event");
  await stage.say("pizza");
  await until(() => stage.calls.some(({ name }) => name === "send_event"));
  await using _other = await stage.join({ storage: at(), plugins: PLUGINS, pools: ["none"] });
  // It looks for chats that were left open before it sees to the licenses.
  await until(() => stage.calls.some(({ name }) => name === "set_routing_status"));
  await one.bot.ready();
  expect(stage.calls.map(({ name }) => name)).not.toContain("remove_user_from_chat");
  release();
  await until(() => stage.calls.some(({ name }) => name === "remove_user_from_chat"));
  expect(stage.takeCalls().filter((name) => TRIO.includes(name))).toEqual(TRIO);
});

test("tokens that have ended are renewed once, by one of the processes", async () => {
  await using stage = await openLiveChat();
  const clock = createClock(1);
  const at = place();
  await using _one = await stage.start({ storage: at(), plugins: PLUGINS, pools: ["a"], clock });
  await stage.install();
  await using _other = await stage.join({ storage: at(), plugins: PLUGINS, pools: ["b"], clock });
  await until(() => stage.calls.filter(({ name }) => name === "set_routing_status").length === 2);
  stage.takeCalls();
  clock.forward(24 * 3_600_000);
  // Renewed as late as can be: nobody has the new one while another asks for it.
  const release = stage.hold("token");
  await Promise.all(["ada", "guest1"].map((user) => stage.say("pizza", { user })));
  await until(() => stage.calls.some(({ name }) => name === "token"));
  release();
  await until(() => stage.calls.filter(({ name }) => name === "remove_user_from_chat").length === 4);
  const calls = stage.takeCalls();
  expect(calls.filter((name) => name === "token" || name === "issue_bot_token")).toEqual(["token", "issue_bot_token"]);
});

test("processes that start at the same time make one bot, and register each webhook once", async () => {
  await using stage = await openLiveChat();
  {
    // Its credentials are known once an app is there.
    await using _ = await stage.start();
  }
  const { accountId, personalAccessToken, organizationId } = stage.credentials();
  const options = { accountId, personalAccessToken, organizationId };
  const at = place();
  stage.takeCalls();
  const starting = [1, 2, 3].map(() => stage.join({ storage: at(), options }));
  const bots = await Promise.all(starting);
  try {
    await until(() => stage.calls.filter(({ name }) => name === "set_routing_status").length === 3);
    const calls = stage.takeCalls();
    expect(calls.filter((name) => name === "create_bot")).toHaveLength(1);
    expect(calls.filter((name) => name === "reset_bot_secret")).toEqual([]);
    expect(calls.filter((name) => name === "register_webhook")).toHaveLength(5);
  } finally {
    for (const bot of bots) await bot[Symbol.asyncDispose]();
  }
});

test("what comes from a license that another process is just setting up is to be sent again", async () => {
  await using stage = await openLiveChat();
  const at = place();
  await using _one = await stage.start({ storage: at() });
  await using other = await stage.join({ storage: at() });
  const { webhookSecret, organizationId } = stage.credentials();
  const body = { webhook_id: "w", secret_key: webhookSecret, action: "incoming_chat", payload: {} };
  const deliver = () =>
    other.bot.webhook(
      request({ path: "/livechat/webhook", body: JSON.stringify({ ...body, organization_id: organizationId }) }),
    );
  expect((await deliver()).status).toBe(200);
  const release = stage.hold("create_bot");
  const installing = stage.install();
  await until(() => stage.calls.some(({ name }) => name === "create_bot"));
  expect((await deliver()).status).toBe(503);
  release();
  await installing;
});

test("a reply of several events that broke off goes on in another process where it was", async () => {
  await using stage = await openLiveChat();
  const at = place();
  await using one = await stage.start({ storage: at() });
  await stage.install();
  await using other = await stage.join({ storage: at() });
  await stage.say("hello");
  const conversation = {
    adapter: "livechat",
    account: stage.credentials().organizationId!,
    id: await stage.chat(),
    isDirect: true,
  };
  const reply: OutgoingReply = {
    ref: "store.1.reply",
    text: "long ".repeat(60),
    attachments: [],
    buttons: [{ id: "yes", label: "Yes", value: "yes" }],
    visibility: "everyone",
    since: Date.now(),
  };
  const release = stage.hold("send_event", 1);
  const sending = failure(one.adapter.send(conversation, reply));
  await until(() => stage.calls.filter(({ name }) => name === "send_event").length === 2);
  await stage.fail("send_event", "429");
  release();
  expect(await sending).toMatchObject({ code: "RATE_LIMITED" });
  await other.adapter.send(conversation, reply);
  const own = (await stage.messages()).filter(({ self }) => self);
  expect(own.map(({ buttons }) => buttons.length)).toEqual([0, 1]);
});
