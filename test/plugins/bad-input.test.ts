import { describe, expect, test } from "vitest";
import { slack } from "../../src/adapters/slack/index.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import type { Plugin } from "../../src/core/index.ts";
import { askApi } from "../../src/plugins/ask-api/index.ts";
import { pizza } from "../../src/plugins/pizza/index.ts";
import { staleThreads } from "../../src/plugins/stale-threads/index.ts";
import { zendeskSync } from "../../src/plugins/zendesk-sync/index.ts";
import { testBot } from "../../src/testing/index.ts";
import { openPlatforms } from "../adapters/stage.ts";
import { openDesk } from "../sandbox/zendesk-stage.ts";
import { openBackend } from "./ask-api-stage.ts";
import { openStudio, PNG, TEXT } from "./image-command-stage.ts";
import { hello, openHelpDesk } from "./zendesk-sync-stage.ts";

const LONG = "very long ".repeat(1000);
const PIZZA = "Pizza is on the way!";
const HELP = expect.stringContaining("This is what I can draw");
const RANGE = "Enter a number between 0 and 2^32 -1";
const SORRY = "Uh oh something bad happened and idk what it was";

/** A bot on Slack. */
const onSlack = (...plugins: readonly Plugin[]) => openPlatforms({ adapters: [slack({ pace: false })], plugins });

describe("a text of 10,000 characters", () => {
  test("with a pizza in it is heard", async () => {
    await using stage = await onSlack(pizza());
    await stage.say(`${LONG} pizza`);
    expect(await stage.answers(1)).toEqual([PIZZA]);
  });

  test("after a command is a name like any other, once", async () => {
    using studio = openStudio();
    await using stage = await onSlack(studio.plugin());
    await stage.say(`@moe moename ${LONG}`);
    expect(await stage.answers(1)).toEqual([TEXT]);
  });

  test("after `stale threads` is explained, and the next question is answered", async () => {
    await using stage = await onSlack(staleThreads());
    const conversation = "@ada";
    await stage.say(`stale threads ${LONG}`, { conversation });
    await stage.say("help", { conversation });
    expect(await stage.answers(2, conversation)).toEqual([
      expect.stringContaining("Unknown command"),
      expect.stringContaining("I'm Maassi"),
    ]);
  });

  test("is no question for a backend, and the next one is", async () => {
    await using backend = await openBackend((response) => response.end("yes"));
    await using stage = await onSlack(askApi({ url: backend.url, longestQuestion: 4000 }));
    const conversation = "@ada";
    await stage.say(LONG, { conversation });
    await stage.say("and now?", { conversation });
    expect(await stage.answers(2, conversation)).toEqual([expect.stringContaining("4000"), "yes"]);
    expect(backend.asked.map(({ body }) => body.query)).toEqual(["and now?"]);
  });

  test("is a ticket, whole", async () => {
    await using desk = await openHelpDesk();
    await desk.say(LONG);
    const [{ id }] = await desk.tickets();
    expect(await desk.said()).toEqual([hello(id)]);
    expect((await desk.comments())[0]).toContain(LONG.trim());
  });
});

describe("an author with a name of 10,000 characters", () => {
  const user = "n".repeat(10_000);

  test("opens a ticket and comments on it under a shorter one", async () => {
    await using zendesk = await openDesk();
    await using bot = await testBot(zendeskSync({ ...zendesk.credentials, report: null }));
    expect(await bot.says("help", { user })).toEqual([expect.stringContaining("request")]);
    expect(await bot.says("any news?", { user, thread: "message-1" })).toEqual([]);
    const { conversations } = await zendesk.overview();
    const [first, comment] = (await zendesk.shown(conversations[0]!.id)).map(({ text }) => text);
    expect(first).toContain("help");
    expect(comment).toBe(`${user.slice(0, 100)} (Test): any news?`);
    expect(bot.warnings).toEqual([]);
  });

  test("is answered by the others too", async () => {
    using studio = openStudio();
    await using backend = await openBackend((response) => response.end("yes"));
    const plugins = [pizza(), staleThreads({ unknown: false }), askApi({ url: backend.url, listen: "unclaimed" })];
    await using bot = await testBot([...plugins, studio.plugin({ help: false })]);
    const place = { user, conversation: "dm" };
    expect(await bot.says("pizza", place)).toEqual([PIZZA]);
    expect(await bot.says("moename 7", place)).toEqual([TEXT]);
    expect(await bot.says("stale threads", place)).toEqual([expect.stringContaining("can't list threads")]);
    expect(await bot.says("so?", place)).toEqual(["yes"]);
    expect(bot.warnings).toEqual([]);
  });
});

describe("a command in code", () => {
  test.each([
    ["in a line of text", "@moe what does `moerand` do?"],
    ["in a block", "@moe this is how:\n```\nmoename Ada\n```\nand you get Ada"],
  ])("%s is a quotation: nothing is drawn", async (_, text) => {
    using studio = openStudio();
    await using stage = await onSlack(studio.plugin());
    await stage.say(text);
    expect(await stage.answers(1)).toEqual([HELP]);
    expect(studio.drawings).toEqual([]);
  });

  test("that is the whole message was copied from the help, and counts", async () => {
    using studio = openStudio();
    await using stage = await onSlack(studio.plugin());
    await stage.say("`moename 42`", { conversation: "@ada" });
    expect(await stage.answers(1, "@ada")).toEqual([TEXT]);
    expect(studio.drawings).toEqual([{ seed: 42, truncation: 0.55 }]);
  });

  test.each(["what does `stale threads` do?", "```\nstale threads\n```", "see\n```\nunfollow https://x/\n```"])(
    "lists no threads: %j",
    async (text) => {
      await using stage = await onSlack(staleThreads());
      await stage.say(text, { conversation: "@ada" });
      expect(await stage.answers(1, "@ada")).toEqual([expect.stringContaining("Unknown command")]);
    },
  );

  test("closes no ticket", async () => {
    await using desk = await openHelpDesk();
    const root = await desk.say("help");
    await desk.say("`done`", { thread: root });
    expect(await desk.comments()).toEqual([expect.anything(), "ada (Slack): `done`"]);
    expect(await desk.said()).toHaveLength(1);
  });
});

test.each(["4294967296", "-1", "1.5", "9".repeat(5000)])("%j is no seed, and the next one is", async (seed) => {
  using studio = openStudio();
  const commands = [{ word: "moeseed", seed: "number" as const }];
  await using stage = await onSlack(studio.plugin({ commands }));
  const conversation = "@ada";
  await stage.say(`moeseed ${seed}`, { conversation });
  await stage.say("moeseed 4294967295", { conversation });
  expect(await stage.answers(2, conversation)).toEqual([RANGE, TEXT]);
  expect(studio.drawings.map(({ seed: drawn }) => drawn)).toEqual([4294967295]);
});

test("a program that prints garbage is told to the person and the operator, and the next picture comes", async () => {
  using studio = openStudio();
  const script = `
    const isGood = process.argv[1] === "7";
    process.stdout.write(isGood ? Buffer.from("${PNG.toString("base64")}", "base64") : "secret garbage");
  `;
  const generator = { kind: "command" as const, program: process.execPath, args: ["-e", script, "--", "{seed}"] };
  await using stage = await onSlack(studio.plugin({ generator, attempts: 1 }));
  const conversation = "@ada";
  await stage.say("moename 8", { conversation });
  await stage.answers(1, conversation);
  await stage.say("moename 7", { conversation });
  expect(await stage.answers(2, conversation)).toEqual([SORRY, TEXT]);
  const log = stage.warnings.join("\n");
  expect(log).toContain("no whole PNG");
  expect(log).not.toMatch(/secret|moename/);
});

test.each([true, false])(
  "a backend that answers without end (streaming: %s) is left, and the next question answered",
  async (streaming) => {
    await using backend = await openBackend(async (response, { body }) => {
      if (body.query !== "endless secret") return response.end("yes");
      while (!response.closed) {
        response.write("x".repeat(10_000));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    await using stage = await onSlack(askApi({ url: backend.url, streaming, longestAnswer: 5000 }));
    const conversation = "@ada";
    await stage.say("endless secret", { conversation });
    await stage.say("and now?", { conversation });
    const texts = await stage.answers(streaming ? 4 : 2, conversation);
    expect(texts.at(-1)).toBe("yes");
    expect(texts.at(-2)).not.toMatch(/^x*$/);
    expect(stage.warnings.join()).not.toContain("secret");
  },
);

test("a person whose platform tells no address gets a ticket all the same", async () => {
  await using desk = await openHelpDesk({}, { adapter: twilio({ pace: false }), home: "ada" });
  await desk.say("my printer is on fire");
  const [{ id, requester_id }] = await desk.tickets();
  expect((await desk.api(`users/${requester_id}`)).user).toMatchObject({ email: null });
  expect(await desk.said()).toEqual([hello(id)]);
});

test("a file of the staff's that is too large goes to the thread as a link, with the comment", async () => {
  await using desk = await openHelpDesk({ maxFileBytes: 3 });
  await desk.say("help");
  const data = Buffer.from("hello file").toString("base64");
  await desk.staff("see this", { files: [{ name: "large.txt", mimeType: "text/plain", data }] });
  await desk.staff("and that");
  const texts = (await desk.said()).slice(1);
  expect(texts[0]).toMatch(/^\(Zendesk\): see this[\s\S]*large\.txt/);
  expect(texts.at(-1)).toBe("(Zendesk): and that");
});
