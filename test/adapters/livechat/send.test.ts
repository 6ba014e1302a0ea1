import { describe, expect, test } from "vitest";
import { livechat } from "../../../src/adapters/livechat/index.ts";
import {
  type Conversation,
  definePlugin,
  type Finding,
  type Message,
  type OutgoingReply,
} from "../../../src/core/index.ts";
import { openLiveChat, until } from "./stage.ts";

type Stage = Awaited<ReturnType<typeof openLiveChat>>;

function reply(parts: Partial<OutgoingReply> = {}): OutgoingReply {
  return { ref: "ref", text: "Hi **Ada**", attachments: [], buttons: [], visibility: "everyone", since: 0, ...parts };
}

/** An installed bot, and the chat that Ada has begun. */
async function openChat(stage: Stage) {
  const bot = await stage.start();
  await stage.install();
  await stage.say("hello");
  const { organizationId: account } = stage.credentials();
  const to: Conversation = { adapter: "livechat", account: account!, id: await stage.chat(), isDirect: false };
  stage.takeCalls();
  return { bot, to, adapter: bot.adapter, [Symbol.asyncDispose]: () => bot[Symbol.asyncDispose]() };
}

describe("an answer to everybody", () => {
  test("is given by a bot that joins for it, once, and stays", async () => {
    await using stage = await openLiveChat();
    await using chat = await openChat(stage);
    const sent = await chat.adapter.send(chat.to, reply());
    await chat.adapter.send(chat.to, reply({ text: "And more" }));
    expect(stage.takeCalls()).toEqual(["add_user_to_chat", "send_event", "send_event"]);
    expect((await stage.messages()).slice(1)).toMatchObject([
      { text: "Pizza BOT joined the chat.", visibility: "everyone" },
      { id: sent.id, text: "Hi Ada", visibility: "everyone", self: true },
      { text: "And more" },
    ]);
  });

  test("opens the chat again when it has ended meanwhile", async () => {
    await using stage = await openLiveChat();
    await using chat = await openChat(stage);
    for (const text of ["first", "second"]) {
      await stage.ask("agent/action/deactivate_chat", { id: chat.to.id, ignore_requester_presence: true });
      await chat.adapter.send(chat.to, reply({ text }));
      expect((await stage.messages()).at(-1)).toMatchObject({ text });
    }
    expect(stage.takeCalls().filter((name) => name === "resume_chat")).toHaveLength(2);
  });

  test("is given by a bot that somebody has removed from the chat", async () => {
    await using stage = await openLiveChat();
    await using chat = await openChat(stage);
    await chat.adapter.send(chat.to, reply());
    const [{ id }] = (await stage.ask("configuration/action/list_bots", {})) as [{ id: string }];
    const leave = { chat_id: chat.to.id, user_id: id, user_type: "agent", ignore_requester_presence: true };
    await stage.ask("agent/action/remove_user_from_chat", leave);
    stage.takeCalls();
    await chat.adapter.send(chat.to, reply({ text: "Back" }));
    expect(stage.takeCalls()).toEqual(["send_event", "add_user_to_chat", "send_event"]);
  });

  test("may carry files and buttons; a press comes back", async () => {
    await using stage = await openLiveChat();
    const pressed: string[] = [];
    const plugin = definePlugin({
      name: "menu",
      setup(bot) {
        bot.hears("menu", async (ctx) => {
          const data = new TextEncoder().encode("%PDF");
          await ctx.reply({
            text: "The menu?",
            attachments: [{ name: "menu.pdf", mimeType: "application/pdf", data }],
            buttons: [{ id: "order", label: "Order", value: "42" }],
          });
        });
        bot.on("action", ({ event }) => void pressed.push(`${event.name} ${event.value}`));
      },
    });
    await using _ = await stage.start({ plugins: [plugin()] });
    await stage.install();
    await stage.say("menu");
    await until(async () => (await stage.messages()).at(-1)!.buttons.length > 0);
    const [file, card] = (await stage.messages()).filter(({ self }) => self);
    expect(file).toMatchObject({ attachments: [{ name: "menu.pdf", mimeType: "application/pdf" }] });
    expect(await (await fetch(file!.attachments[0]!.url)).text()).toBe("%PDF");
    expect(card).toMatchObject({ text: "The menu?", buttons: [{ id: "order", label: "Order" }] });
    await stage.control("/livechat/press", { id: card!.id, button: "order", conversation: "ada" });
    await until(() => pressed.length === 1);
    expect(pressed).toEqual(["order 42"]);
  });

  test("of several parts goes on where it was broken off", async () => {
    await using stage = await openLiveChat();
    await using chat = await openChat(stage);
    const text = "x".repeat(16_384);
    const linked = (url: string) => [{ name: "menu", mimeType: "text/html", url }];
    const broken = reply({ text, attachments: linked(`https://example.com/${text}`) });
    await expect(chat.adapter.send(chat.to, broken)).rejects.toMatchObject({ maybeSent: false });
    await chat.adapter.send(chat.to, reply({ text, attachments: linked("https://example.com/") }));
    const own = (await stage.messages()).filter(({ self }) => self);
    expect(own.map((message) => message.text)).toEqual([text, "menu: https://example.com/"]);
  });

  test("of several parts says none of them twice when an answer was lost", async () => {
    await using stage = await openLiveChat();
    await using chat = await openChat(stage);
    const text = "x".repeat(16_384);
    const long = reply({
      text,
      attachments: [{ name: "menu", mimeType: "text/html", url: "https://example.com/" }],
      since: Date.now() - 60_000,
    });
    await stage.control("/livechat/faults", { on: "send_event", kind: "lost-answer" });
    await expect(chat.adapter.send(chat.to, long)).rejects.toMatchObject({ maybeSent: true });
    expect(await chat.adapter.find!(chat.to, long)).toBeUndefined();
    await chat.adapter.send(chat.to, long);
    const own = (await stage.messages()).filter(({ self }) => self);
    expect(own.map((message) => message.text)).toEqual([text, "menu: https://example.com/"]);
  });

  test("is found by its ref when nobody knows whether it got through", async () => {
    await using stage = await openLiveChat();
    await using chat = await openChat(stage);
    const sent = await chat.adapter.send(chat.to, reply());
    expect(await chat.adapter.find!(chat.to, reply())).toEqual(sent);
    expect(await chat.adapter.find!(chat.to, reply({ ref: "another" }))).toBeUndefined();
  });
});

test("an answer among the staff never reaches the customer", async () => {
  await using stage = await openLiveChat();
  await using chat = await openChat(stage);
  await chat.adapter.send(chat.to, reply({ replyTo: { isWhisper: true } }));
  await chat.adapter.send(chat.to, reply({ text: "For you", visibility: "author", replyTo: { fromAgent: true } }));
  const own = (await stage.messages()).filter(({ self }) => self);
  expect(own.map(({ visibility }) => visibility)).toEqual(["agents", "agents"]);
});

test("a bot that is part of the chat whispers without coming and going", async () => {
  await using stage = await openLiveChat();
  await using chat = await openChat(stage);
  await chat.adapter.send(chat.to, reply());
  await chat.adapter.send(chat.to, reply({ text: "psst", visibility: "agents" }));
  await chat.adapter.send(chat.to, reply({ text: "Still here" }));
  const own = (await stage.messages()).filter(({ self }) => self);
  expect(own.map(({ visibility, text }) => [visibility, text])).toEqual([
    ["everyone", "Hi Ada"],
    ["agents", "psst"],
    ["everyone", "Still here"],
  ]);
});

test.each([
  ["a text that is too long", { text: "x".repeat(16_385) }, /validation/],
  [
    "a file that is too large",
    { attachments: [{ name: "a", mimeType: "a/b", data: new Uint8Array(10_000_001) }] },
    /entity_too_large\. Shorten the text, or send a smaller file/,
  ],
])("%s is refused for good", async (_, parts, message) => {
  await using stage = await openLiveChat();
  await using chat = await openChat(stage);
  await expect(chat.adapter.send(chat.to, reply(parts))).rejects.toMatchObject({
    message: expect.stringMatching(message),
    permanent: true,
    maybeSent: false,
  });
});

test("a license that is not installed is told how to become so", async () => {
  await using stage = await openLiveChat();
  await using chat = await openChat(stage);
  await expect(chat.adapter.send({ ...chat.to, account: "another" }, reply())).rejects.toMatchObject({
    message: expect.stringContaining("/livechat/install"),
    permanent: true,
  });
});

test("a token that LiveChat no longer takes is renewed, and the call made again", async () => {
  await using stage = await openLiveChat();
  await using chat = await openChat(stage);
  await chat.adapter.send(chat.to, reply());
  const bearer = stage.calls.at(-1)!.authorization!;
  // Nothing of the real API takes a bot's token back before its day is over, but the accounts do.
  await fetch(`${stage.url}/sandbox/livechat/accounts/v2/token`, {
    method: "DELETE",
    headers: { authorization: bearer },
  });
  stage.takeCalls();
  await chat.adapter.send(chat.to, reply({ text: "again" }));
  expect(stage.takeCalls()).toEqual(["send_event", "issue_bot_token", "send_event"]);
});

test("a chat can be read back, and its people known", async () => {
  await using stage = await openLiveChat();
  await using chat = await openChat(stage);
  await stage.say("one moment", { user: "grace" });
  await chat.adapter.send(chat.to, reply({ visibility: "agents" }));
  const read: Message[] = [];
  for await (const message of chat.adapter.history!(chat.to, 0)) read.push(message);
  expect(read.map(({ text, author: { isSelf, isAgent }, visibility }) => [text, isSelf, isAgent, visibility])).toEqual([
    ["hello", undefined, undefined, undefined],
    ["one moment", undefined, true, undefined],
    ["Hi Ada", true, true, "agents"],
  ]);
  const { account } = chat.to;
  expect(await chat.adapter.user!(read[0]!.author.id, account)).toMatchObject({
    name: "ada",
    email: "ada@example.com",
  });
  expect(await chat.adapter.user!("grace@example.com", account)).toMatchObject({ isAgent: true });
  expect(await chat.adapter.user!(read[2]!.author.id, account)).toMatchObject({ isSelf: true, name: "Pizza BOT" });
  expect(await chat.adapter.user!("b7eff798-f8df-4364-8059-649c35c9ed0c", account)).toBeUndefined();
});

test("only files that lie at LiveChat are fetched", async () => {
  await using stage = await openLiveChat();
  await using bot = await stage.start();
  for (const url of [
    "http://169.254.169.254/",
    "https://livechat-files.com.evil.dev/a",
    "http://cdn.livechat-files.com/a",
  ]) {
    const file = { name: "a.png", mimeType: "image/png", url };
    await expect(bot.adapter.download!(file)).rejects.toMatchObject({ permanent: true, maybeSent: false });
  }
});

describe("check", () => {
  async function findings(stage: Stage, options = {}, adapter = livechat(options)): Promise<string[]> {
    const found: Finding[] = [];
    for await (const finding of adapter.check!({ url: stage.url, now: Date.now })) found.push(finding);
    return found.map(({ level, subject, message }) => `${level} ${subject}: ${message}`);
  }

  test("names what is not set", async () => {
    await using stage = await openLiveChat();
    expect((await findings(stage)).map((finding) => finding.split(":")[0])).toEqual([
      "error LIVECHAT_CLIENT_ID",
      "error LIVECHAT_CLIENT_SECRET",
      "error LIVECHAT_WEBHOOK_SECRET",
    ]);
    expect((await findings(stage, { personalAccessToken: "x" })).map((finding) => finding.split(":")[0])).toEqual([
      "error LIVECHAT_CLIENT_ID",
      "error LIVECHAT_ACCOUNT_ID",
      "error LIVECHAT_ORGANIZATION_ID",
      "error LIVECHAT_WEBHOOK_SECRET",
    ]);
  });

  test("tells good credentials from bad ones, and keeps them to itself", async () => {
    await using stage = await openLiveChat();
    await using _ = await stage.start();
    const { clientId, clientSecret, webhookSecret, apiUrl, accountsUrl } = stage.credentials();
    const common = { clientId, webhookSecret, apiUrl, accountsUrl };
    expect(await findings(stage, { ...common, clientSecret })).toEqual([
      "ok LIVECHAT_CLIENT_SECRET: LiveChat knows this client id and secret.",
    ]);
    const bad = await findings(stage, { ...common, clientSecret: "wrong secret", webhookSecret: "short" });
    expect(bad[0]).toContain("warning LIVECHAT_WEBHOOK_SECRET");
    expect(bad[1]).toContain("error LIVECHAT_CLIENT_SECRET: LiveChat refused token: invalid_client. The client id and");
    expect(bad.join()).not.toContain("wrong secret");
  });

  test("looks at the license of a personal access token without a start", async () => {
    await using stage = await openLiveChat();
    await using _ = await stage.start();
    const { clientSecret: __, redirectUri: ___, ...credentials } = stage.credentials();
    const license = `license ${credentials.organizationId}`;
    expect((await findings(stage, credentials))[0]).toContain(
      `error ${license}: No webhook to ${stage.url}/livechat/webhook`,
    );
    const wrong = { ...credentials, personalAccessToken: "x" };
    expect((await findings(stage, wrong))[0]).toContain(
      `error ${license}: LiveChat refused list_webhooks: authentication.`,
    );
  });

  test("of a started adapter it looks at every license", async () => {
    await using stage = await openLiveChat();
    await using bot = await stage.start();
    const look = async () => {
      const found: string[] = [];
      for await (const { level, message } of bot.adapter.check!({ url: bot.url, now: Date.now })) {
        found.push(`${level} ${message}`);
      }
      return found;
    };
    expect((await look()).at(-1)).toBe(
      `warning The bot is installed on no license yet. Open ${bot.url}/livechat/install in a browser.`,
    );
    await stage.install();
    expect((await look()).at(-1)).toBe("ok Installed, and its webhooks are on.");
    const owner = { owner_client_id: stage.credentials().clientId };
    const [first] = (await stage.ask("configuration/action/list_webhooks", owner)) as { id: string }[];
    await stage.ask("configuration/action/unregister_webhook", { id: first!.id, ...owner });
    expect((await look()).at(-1)).toContain("error No webhook to");
  });
});
