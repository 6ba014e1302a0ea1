import { expect, test } from "vitest";
import { slack } from "../../../src/adapters/slack/index.ts";
import { definePlugin, type Reply } from "../../../src/core/index.ts";
import { openPlatforms, type PlatformStage } from "../stage.ts";

/** A plugin as operators write them: commands with an immediate text, buttons, files. */
function desk(said: { readonly reply?: Reply } = {}) {
  return definePlugin({
    name: "desk",
    setup(bot) {
      bot.command("ticket", (ctx) => ctx.reply(said.reply ?? "Ticket 42 is open."), { ack: "One moment …" });
      bot.command("ask", (ctx) =>
        ctx.reply({ text: "Close it?", buttons: [{ id: "close", label: "Close", value: "42" }], inThread: false }),
      );
      bot.on("action", (ctx) =>
        ctx.reply({ text: `Closed by ${ctx.event.author.name}: ${ctx.event.value}`, visibility: "author" }),
      );
      bot.hears("open it", async (ctx) => {
        const [file] = ctx.message.attachments;
        try {
          const bytes = await ctx.download?.(file!);
          await ctx.reply(Buffer.from(bytes!).toString());
        } catch (error) {
          await ctx.reply((error as Error).message);
        }
      });
    },
  })();
}

const open = (said?: { readonly reply?: Reply }) => openPlatforms({ adapters: [slack()], plugins: [desk(said)] });
const use = (stage: PlatformStage, name: string, conversation = "general", user = "ada") =>
  stage.control("/slack/command", { name, conversation, user });
const shown = async (stage: PlatformStage, count: number, conversation = "general") => {
  await stage.answers(count, conversation);
  return (await stage.messages(conversation))
    .filter(({ self }) => self)
    .map(({ text, visibility }) => [visibility, text]);
};

test("a slash command is answered at once to the person, and then to everyone", async () => {
  await using stage = await open();
  await use(stage, "ticket");
  const answers = await shown(stage, 2);
  expect(answers.toSorted()).toEqual([
    ["author", "One moment …"],
    ["everyone", "Ticket 42 is open."],
  ]);
});

test("a command works where nobody has invited the bot, by its response_url", async () => {
  await using stage = await open();
  await use(stage, "ticket", "board");
  const answers = await shown(stage, 2, "board");
  expect(answers.toSorted()).toEqual([
    ["author", "One moment …"],
    ["everyone", "Ticket 42 is open."],
  ]);
  expect(stage.warnings).toEqual([]);
});

test("a reply of more than one post stays in order by a response_url too, and nothing is lost", async () => {
  const lines = Array.from({ length: 300 }, (_, at) => `line ${at} of a long answer that has to be split`);
  await using stage = await open({ reply: lines.join("\n") });
  await use(stage, "ticket", "board");
  await stage.settle();
  const texts = (await shown(stage, 5, "board")).filter(([visibility]) => visibility === "everyone");
  expect(
    texts
      .map(([, text]) => text)
      .join("\n")
      .split("\n"),
  ).toEqual(lines);
});

test("a button is pressed, and who pressed it is answered alone", async () => {
  await using stage = await open();
  await use(stage, "ask", "support");
  await stage.answers(1, "support");
  const [asked] = await stage.messages("support");
  expect(asked).toMatchObject({ text: "Close it?", buttons: [{ id: "close", label: "Close" }] });
  await stage.control("/slack/press", { id: asked!.id, button: "close", user: "grace", conversation: "support" });
  expect(await shown(stage, 2, "support")).toContainEqual(["author", "Closed by grace: 42"]);
  expect((await stage.messages("support")).at(-1)).toMatchObject({ thread: asked!.id });
});

test("a press that Slack delivers twice is answered once", async () => {
  await using stage = await open();
  await use(stage, "ask");
  await stage.answers(1);
  const [asked] = await stage.messages();
  await stage.control("/slack/faults", { on: "events", kind: "duplicate" });
  await stage.control("/slack/press", { id: asked!.id, button: "close" });
  expect(await shown(stage, 2)).toEqual([
    ["everyone", "Close it?"],
    ["author", "Closed by ada: 42"],
  ]);
});

test("a response_url that wants a pause gets it, and no attempt is used", async () => {
  await using stage = await open();
  await stage.control("/slack/faults", { on: "response_url", kind: "429", retryAfter: 1 });
  await use(stage, "ticket", "board");
  expect(await shown(stage, 2, "board")).toContainEqual(["everyone", "Ticket 42 is open."]);
  expect(stage.warnings).toEqual([]);
});

test("blocks of a plugin's own are shown in place of the text", async () => {
  const blocks = [{ type: "header", text: { type: "plain_text", text: "Ticket 42" } }];
  await using stage = await open({ reply: { text: "for notifications", native: { slack: blocks } } });
  await use(stage, "ticket");
  expect(await shown(stage, 2)).toContainEqual(["everyone", "*Ticket 42*"]);
});

test("a file that somebody attached is read, and without the scope the plugin is told which", async () => {
  await using stage = await open();
  const files = [{ name: "note.txt", mimeType: "text/plain", data: Buffer.from("buy milk").toString("base64") }];
  await stage.say("open it", { files, conversation: "random" });
  expect(await stage.answers(1, "random")).toEqual(["buy milk"]);
  await stage.control("/slack/app", { scopes: ["chat:write", "channels:history"] });
  await stage.say("open it", { files, conversation: "random" });
  expect((await stage.answers(2, "random"))[1]).toContain("files:read");
});

test("threads of the channels that the bot is in are listed, closed ones as closed", async () => {
  const adapter = slack();
  await using stage = await openPlatforms({ adapters: [adapter], plugins: [] });
  const first = await stage.say("where is the printer?");
  await stage.say("second floor", { thread: first, user: "grace" });
  await stage.control("/slack/react", { id: first, name: "white_check_mark" });
  const second = await stage.say("lunch?", { conversation: "random", user: "linus" });
  await stage.say("yes", { conversation: "random", thread: second });
  await stage.say("nobody answers this");
  const hidden = await stage.say("secret", { conversation: "board" });
  await stage.say("very", { conversation: "board", thread: hidden });
  await stage.settle();
  const found = [];
  const span = { updatedFrom: Date.now() - 60_000, updatedTo: Date.now() + 60_000 };
  for await (const thread of adapter.threads!(span)) found.push(thread);
  expect(found).toMatchObject([
    {
      title: "where is the printer?",
      channel: "general",
      isClosed: true,
      permalink: expect.stringContaining("/archives/C"),
    },
    { title: "lunch?", channel: "random", isClosed: false, conversation: { thread: second } },
  ]);
});
