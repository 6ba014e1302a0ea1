import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { slack } from "../../../src/adapters/slack/index.ts";
import { definePlugin } from "../../../src/core/index.ts";
import { askApi } from "../../../src/plugins/ask-api/index.ts";
import { ping } from "../../../src/plugins/ping/index.ts";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { openPlatforms } from "../stage.ts";
import { slackHeaders } from "./signing.ts";

/** Says where it was asked. */
const echo = definePlugin({
  name: "echo",
  setup(bot) {
    bot.mention((ctx) => ctx.reply(`${ctx.message.conversation.adapter}: ${ctx.message.text}`));
  },
});

async function openTwo(backendUrl = "http://127.0.0.1:9") {
  const paths = ["/bot_user_id", "/twilio/bot_user_id"];
  const adapters = [slack(), slack({ name: "twilio-events", path: "/twilio/events", botUserIdPaths: paths })];
  const plugins = [
    echo(),
    pizza({}, { on: ["twilio-events"] }),
    ping(),
    askApi({ url: `${backendUrl}/ask`, pingPaths: ["/twilio/ping-api"] }, { channels: [] }),
  ];
  const stage = await openPlatforms({ adapters, plugins });
  const connect = (name: string, path: string) =>
    stage.sandbox.connect({ platform: "slack", name, webhook: `${stage.url}${path}` })!;
  const first = connect("slack", "/slack/events");
  const second = connect("twilio-events", "/twilio/events");
  async function post(path: string, body: object, secret: string | undefined) {
    const text = JSON.stringify(body);
    const response = await fetch(`${stage.url}${path}`, {
      method: "POST",
      headers: slackHeaders(text, secret!),
      body: text,
    });
    return { status: response.status, text: await response.text() };
  }
  return { ...stage, first, second, post };
}

test("the challenge of a second app is echoed at its own path, signed with its own secret", async () => {
  const stage = await openTwo();
  await using _ = stage;
  const challenge = {
    type: "url_verification",
    token: "x",
    challenge: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
  };
  const good = await stage.post("/twilio/events", challenge, stage.second.signingSecret);
  expect([good.status, JSON.parse(good.text)]).toEqual([200, { challenge: challenge.challenge }]);
  const bad = await stage.post("/twilio/events", challenge, "wrong");
  expect([bad.status, bad.text]).toEqual([403, expect.stringContaining("Invalid request signature")]);
});

test("an event that is signed for one app is refused by the other", async () => {
  const stage = await openTwo();
  await using _ = stage;
  const event = {
    type: "event_callback",
    event: { type: "message", channel: "C1", user: "U1", text: "hi", ts: "1.2" },
  };
  expect((await stage.post("/slack/events", event, stage.second.signingSecret)).status).toBe(403);
  expect((await stage.post("/twilio/events", event, stage.first.signingSecret)).status).toBe(403);
  expect((await stage.post("/twilio/events", event, stage.second.signingSecret)).status).toBe(200);
});

test("questions to both apps are answered each by its own, with its own token, and nothing is mixed up", async () => {
  const stage = await openTwo();
  await using _ = stage;
  await stage.say("one?", { conversation: "@ada" });
  await stage.say("two?", { conversation: "@ada/twilio-events" });
  await stage.say("where is my pizza?", { conversation: "random" });
  expect(await stage.answers(1, "@ada")).toEqual(["slack: one?"]);
  expect(await stage.answers(1, "@ada/twilio-events")).toEqual(["twilio-events: two?"]);
  expect(await stage.answers(1, "random")).toEqual(["Pizza is on the way!"]);
  const authors = (await stage.messages("random")).filter(({ self }) => self).map(({ author }) => author);
  expect(authors).toEqual(["twilio-events"]);
});

test("a mention arrives twice and is answered once", async () => {
  const stage = await openTwo();
  await using _ = stage;
  await stage.say("@twilio-events how are you?", { conversation: "random" });
  expect(await stage.answers(1, "random")).toEqual(["twilio-events: how are you?"]);
});

test("the side doors tell the bot's id, that it lives, and whether its backend does", async () => {
  const backend = createServer((_, response) => response.end("backend is fine"));
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const backendUrl = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  const stage = await openTwo(backendUrl);
  await using _ = stage;
  const get = async (path: string) => (await fetch(stage.url + path)).text();
  const told = { user_id: stage.second.botUserId };
  expect(JSON.parse(await get("/twilio/bot_user_id"))).toEqual(told);
  expect(JSON.parse(await get("/bot_user_id"))).toEqual(told);
  expect(stage.second.botUserId).not.toBe(stage.first.botUserId);
  expect(await get("/ping")).toBe("pong");
  expect(await get("/twilio/ping-api")).toBe("backend is fine");
  backend.closeAllConnections();
  await new Promise((resolve) => backend.close(resolve));
  expect(await get("/twilio/ping-api")).toMatch(
    new RegExp(`^While fetching '${backendUrl}/ping', occurs error: .*ECONNREFUSED`),
  );
});
