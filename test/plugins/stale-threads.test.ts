import { afterEach, expect, test } from "vitest";
import { staleThreads } from "../../src/plugins/stale-threads/index.ts";
import { createFakeClock } from "../../src/testing/clock.ts";
import { refusal, send } from "../adapters/twist/fake-twist.ts";
import { form, now, posted } from "../adapters/twist/started.ts";
import { turn } from "../storage/desk.ts";
import { type AskStage, channels, fastClock, openAsk, thread } from "./stale-threads-stage.ts";

const WAIT = "Getting stale threads. This will take a couple of seconds.";
const HEAD = "Here are your stale threads:\r\n\r\n";
const NONE = "You have no stale threads, congrats!";
const UNKNOWN =
  "Unknown command, try `stale threads`. For this command, the bot will look open threads that you created that are still open, but have not been active for the last three days. Dead threads that have been inactive for more than three weeks are not displayed for brewity.";
const UNFOLLOWED =
  "I have unfollowed the thread for you. If it stressed you out for some reason, consider taking a minute for a [breathing exercise](https://greatist.com/happiness/breathing-exercises-relax#5.-4-7-8-Breathing-or-relaxing-breath), it might help you de-stress a bit.";
const CANNOT =
  "Can't be done. Make sure your command looks like `unfollow https://twist.com/a/1585/ch/140545/t/1335288/`.";
const HELP =
  "Heya. 👋 \r\n\r\n I'm Maassi, your mildly annoyed assistant. My goal is to provide you with tools to manage the chaos around you.\r\n* `unfollow [thread URL]` - I will remove you from the default recepient group. Sometimes people can be a bit too much.\r\n* `stale threads` - If you're using the [close a thread](https://get.twist.help/hc/en-us/articles/360006299539-Close-a-thread) feature consistently, I will hunt down the loose threads.\r\n* `help` - See what I can do for you.";
const DAY = 86_400;

let stage: AskStage;
afterEach(() => stage[Symbol.asyncDispose]());

const open = async (...args: Parameters<typeof openAsk>) => {
  stage = await openAsk(...args);
  return stage;
};
const line = (title: string, id = 32038, date = "Wednesday, November 18", channel = 1) =>
  `[${title}](https://twist.com/a/5517/ch/${channel}/t/${id}/) last updated on ${date}`;
/** The one answer to `stale threads`. */
async function listed(question = "stale threads"): Promise<string> {
  await stage.ask(question);
  const answers = await stage.answers();
  expect(answers).toHaveLength(1);
  return answers[0]!;
}

test("the question is answered at once, before Twist has answered anything, with one job", async () => {
  const { api, ask, storage } = await open();
  const { promise, resolve } = Promise.withResolvers<void>();
  api.on("channels/get", (response) => void promise.then(() => send(response, 200, [])));
  expect(await ask("stale threads")).toEqual({ status: 200, content: WAIT });
  expect(storage.pending()).toBe(1);
  resolve();
  expect(await stage.answers()).toEqual([NONE]);
});

test("channels are asked for once, each open one for its threads once, an archived one not at all", async () => {
  const { api } = await open();
  channels(api, { 1: [], 2: [] }, [{ id: 3, name: "old", archived: true }]);
  await listed();
  const calls = api.calls.filter(({ name }) => name.endsWith("/get"));
  expect(calls.map(({ name, query }) => `${name} ${query.channel_id ?? query.workspace_id}`)).toEqual([
    "channels/get 5517",
    "threads/get 1",
    "threads/get 2",
  ]);
  for (const { headers } of calls) expect(headers.authorization).toBe("Bearer token-1");
});

test("threads of exactly 3 to exactly 21 days are listed, if they are open and the asker's own", async () => {
  const { api } = await open();
  const times = [1794963601, 1794963600, 1794963599, 1793408401, 1793408400, 1793408399];
  channels(api, {
    1: [
      ...times.map((last_updated_ts) => thread({ id: last_updated_ts, title: `${last_updated_ts}`, last_updated_ts })),
      thread({ id: 7, title: "closed", closed: true }),
      thread({ id: 8, title: "another's", creator: 10076 }),
    ],
  });
  expect([...(await listed()).matchAll(/^\[(.*?)\]/gm)].map((match) => match[1])).toEqual([
    "1794963600",
    "1794963599",
    "1793408401",
    "1793408400",
  ]);
});

test("the list comes over the callback as JSON, line by line as Twist lists the threads", async () => {
  const { api } = await open();
  channels(api, { 1: [thread()], 2: [thread({ id: 5, title: "B", last_updated_ts: 1_794_700_800 })] });
  expect(await listed()).toBe(`${HEAD}${line("Release plan")}\r\n${line("B", 5, "Sunday, November 15", 2)}`);
  expect(api.calls.at(-1)!.headers["content-type"]).toBe("application/json");
});

test("who has nothing stale is congratulated", async () => {
  await open();
  expect(await listed()).toBe(NONE);
});

test.each(["hello", "helpful", "help me", "unfollowed", "stale", "stale threads please", "Stale Threads!"])(
  "%j is explained at once, without a call to Twist",
  async (content) => {
    await open();
    expect(await stage.ask(content)).toEqual({ status: 200, content: UNKNOWN });
    expect(await stage.answers()).toEqual([]);
    expect(stage.called()).toEqual([]);
  },
);

test("with other plugins, only what none of them wants is explained", async () => {
  const { pizza } = await import("../../src/plugins/pizza/index.ts");
  await open({}, { plugins: [pizza()] });
  expect(await stage.ask("pizza?")).toEqual({ status: 200, content: "" });
  expect(await stage.answers()).toEqual(["Pizza is on the way!"]);
  expect(await stage.ask("hello")).toEqual({ status: 200, content: UNKNOWN });
});

test("help is given at once", async () => {
  await open();
  expect(await stage.ask("help")).toEqual({ status: 200, content: HELP });
  expect(await stage.ask(" HELP ")).toEqual({ status: 200, content: HELP });
});

test("a thread is unfollowed by its link, with the person's own token", async () => {
  const { api } = await open();
  await stage.ask("stale threads");
  await stage.answers();
  api.on("threads/mute", { status: "ok" });
  await vaultOf(stage).set("user/5517/10073", "token-ada");
  await stage.ask("unfollow https://twist.com/a/1585/ch/140545/t/1335288/");
  expect((await stage.answers()).slice(1)).toEqual([UNFOLLOWED]);
  const mute = api.calls.find(({ name }) => name === "threads/mute")!;
  expect(mute.json.id).toBe(1335288);
  expect(mute.headers.authorization).toBe("Bearer token-ada");
});

test("without that token it says that it used its own", async () => {
  const { api } = await open();
  api.on("threads/mute", { status: "ok" });
  await stage.ask("Unfollow <https://twist.com/a/1585/ch/140545/t/1335288/>");
  expect(await stage.answers()).toEqual([UNFOLLOWED, expect.stringContaining("the account that I read with")]);
});

test.each(["unfollow", "unfollow 1335288", "unfollow me please"])("%j cannot be done", async (content) => {
  await open();
  expect(await stage.ask(content)).toEqual({ status: 200, content: CANNOT });
  expect(stage.called()).toEqual([]);
});

test.each(["https://example.com/", "https://twist.com/a/1/ch/2/", "https://twist.com/a/1/ch/2/t/404/"])(
  "nor can a link that leads to no thread: %s",
  async (link) => {
    await open();
    expect((await stage.ask(`unfollow ${link}`)).status).toBe(200);
    expect(await stage.answers()).toEqual([CANNOT]);
  },
);

test("a ping is answered, a wrong token refused, and a thread or a comment no command unless the bot is named", async () => {
  await open();
  const post = (body: string) => stage.bot.webhook(posted(body, { path: "/stale-threads" }));
  expect(await post(form("ping"))).toMatchObject({ status: 200, body: '{"content":"pong"}' });
  expect((await post(form("message", { verify_token: "wrong" }))).status).toBe(401);
  expect(await stage.ask("stale threads", { user_id: undefined })).toMatchObject({ status: 400 });
  const quiet = await post(form("thread", { content: "stale threads" }));
  expect(quiet).toMatchObject({ status: 200 });
  const named = { content: "[Moe](twist-mention://42) stale threads", url_callback: stage.api.callback };
  expect(await post(form("comment", named))).toMatchObject({ status: 200, body: JSON.stringify({ content: WAIT }) });
  expect(await stage.answers()).toEqual([NONE]);
});

test("a message that comes three times is answered once", async () => {
  await open();
  for (const content of [WAIT, "", ""]) {
    expect(await stage.ask("stale threads", { message_id: "77" })).toEqual({ status: 200, content });
  }
  expect(await stage.answers()).toEqual([NONE]);
});

test("when the callback has expired, the list comes as a message", async () => {
  const { api } = await open();
  api.on("conversation_messages/add", { id: 9 });
  await stage.ask("stale threads", { url_ttl: `${now / 1000 - 1}` });
  expect(await stage.answers()).toEqual([]);
  expect(api.calls.at(-1)).toMatchObject({ name: "conversation_messages/add", json: { content: NONE } });
});

test("when the callback refuses or fails, the list comes as a message, once", async () => {
  for (const failing of [refusal(400, 20), refusal(500, 201)]) {
    const { api } = await open();
    api.on("callback", failing);
    api.on("conversation_messages/get", []);
    api.on("conversation_messages/add", { id: 9 });
    await stage.ask("stale threads");
    await stage.answers();
    expect(api.calls.filter(({ name }) => name === "conversation_messages/add")).toHaveLength(1);
    if (failing !== undefined) await stage[Symbol.asyncDispose]();
  }
  await open();
});

test.each([
  ["is forbidden", refusal(403, 109)],
  ["is limited for long", refusal(429, 0, { "retry-after": "600" })],
  ["fails", refusal(500, 201)],
  ["does not answer", () => {}],
])("a channel that %s is named below the others' threads", async (_, answer) => {
  const { api } = await open({}, { clock: fastClock() });
  const fail = typeof answer === "function" ? (answer as (response: unknown) => void) : () => {};
  channels(api, { 1: [thread()], 2: (response) => fail(response), 3: [thread({ id: 5, title: "C" })] });
  expect(await listed()).toBe(
    `${HEAD}${line("Release plan")}\r\n${line("C", 5, undefined, 3)}\r\n\r\nI could not read channel 2; what is stale there is missing here.`,
  );
});

test("when there is no time for all channels, the list says so", async () => {
  const { api } = await open({ patience: "800ms" });
  channels(api, { 1: [thread()], 2: () => {} });
  expect(await listed()).toBe(
    `${HEAD}${line("Release plan")}\r\n\r\nI could not read the channels I had no time for; what is stale there is missing here.`,
  );
});

test("nobody is congratulated on channels that could not be read", async () => {
  const { api } = await open();
  channels(api, { 1: (response) => (refusal(403, 109) as (response: unknown) => void)(response) });
  expect(await listed()).toBe("I found no stale threads, but I could not read channel 1.");
});

test("when Twist does not list its channels, the person is told after the last attempt, once", async () => {
  const { api } = await open({}, { clock: fastClock() });
  api.on("channels/get", refusal(500, 201));
  expect(await listed()).toBe("Sorry, that did not work just now. Please try again in a few minutes.");
  expect(await stage.storage.dead.list(10)).toHaveLength(1);
  expect(stage.warnings.join("\n")).not.toMatch(/token-1|stale threads/);
});

test("the same at once when it asks for a long pause", async () => {
  const { api } = await open();
  api.on("channels/get", refusal(429, 0, { "retry-after": "600" }));
  expect(await listed()).toBe("Sorry, that did not work just now. Please try again in a few minutes.");
});

test("when the question cannot be stored, the person is told at once, and answered when Twist asks again", async () => {
  const { memory } = await import("../../src/storage/memory/index.ts");
  const inner = memory();
  const disk = { isFull: true };
  const add = (entry: never) => (disk.isFull ? Promise.reject(new Error("the disk is full")) : inner.add(entry));
  await open({}, { storage: Object.create(inner, { add: { value: add } }) });
  const { bot, api } = stage;
  const body = form("message", { content: "stale threads", url_callback: api.callback });
  const post = () => bot.webhook(posted(body, { path: "/stale-threads" }));
  expect((await post()).status).toBe(503);
  expect((await post()).status).toBe(503);
  await expect.poll(() => stage.answers()).toEqual([expect.stringContaining("I will answer as soon as I can")]);
  disk.isFull = false;
  expect((await post()).status).toBe(200);
  expect((await stage.answers()).slice(1)).toEqual([NONE]);
});

test("`closed: null` counts as open, and a title stays inside its link", async () => {
  const { api } = await open();
  channels(api, {
    1: [
      thread({ id: 1, closed: null, title: "a ] b ) c [x](y)" }),
      thread({ id: 2, closed: undefined, title: " two\n lines ` " }),
      thread({ id: 3, title: "" }),
    ],
  });
  expect(await listed()).toBe(
    HEAD + [line("a \\] b \\) c \\[x\\](y\\)", 1), line("two lines \\`", 2), line("(no title)", 3)].join("\r\n"),
  );
});

test("500 threads are cut to the most that are shown, and counted", async () => {
  const { api } = await open();
  channels(api, { 1: Array.from({ length: 500 }, (_, id) => thread({ id: id + 1, title: `${id}` })) });
  const list = await listed();
  expect(list.split("\r\n")).toHaveLength(2 + 100 + 1);
  expect(list.endsWith("\r\nand 400 more")).toBe(true);
});

test("a list too long for one post comes in several, none of its lines lost or broken", async () => {
  const { api } = await open({ most: 300 });
  const long = "x".repeat(60);
  channels(api, { 1: Array.from({ length: 300 }, (_, id) => thread({ id: id + 1, title: `${long} ${id}` })) });
  await stage.ask("stale threads");
  const answers = await stage.answers();
  expect(answers.length).toBeGreaterThan(1);
  expect(answers.join("\r\n").match(/^\[x{60} \d+\]\(https:\S+\/\) last updated on .*$/gm)).toHaveLength(300);
});

test("case and blanks do not matter, and the window can be chosen", async () => {
  const { api } = await open();
  const aged = (days: number) => thread({ id: days, title: `${days}`, last_updated_ts: now / 1000 - days * DAY });
  channels(api, { 1: [4, 5, 30, 31].map(aged) });
  const titles = async (question: string) => {
    const before = (await stage.answers()).length;
    expect(await stage.ask(question)).toEqual({ status: 200, content: WAIT });
    return [...(await stage.answers())[before]!.matchAll(/^\[(.*?)\]/gm)].map((match) => match[1]);
  };
  expect(await titles(" Stale   Threads ")).toEqual(["4", "5"]);
  expect(await titles("stale threads 5 30")).toEqual(["5", "30"]);
  expect(await titles("stale threads 5")).toEqual(["5"]);
});

test.each(["30 5", "-1", "1.5", "3 21 5", "30", "0 99999"])("%j is no window, and that is said", async (words) => {
  await open();
  expect((await stage.ask(`stale threads ${words}`)).content).toContain("whole days");
  expect(stage.called()).toEqual([]);
});

test("what only the bot may see is not shown to others", async () => {
  const { api } = await open();
  channels(api, { 1: [thread({ title: "hers" })], 2: [thread({ title: "secret" })] });
  api.on("channels/get", [
    { id: 1, name: "open", public: true, user_ids: [42] },
    { id: 2, name: "closed", public: false, user_ids: [42] },
  ]);
  expect(await listed()).toBe(HEAD + line("hers"));
});

test("where Twist does not tell who may see a channel, the answer says whose view it is", async () => {
  const { api } = await open();
  channels(api, { 1: [thread()] });
  api.on("channels/get", [{ id: 1, name: "general", archived: false }]);
  await stage.ask("stale threads");
  expect(await stage.answers()).toEqual([
    HEAD + line("Release plan"),
    expect.stringMatching(/^This is what I can see\./),
  ]);
  await vaultOf(stage).set("user/5517/10073", "token-ada");
  await stage.ask("stale threads");
  expect((await stage.answers()).slice(2)).toEqual([HEAD + line("Release plan")]);
});

test("threads where somebody waits for the asker, by option or by word", async () => {
  const asked = [
    thread({ id: 1, title: "waits", creator: 10076, snippet_creator: 10076 }),
    thread({ id: 2, title: "she spoke last", snippet_creator: 10073 }),
    thread({ id: 3, title: "not hers", creator: 10076, participants: [10076, 10079], snippet_creator: 10076 }),
    thread({ id: 4, title: "closed", closed: true, snippet_creator: 10076 }),
  ];
  const { api } = await open({ which: "asked" });
  channels(api, { 1: asked });
  const head = "These threads are waiting for you:\r\n\r\n";
  expect(await listed()).toBe(head + line("waits", 1));
  await stage.ask("stale threads mine");
  expect((await stage.answers())[1]).toBe(HEAD + line("she spoke last", 2));
});

test("the oldest first, below the names of channels, with a year where it is another", async () => {
  const { api } = await open({ order: "oldest", group: true, to: 400, timeZone: "Pacific/Auckland" });
  channels(api, {
    1: [thread({ id: 1, title: "A" }), thread({ id: 2, title: "B", last_updated_ts: 1_767_182_400 })],
    2: [thread({ id: 3, title: "C", last_updated_ts: 1_767_139_200 })],
  });
  expect(await listed()).toBe(
    [
      `${HEAD}**channel 2**`,
      `${line("C", 3, "Wednesday, December 31, 2025", 2)}\r\n`,
      "**channel 1**",
      line("B", 2, "Thursday, January 01"),
      line("A", 1, "Wednesday, November 18"),
    ].join("\r\n"),
  );
});

test("dates in the asker's own time zone, in UTC where nobody knows it", async () => {
  const { api } = await open({ timeZone: "reader" });
  channels(api, { 1: [thread({ last_updated_ts: 1_794_956_400 })] });
  expect(await listed()).toContain("Tuesday, November 17");
  api.on("workspace_users/getone", { id: 10073, name: "Ada", timezone: "Asia/Tokyo" });
  await stage.ask("stale threads");
  expect((await stage.answers())[1]).toContain("Wednesday, November 18");
});

test("a list comes by itself where it is asked for, and nothing when nothing is stale", async () => {
  const to = [
    { adapter: "twist", account: "5517", id: "conversation/296779", person: "10073" },
    { adapter: "twist", account: "5517", id: "conversation/296780", person: "10076" },
  ];
  const clock = createFakeClock(now);
  const { api } = await open({ digest: { when: "0 8 * * 1", timeZone: "Europe/Paris", to } }, { clock });
  channels(api, { 1: [thread()] });
  api.on("conversation_messages/add", { id: 9 });
  // A Saturday at 1 o'clock: on Monday at 8 in Paris it is 7 here.
  const monday = now + (2 * 24 + 6) * 3_600_000;
  while (clock.step(monday - 1)) await turn();
  await stage.answers();
  expect(api.names()).toEqual([]);
  while (clock.step(monday)) await turn();
  await expect.poll(() => api.names()).toContain("conversation_messages/add");
  await stage.answers();
  const told = api.calls.filter(({ name }) => name === "conversation_messages/add").map(({ json }) => json);
  expect(told).toMatchObject([{ conversation_id: 296779, content: HEAD + line("Release plan") }]);
});

test("its texts can be another's", async () => {
  const { maassi } = await import("../../src/plugins/stale-threads/index.ts");
  const { api } = await open({ texts: { ...maassi, none: "Nichts." } });
  expect((await stage.ask("stale threads")).content).toBe(
    "Looking for your threads.This will take a couple of secs. ⏳",
  );
  expect(await stage.answers()).toEqual(["Nichts."]);
  expect((await stage.ask("hello")).content).toBe(
    "Unknown command, try typing `help` to see where can I begrudgingly help.",
  );
  channels(api, { 1: [thread()] });
  await stage.ask("stale threads");
  expect((await stage.answers())[1]).toMatch(/^Welcome to the rest of your work day 😅\r\n\r\n\[/);
});

test.each([
  [{ from: 30 }, /option `from` is 30: must not be larger/],
  [{ texts: { hed: "x" } }, /hed/],
  [{ timeZone: "Mars" }, /option `timeZone` is "Mars"/],
  [{ patience: "soon" }, /option `patience` is "soon"/],
])("refuses the options %j in one line", async (options, message) => {
  await open();
  const { testBot } = await import("../../src/testing/index.ts");
  await expect(testBot(staleThreads(options as never))).rejects.toMatchObject({
    code: "PLUGIN_OPTIONS",
    message: expect.stringMatching(message),
  });
});

function vaultOf({ storage }: AskStage) {
  return {
    async set(key: string, value: string) {
      const { createVault, createKeyring } = await import("../../src/core/vault.ts");
      await createVault(storage.values, "adapter:twist:vault", createKeyring("a secret for tests only")).set(
        key,
        value,
      );
    },
  };
}
