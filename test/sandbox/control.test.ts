import { expect, test } from "vitest";
import { createSandbox } from "../../src/sandbox/index.ts";
import { invented } from "./invented.ts";
import { openStage } from "./stage.ts";

const refusals: readonly (readonly [path: string, body: unknown, says: string])[] = [
  ["say", { text: "" }, "say something"],
  ["say", { text: 7 }, "`text`"],
  ["say", { text: "x", usr: "ada" }, "usr"],
  ["say", { text: "x", conversation: "genral" }, "did you mean `general`?"],
  ["say", { text: "x", thread: "1.2" }, "no message `1.2`"],
  ["say", { text: "x", files: [{ name: "a", mimeType: "png" }] }, "files.0.mimeType"],
  ["say", "{not json", "not JSON"],
  ["say", [], "object"],
  ["edit", { id: "1.2", text: "x", conversation: "general" }, "no message `1.2`"],
  ["edit", { text: "x" }, "`id`"],
  ["delete", { id: "1.2", conversation: "general" }, "no message `1.2`"],
  ["react", { id: "1.2", name: ":tada:", conversation: "general" }, "without colons"],
  ["redeliver", {}, "either `id`"],
  ["redeliver", { eventId: "Ev1" }, "No event `Ev1`"],
  ["faults", { on: "events", kind: "duplicate", times: 0 }, "`times`"],
];

test.each(refusals)("%s refuses %j and says why", async (path, body, says) => {
  await using stage = await openStage();
  const response = await stage.control(`/slack/${path}`, body);
  expect(response.status).toBe(400);
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect(error.code).toBe("SANDBOX_INPUT");
  expect(error.message).toContain(says);
});

test("an unknown conversation, platform or path is named", async () => {
  await using stage = await openStage();
  expect((await stage.control("/slack/messages?conversation=nowhere")).status).toBe(400);
  const platform = await stage.control("/irc/say", { text: "x" });
  expect(platform.status).toBe(404);
  expect(await platform.json()).toMatchObject({ error: { message: expect.stringContaining("Known: slack") } });
  expect((await stage.control("/irc/messages")).status).toBe(404);
  expect((await stage.control("/slack/sing", {})).status).toBe(404);
});

test("a name that others can point here is refused, an address and the bot's own name are not", async () => {
  const sandbox = createSandbox({ url: () => "http://127.0.0.1:3000", publicUrl: "https://bot.example.com" });
  const statusAt = async (host: string, path = "/sandbox") =>
    (await sandbox.fetch(new Request(`http://x${path}`, { headers: { host } }))).status;
  for (const host of ["evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", ""]) {
    expect([host, await statusAt(host), await statusAt(host, "/")]).toEqual([host, 403, 403]);
  }
  for (const host of [
    "localhost:3000",
    "127.0.0.1:3000",
    "[::1]:3000",
    "192.168.1.7",
    "moe.localhost",
    "bot.example.com",
  ]) {
    expect([host, await statusAt(host), await statusAt(host, "/")]).toEqual([host, 200, 200]);
  }
  await sandbox.close();
});

test("a foreign page, a plain form and a huge body are refused", async () => {
  await using stage = await openStage();
  const body = { text: "evil" };
  const say = (headers: Record<string, string>) => stage.control("/slack/say", body, { headers });
  const json = { "content-type": "application/json" };
  expect((await say({ ...json, origin: "https://evil.example" })).status).toBe(403);
  expect((await say({ ...json, origin: "null" })).status).toBe(403);
  expect((await say({ "content-type": "text/plain" })).status).toBe(415);
  const reset = await stage.control("/reset", {}, { headers: { ...json, origin: "https://evil.example" } });
  expect(reset.status).toBe(403);
  const del = { method: "DELETE", headers: { origin: "https://evil.example" } };
  expect((await stage.control("/slack/faults", undefined, del)).status).toBe(403);
  expect((await stage.control("/slack/say", { text: "x".repeat(1_000_001) })).status).toBe(413);
  expect(await stage.messages()).toEqual([]);
  expect((await say({ ...json, origin: stage.base })).status).toBe(200);
});

test("reset brings everything back to the start and leaves the bot connected", async () => {
  await using stage = await openStage();
  const before = await stage.say({ text: "hello", user: "zoe" });
  await stage.bot.gets(1);
  await stage.control("/slack/faults", { on: "*", kind: "500" });
  await stage.control("/reset", {});

  expect(await stage.messages()).toEqual([]);
  expect(await stage.deliveries()).toEqual([]);
  const { platforms } = (await (await stage.control("")).json()) as { platforms: { people: string[]; faults: [] }[] };
  expect(platforms[0]).toMatchObject({ people: ["ada", "grace", "linus"], faults: [] });
  expect(await stage.api("auth.test")).toMatchObject({ ok: true });
  expect((await stage.say("again")) > before).toBe(true);
  await stage.bot.gets(2);
});

test("reset stops the retries that were to come", async () => {
  await using stage = await openStage({ retryDelays: [30] });
  stage.bot.answers.push({ status: 500 }, { status: 500 });
  await stage.say("never again");
  await stage.bot.gets(1);
  await stage.control("/reset", {});
  await stage.say("fresh");
  // The retry of the second event is due after that of the first would have been.
  const requests = await stage.bot.gets(3);
  expect(requests.map(({ json }) => json.event.text)).toEqual(["never again", "fresh", "fresh"]);
});

const openInvented = () => openStage({ platforms: [invented("pub", "The Pub")] });

const told = async (response: Response) =>
  [response.status, ((await response.json()) as { error?: { message: string } }).error?.message] as const;

test("a button is pressed, a command is used, at home where no conversation is named", async () => {
  await using stage = await openInvented();
  expect((await stage.control("/pub/press", { id: "1", button: "yes" })).status).toBe(200);
  expect(
    (await stage.control("/pub/press", { id: "1", button: "no", user: "bob", conversation: "attic" })).status,
  ).toBe(200);
  expect(await (await stage.control("/pub/command", { name: "weather", text: "in Oslo", user: "bob" })).json()).toEqual(
    { ok: true },
  );
  expect((await stage.control("/pub/command", { name: "help" })).status).toBe(200);
  const texts = async (query: string) =>
    ((await (await stage.control(`/pub/messages${query}`)).json()) as { text: string }[]).map(({ text }) => text);
  expect(await texts("")).toEqual(["ada pressed yes", "bob ran weather with in Oslo", "ada ran help with nothing"]);
  expect(await texts("?conversation=attic")).toEqual(["bob pressed no"]);
  expect(await texts("?limit=1")).toEqual(["ada ran help with nothing"]);
});

test("the bot is installed, with its last page as the answer, and taken away", async () => {
  await using stage = await openInvented();
  const installed = await stage.control("/pub/install", {});
  expect(await installed.json()).toEqual({ status: 200, text: expect.stringContaining("is installed") });
  expect(await (await stage.control("/pub/uninstall", {})).json()).toEqual({ ok: true });
});

test.each([
  ["press", { id: "1" }, "`button`"],
  ["press", { button: "yes" }, "`id`"],
  ["press", { id: "1", button: "" }, "`button`"],
  ["press", { id: "1", button: "yes", conversation: "cellar" }, "no conversation `cellar`"],
  ["command", { text: "x" }, "`name`"],
  ["command", { name: "/weather" }, "without the slash"],
  ["command", { name: "weather", thread: "1" }, "thread"],
  ["install", { user: "ada" }, "user"],
  ["uninstall", "{", "not JSON"],
] as const)("%s refuses %j and says why", async (path, body, says) => {
  await using stage = await openInvented();
  const [status, message] = await told(await stage.control(`/pub/${path}`, body));
  expect([status, message]).toEqual([400, expect.stringContaining(says)]);
});

test("what people cannot do on a platform is refused with what they can do", async () => {
  const { platform, rules } = invented("pub", "The Pub", { can: ["edit", "react"] });
  const create: typeof platform.create = (host) => {
    const { press: _, command: __, install: ___, uninstall: ____, ...rest } = platform.create(host);
    return rest;
  };
  await using stage = await openStage({ platforms: [{ platform: { ...platform, create }, rules }] });
  const attempts = [
    ["press", { id: "1", button: "yes" }],
    ["command", { name: "weather" }],
    ["install", {}],
    ["uninstall", {}],
  ] as const;
  for (const [path, body] of attempts) {
    expect(await told(await stage.control(`/pub/${path}`, body))).toEqual([
      400,
      `Nobody can \`${path}\` on The Pub. What people can do there: edit, react.`,
    ]);
  }
});

test("what there is is told, with what people can do and when events come again", async () => {
  await using stage = await openStage({ platforms: [invented("pub", "The Pub")], retryDelays: [7] });
  await stage.control("/pub/faults", { on: "send", kind: "500" });
  expect(await (await stage.control("")).json()).toEqual({
    platforms: [
      {
        platform: "pub",
        title: "The Pub",
        apps: [],
        conversations: ["lobby", "attic", "@ada"].map((name) => ({
          name,
          id: name,
          label: name,
          isDirect: name === "@ada",
        })),
        people: ["ada", "bob"],
        replyMethod: "send",
        can: ["edit", "delete", "react", "press", "command", "thread", "file", "install", "uninstall"],
        home: "lobby",
        faults: [{ on: "send", kind: "500", times: 1, retryAfter: 1 }],
        retryDelays: [7],
      },
    ],
  });
});
