import { expect, test } from "vitest";
import { signature } from "../../src/sandbox/slack/signature.ts";
import { openStage } from "./stage.ts";

test("the signature is Slack's own", () => {
  const secret = "8f742231b10e8888abcd99yyyzzz85a5";
  const body =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
  expect(signature({ secret, timestamp: "1531420618", body })).toBe(
    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
  );
  expect(
    signature({
      secret,
      timestamp: 1_800_000_000,
      body: '{"type":"event_callback","event":{"type":"message","channel":"C1","user":"U1","text":"hé","ts":"1.2"}}',
    }),
  ).toBe("v0=ce87dfbe3b0d3a80d40a59706e81f3292dfb1e78e922b19b3dc150b8b3f0ad9c");
});

test("what a person says arrives signed and complete", async () => {
  await using stage = await openStage();
  const id = await stage.say("where is my <pizza> & who ate it?");

  const [request] = await stage.bot.gets(1);
  const { headers, body, json } = request!;
  const timestamp = String(headers["x-slack-request-timestamp"]);
  expect(headers["content-type"]).toBe("application/json");
  expect(headers["x-slack-signature"]).toBe(signature({ secret: stage.credentials.signingSecret!, timestamp, body }));
  expect(headers["x-slack-retry-num"]).toBeUndefined();
  expect(json).toMatchObject({
    type: "event_callback",
    team_id: expect.stringMatching(/^T[A-Z0-9]+$/),
    context_team_id: json.team_id,
    api_app_id: expect.stringMatching(/^A/),
    event_id: expect.stringMatching(/^Ev/),
    event_time: expect.any(Number),
    authorizations: [{ user_id: stage.credentials.botUserId, team_id: json.team_id, is_bot: true }],
    event: {
      type: "message",
      channel: expect.stringMatching(/^C/),
      channel_type: "channel",
      user: expect.stringMatching(/^U/),
      text: "where is my &lt;pizza&gt; &amp; who ate it?",
      ts: id,
      event_ts: id,
      client_msg_id: expect.any(String),
      blocks: [{ type: "rich_text" }],
    },
  });
  expect(await stage.messages()).toMatchObject([
    { id, author: "ada", text: "where is my <pizza> & who ate it?", thread: null, edited: false, bot: false },
  ]);
});

test("a mention arrives twice: two events about one message", async () => {
  await using stage = await openStage();
  const id = await stage.say("@moe, are you there?");

  const requests = await stage.bot.gets(2);
  expect(requests.map(({ json }) => json.event.type).toSorted()).toEqual(["app_mention", "message"]);
  expect(requests.map(({ json }) => json.event.ts)).toEqual([id, id]);
  expect(new Set(requests.map(({ json }) => json.event_id)).size).toBe(2);
  expect(requests[0]!.json.event.text).toBe(`<@${stage.credentials.botUserId}>, are you there?`);
  expect((await stage.messages())[0]!.text).toBe("@moe, are you there?");
});

test("a direct conversation is an im, seen by both names, and has no app_mention", async () => {
  await using stage = await openStage();
  const id = await stage.say({ text: "psst @moe", user: "grace", conversation: "dm" });

  const [request] = await stage.bot.gets(1);
  expect(request!.json.event).toMatchObject({ channel: expect.stringMatching(/^D/), channel_type: "im", ts: id });
  expect(await stage.messages("conversation=@grace")).toMatchObject([{ id, author: "grace" }]);
  expect(await stage.deliveries()).toHaveLength(1);
});

test("an answer in a thread names the root and its author", async () => {
  await using stage = await openStage();
  const root = await stage.say("a question");
  const reply = await stage.say({ text: "an answer", user: "grace", thread: root });
  await stage.say({ text: "another", thread: reply });

  const requests = await stage.bot.gets(3);
  const { user } = requests[0]!.json.event;
  expect(requests[1]!.json.event).toMatchObject({ thread_ts: root, parent_user_id: user, ts: reply });
  expect(requests[2]!.json.event.thread_ts).toBe(root);
  expect((await stage.messages(`conversation=general&thread=${root}`)).map(({ thread }) => thread)).toEqual([
    null,
    root,
    root,
  ]);
});

test("a file comes as file_share and can be fetched with the bot's token only", async () => {
  await using stage = await openStage();
  const data = Buffer.from("hello").toString("base64");
  await stage.say({ text: "look", files: [{ name: "a.txt", mimeType: "text/plain", data }] });

  const [request] = await stage.bot.gets(1);
  const { subtype, files } = request!.json.event;
  expect(subtype).toBe("file_share");
  expect(files).toMatchObject([{ name: "a.txt", mimetype: "text/plain", size: 5 }]);
  const authorization = `Bearer ${stage.credentials.token}`;
  expect(await (await fetch(files[0].url_private, { headers: { authorization } })).text()).toBe("hello");
  expect(await (await fetch(files[0].url_private)).text()).toContain("Sign in");
  const [shown] = await stage.messages();
  expect(await (await fetch(shown!.attachments[0]!.url)).text()).toBe("hello");
});

test("a person's edit and deletion carry what was there before", async () => {
  await using stage = await openStage();
  const id = await stage.say("hello");
  await stage.control("/slack/edit", { id, text: "hello again", conversation: "general" });
  await stage.control("/slack/delete", { id, conversation: "general" });

  const [, edited, deleted] = await stage.bot.gets(3);
  expect(edited!.json.event).toMatchObject({
    subtype: "message_changed",
    hidden: true,
    message: { ts: id, text: "hello again", edited: { user: expect.stringMatching(/^U/) } },
    previous_message: { ts: id, text: "hello" },
  });
  expect(edited!.json.event.user).toBeUndefined();
  expect(edited!.json.event.ts > id).toBe(true);
  expect(deleted!.json.event).toMatchObject({
    subtype: "message_deleted",
    deleted_ts: id,
    previous_message: { ts: id, text: "hello again" },
  });
  expect(await stage.messages()).toEqual([]);
});

test("a deleted root with answers leaves a tombstone", async () => {
  await using stage = await openStage();
  const id = await stage.say("root");
  await stage.say({ text: "answer", thread: id });
  await stage.control("/slack/delete", { id, conversation: "general" });

  const requests = await stage.bot.gets(3);
  expect(requests[2]!.json.event).toMatchObject({
    subtype: "message_changed",
    message: { subtype: "tombstone", ts: id },
    previous_message: { text: "root" },
  });
});

test("reactions come and go", async () => {
  await using stage = await openStage();
  const id = await stage.say("nice");
  const reaction = { id, name: "tada", user: "grace", conversation: "general" };
  await stage.control("/slack/react", reaction);
  expect(await stage.messages()).toMatchObject([{ reactions: [{ name: "tada", users: ["grace"] }] }]);
  await stage.control("/slack/react", { ...reaction, remove: true });

  const [, added, removed] = await stage.bot.gets(3);
  expect(added!.json.event).toMatchObject({ type: "reaction_added", reaction: "tada", item: { ts: id } });
  expect(removed!.json.event).toMatchObject({ type: "reaction_removed", reaction: "tada", item: { ts: id } });
});

test("the bot's own post, edit and deletion come back as events", async () => {
  await using stage = await openStage();
  const { ts, channel } = await stage.api("chat.postMessage", { channel: "general", text: "I am here" });
  await stage.api("chat.update", { channel, ts, text: "I was here" });
  await stage.api("chat.delete", { channel, ts });

  const [post, edit, deletion] = await stage.bot.gets(3);
  const own = { user: stage.credentials.botUserId, bot_id: expect.stringMatching(/^B/) };
  expect(post!.json.event).toMatchObject({ ...own, text: "I am here", ts, bot_profile: { name: "moe" } });
  expect(post!.json.event.subtype).toBeUndefined();
  expect(edit!.json.event).toMatchObject({ subtype: "message_changed", message: own, previous_message: own });
  expect(deletion!.json.event).toMatchObject({ subtype: "message_deleted", previous_message: own });
});

test("another bot speaks with its own bot id", async () => {
  await using stage = await openStage();
  await stage.say({ text: "beep", user: "robo", bot: true });
  const [request] = await stage.bot.gets(1);
  const { user, bot_id, client_msg_id } = request!.json.event;
  expect(bot_id).toMatch(/^B/);
  expect(client_msg_id).toBeUndefined();
  expect(user).not.toBe(stage.credentials.botUserId);
  expect(await stage.messages()).toMatchObject([{ author: "robo", bot: true, self: false }]);
});

test("two apps in one workspace get events of their own, signed with their own secrets", async () => {
  await using stage = await openStage();
  const second = stage.sandbox.connect({ platform: "slack", name: "events", webhook: `${stage.bot.url}/events` })!;
  await stage.say("@events and @moe");

  const requests = await stage.bot.gets(4);
  const mentions = requests.filter(({ json }) => json.event.type === "app_mention");
  expect(mentions.map(({ json }) => json.authorizations[0].user_id).toSorted()).toEqual(
    [second.botUserId, stage.credentials.botUserId].toSorted(),
  );
  for (const { headers, body, json } of requests) {
    const { signingSecret } = json.authorizations[0].user_id === second.botUserId ? second : stage.credentials;
    const timestamp = String(headers["x-slack-request-timestamp"]);
    expect(headers["x-slack-signature"]).toBe(signature({ secret: signingSecret!, timestamp, body }));
  }
});

test("a platform without a simulator gives no credentials", async () => {
  await using stage = await openStage();
  expect(stage.sandbox.connect({ platform: "irc", name: "irc", webhook: "http://127.0.0.1:1/" })).toBeUndefined();
});
