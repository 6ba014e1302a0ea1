import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { describe, expect, test } from "vitest";
import { slack } from "../../src/adapters/slack/index.ts";
import { createSigner } from "../../src/adapters/slack/verify.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import {
  type Adapter,
  type Bot,
  type BotOptions,
  createBot,
  definePlugin,
  type Log,
  type OutgoingReply,
  type Plugin,
  type Storage,
  silentLog,
} from "../../src/core/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";
import { eventually } from "../storage/desk.ts";
import { createClock } from "./livechat/stage.ts";
import { shareRedis } from "./shared-redis.ts";
import { createFakeSlack, type FakeSlack, sendJson } from "./slack/fake-slack.ts";
import { fixture as slackFixture } from "./slack/fixture.ts";
import { ACME, APP, acme, grant } from "./slack/installing.ts";
import { secret as slackSecret } from "./slack/started.ts";
import { failure, request } from "./stage.ts";
import { accountSid, signed, fixture as twilioFixture, token as twilioToken } from "./twilio/started.ts";
import { BOT, createFakeTwist, send } from "./twist/fake-twist.ts";
import { direct, form, item, posted, thread, verifyToken } from "./twist/started.ts";

/** Storages of several processes on the same data. */
const place = shareRedis();

interface Node extends AsyncDisposable {
  readonly bot: Bot;
  readonly adapter: Adapter;
  readonly said: readonly string[];
}

async function openNode(
  adapter: Adapter,
  storage: Storage,
  { plugins = [], ...options }: Pick<BotOptions, "clock" | "role"> & { readonly plugins?: readonly Plugin[] } = {},
): Promise<Node> {
  const said: string[] = [];
  const log: Log = { ...silentLog, warn: (_, sentence) => void said.push(sentence) };
  const config = { name: "moe", storage, adapters: [adapter], plugins, secret: "a secret for tests only" };
  const bot = createBot(config, { log, url: () => "https://bot.example.com", ...options });
  await bot.start();
  return { bot, adapter, said, [Symbol.asyncDispose]: () => bot.stop() };
}

function reply(parts: Partial<OutgoingReply> = {}): OutgoingReply {
  return {
    ...{ ref: "store.1.reply", text: "Hi", attachments: [], buttons: [], visibility: "everyone", since: Date.now() },
    ...parts,
  };
}

const until = (isTrue: () => boolean) => eventually(String(isTrue), isTrue);

describe("a Slack app that people install", () => {
  const make = ({ apiUrl }: FakeSlack) => slack({ ...APP, apiUrl });
  const sign = createSigner(slackSecret);

  async function install({ bot }: Node, fake: FakeSlack, answer: object): Promise<void> {
    fake.on("oauth.v2.access", answer);
    const begun = await bot.fetch(new Request("http://bot/slack/install"));
    const state = new URL(begun.headers.get("location") ?? "").searchParams.get("state");
    const cookie = begun.headers.get("set-cookie")?.split(";")[0] ?? "";
    const back = new Request(`http://bot/slack/oauth_redirect?code=c&state=${state}`, { headers: { cookie } });
    expect((await bot.fetch(back)).status).toBe(200);
  }

  function deliver({ bot }: Node, event: object, { now, at }: { readonly now: number; readonly at: number }) {
    const body = { ...slackFixture("message"), team_id: ACME, context_team_id: ACME, authorizations: [], event };
    const bytes = Buffer.from(JSON.stringify({ ...body, event_time: Math.floor(at / 1000) }));
    const seconds = String(Math.floor(now / 1000));
    const headers = {
      "content-type": "application/json",
      "x-slack-request-timestamp": seconds,
      "x-slack-signature": `v0=${sign(seconds, bytes)}`,
    };
    return bot.webhook(request({ path: "/slack/events", headers, body: bytes }));
  }

  const tokens = (fake: FakeSlack) =>
    fake.calls.flatMap(({ method, headers }) => (method === "chat.postMessage" ? [headers.authorization] : []));

  test("is installed by a browser that comes back to another process, and speaks from both", async () => {
    await using fake = await createFakeSlack();
    const at = place();
    await using one = await openNode(make(fake), at());
    await using other = await openNode(make(fake), at());
    fake.on("oauth.v2.access", grant());
    fake.on("chat.postMessage", { ok: true, channel: "C0ACME001", ts: "1800000300.000400" });
    const begun = await one.bot.fetch(new Request("http://bot/slack/install"));
    const state = new URL(begun.headers.get("location") ?? "").searchParams.get("state");
    const headers = { cookie: begun.headers.get("set-cookie")?.split(";")[0] ?? "" };
    const back = new Request(`http://bot/slack/oauth_redirect?code=c&state=${state}`, { headers });
    expect((await other.bot.fetch(back)).status).toBe(200);
    for (const { adapter } of [one, other]) await adapter.send(acme, reply());
    expect(tokens(fake)).toEqual(["Bearer xoxb-acme", "Bearer xoxb-acme"]);
  });

  test("uses a refresh token once, though two processes want a new token at the same moment", async () => {
    await using fake = await createFakeSlack();
    const clock = createClock(1);
    const at = place();
    await using one = await openNode(make(fake), at(), { clock });
    await using other = await openNode(make(fake), at(), { clock });
    await install(one, fake, grant({ access_token: "xoxe.1", refresh_token: "xoxe-1-first", expires_in: 43_200 }));
    fake.on("chat.postMessage", { ok: true, channel: "C0ACME001", ts: "1800000300.000400" });
    for (const { adapter } of [one, other]) await adapter.send(acme, reply());
    clock.forward(13 * 3_600_000);
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const renewed = grant({ access_token: "xoxe.2", refresh_token: "xoxe-1-second", expires_in: 43_200 });
    fake.on(
      "oauth.v2.access",
      async (response) => {
        ask();
        await gate;
        sendJson(response, renewed);
      },
      { ok: false, error: "invalid_refresh_token" },
    );
    const sending = [one, other].map(({ adapter }) => adapter.send(acme, reply()));
    const all = Promise.allSettled(sending);
    await asked;
    // The other one may ask as well, if it does not wait.
    await new Promise((resolve) => setTimeout(resolve, 50));
    open();
    expect((await all).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    expect(tokens(fake).slice(2)).toEqual(["Bearer xoxe.2", "Bearer xoxe.2"]);
  });

  test("keeps what was installed at another process since it was ended, and forgets what was ended there", async () => {
    await using fake = await createFakeSlack();
    const clock = createClock(1);
    const at = place();
    await using one = await openNode(make(fake), at(), { clock });
    await using other = await openNode(make(fake), at(), { clock });
    fake.on("chat.postMessage", { ok: true, channel: "C0ACME001", ts: "1800000300.000400" });
    await install(one, fake, grant());
    await other.adapter.send(acme, reply());
    const ended = clock.now() + 10_000;
    clock.forward(20_000);
    await install(one, fake, grant({ access_token: "xoxb-anew", bot_user_id: "U0ANEWBOT" }));
    expect((await deliver(other, { type: "app_uninstalled" }, { now: clock.now(), at: ended })).status).toBe(200);
    await one.adapter.send(acme, reply());
    clock.forward(60_000);
    await other.adapter.send(acme, reply());
    expect(tokens(fake)).toEqual(["Bearer xoxb-acme", "Bearer xoxb-anew", "Bearer xoxb-anew"]);
    expect((await deliver(one, { type: "app_uninstalled" }, { now: clock.now(), at: clock.now() })).status).toBe(200);
    clock.forward(60_000);
    const error = await failure(other.adapter.send(acme, reply()));
    expect(error).toMatchObject({ permanent: true, cause: "not_installed" });
  });
});

describe("a Twist integration", () => {
  /** Tells what was said by whom it hears. */
  function hearing() {
    const heard: string[] = [];
    const plugin = definePlugin({
      name: "p",
      setup: (bot) => bot.on("message", (ctx) => void heard.push(ctx.message.text)),
    });
    return { heard, plugins: [plugin()] };
  }
  const make = ({ apiUrl }: { readonly apiUrl: string }) =>
    twist({ token: "token-1", verifyToken, apiUrl, timeout: 500, botUserId: "42" });

  test.each([
    ["answered", true],
    ["lost", false],
  ])(
    "with a person's token it does not hear what another process posts in their name, the call being %s",
    async (_, isAnswered) => {
      await using fake = await createFakeTwist();
      fake.on("users/get_session_user", { ...BOT, id: 10073, bot: false });
      const at = place();
      const { heard, plugins } = hearing();
      await using work = await openNode(make(fake), at(), { plugins, role: "work" });
      await using serve = await openNode(make(fake), at(), { plugins, role: "serve" });
      const comment = (content: string, comment_id: string) =>
        serve.bot.webhook(posted(form("comment", { content, comment_id })));
      let told: Promise<unknown> | undefined;
      fake.on("comments/add", (response) => {
        // Twist tells of the post before it answers the call that made it.
        told = comment("Where is my pizza?", "206113");
        if (isAnswered) send(response, 200, item("comment"));
      });
      const sent = work.adapter.send(thread, reply({ text: "Where is my pizza?" }));
      await (isAnswered ? sent : failure(sent));
      await told;
      // As the platform does it when it is not sure.
      await comment("Where is my pizza?", "206113");
      await comment("The same person", "206114");
      await until(() => heard.length > 0);
      await eventually("all is done", async () => (await serve.bot.storage.jobs(9)).length === 0);
      expect(heard).toEqual(["The same person"]);
    },
  );

  test("does not take a callback that failed another process", async () => {
    await using fake = await createFakeTwist();
    fake.on("callback", () => {});
    fake.on("conversation_messages/add", item("message"));
    const at = place();
    await using one = await openNode(make(fake), at());
    await using other = await openNode(make(fake), at());
    const replyTo = { callback: fake.callback, until: Date.now() + 600_000 };
    expect(await failure(one.adapter.send(direct, reply({ replyTo })))).toMatchObject({ maybeSent: true });
    await other.adapter.send(direct, reply({ replyTo }));
    expect(fake.names()).toEqual(["callback", "conversation_messages/add"]);
  });
});

test("what two processes say below one post of X hangs together", async () => {
  const parents: string[] = [];
  const sandbox = createSandbox({ url: () => url, retryDelays: [], botName: "moe" });
  const http = createServer(
    getRequestListener(
      async (request, host) => {
        const isPost = request.method === "POST" && new URL(request.url).pathname.endsWith("/2/tweets");
        const body = isPost
          ? ((await request.clone().json()) as { reply: { in_reply_to_tweet_id: string } })
          : undefined;
        if (body !== undefined) parents.push(body.reply.in_reply_to_tweet_id);
        return sandbox.fetch(request, host as never);
      },
      { overrideGlobalObjects: false },
    ),
  );
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  try {
    const credentials = sandbox.connect({ platform: "twitter", name: "twitter", webhook: `${url}/nobody` })!;
    const make = () => {
      const adapter = twitter();
      adapter.sandbox!(credentials);
      return adapter;
    };
    const at = place();
    await using one = await openNode(make(), at());
    await using other = await openNode(make(), at());
    const said = await fetch(`${url}/sandbox/twitter/say`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: "@moe tell me" }),
    });
    const { id } = (await said.json()) as { id: string };
    const to = { adapter: "twitter", account: credentials.botUserId!, id: "1", thread: id, isDirect: false };
    const first = await one.adapter.send(to, reply({ text: "one", ref: "1", replyTo: { post: id } }));
    const second = await other.adapter.send(to, reply({ text: "two", ref: "2", replyTo: { post: id } }));
    await one.adapter.delete!(second);
    await one.adapter.send(to, reply({ text: "three", ref: "3", replyTo: { post: id } }));
    expect(parents).toEqual([id, first.id, id]);
  } finally {
    await sandbox.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }
});

test("what Twilio tells two processes of one message is noted once, and never goes back", async () => {
  const at = place();
  const make = () => twilio({ accountSid, authToken: twilioToken, from: "+16505552222" });
  await using one = await openNode(make(), at());
  await using other = await openNode(make(), at());
  const status = (MessageSid: string, MessageStatus: string) =>
    signed(twilioFixture("status-undelivered", { MessageSid, MessageStatus }), {
      url: "https://bot.example.com/twilio/status",
    });
  const sids = Array.from({ length: 20 }, (_, index) => `SM${String(index).padStart(32, "0")}`);
  const told = sids.flatMap((sid) => [
    one.bot.webhook(status(sid, "undelivered")),
    other.bot.webhook(status(sid, "undelivered")),
    one.bot.webhook(status(sid, "sent")),
    other.bot.webhook(status(sid, "sending")),
  ]);
  for (const { status } of await Promise.all(told)) expect(status).toBe(200);
  const complaints = [...one.said, ...other.said].filter((sentence) => sentence === "a message was not delivered");
  expect(complaints).toHaveLength(sids.length);
  const { values } = one.bot.storage;
  for (const sid of sids) expect(await values.get(`adapter:twilio:status:${sid}`)).toContain("undelivered");
});
