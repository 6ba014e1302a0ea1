import { expect, test } from "vitest";
import { twist } from "../../../src/adapters/twist/index.ts";
import { definePlugin } from "../../../src/core/index.ts";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { openPlatforms } from "../stage.ts";

/** Says something at once, and the rest later. */
const patient = definePlugin({
  name: "patient",
  setup(bot) {
    bot.hears("stale threads", (ctx) => ctx.reply("Here they are."), { ack: "One moment." });
  },
})();

test("a pizza is announced in a direct conversation, over the real wire", async () => {
  await using stage = await openPlatforms({ adapters: [twist()], plugins: [pizza()] });
  await stage.say("Hey! where is my pizza?", { conversation: "dm", user: "ada" });
  expect(await stage.answers(1, "@ada")).toEqual(["Pizza is on the way!"]);
});

test("a pizza is announced in the thread that asks for it, and under the comment that does", async () => {
  await using stage = await openPlatforms({ adapters: [twist()], plugins: [pizza()] });
  const thread = await stage.say("Who wants pizza?", { conversation: "random" });
  expect(await stage.answers(1, "random")).toEqual(["Pizza is on the way!"]);
  expect((await stage.messages("random")).at(-1)).toMatchObject({ thread, self: true });
  await stage.say("I want two of that pizza", { conversation: "random", thread });
  expect(await stage.answers(2, "random")).toHaveLength(2);
  expect((await stage.messages("random")).at(-1)).toMatchObject({ thread, self: true });
});

test("the immediate text comes in the acknowledgement, the rest over the callback, each once", async () => {
  await using stage = await openPlatforms({ adapters: [twist()], plugins: [patient] });
  await stage.say("stale threads", { conversation: "dm" });
  expect(await stage.answers(2, "@ada")).toEqual(["One moment.", "Here they are."]);
});

test("an event that is delivered three times is answered once", async () => {
  await using stage = await openPlatforms({ adapters: [twist()], plugins: [pizza()] });
  const id = await stage.say("pizza", { conversation: "dm" });
  await stage.answers(1, "@ada");
  await stage.control("/twist/redeliver", { id });
  await stage.control("/twist/redeliver", { id });
  await stage.settle();
  expect(await stage.answers(1, "@ada")).toEqual(["Pizza is on the way!"]);
  const [delivery] = await stage.deliveries();
  expect(delivery).toMatchObject({ acknowledged: true, attempts: [{ status: 200 }, { status: 200 }, { status: 200 }] });
});

test.each(["500", "lost-answer"])("a callback that ends in %s is answered for, once", async (kind) => {
  await using stage = await openPlatforms({ adapters: [twist({ timeout: "1s" })], plugins: [pizza()] });
  await stage.control("/twist/faults", { on: "url_callback", kind });
  await stage.say("pizza", { conversation: "dm" });
  expect(await stage.answers(1, "@ada")).toEqual(["Pizza is on the way!"]);
});

test("while Twist's whole API is down nothing is lost", async () => {
  await using stage = await openPlatforms({ adapters: [twist()], plugins: [pizza({ text: "Soon!" })] });
  await stage.control("/twist/faults", { on: "*", kind: "500", times: 2 });
  await stage.say("pizza", { conversation: "dm" });
  expect(await stage.answers(1, "@ada")).toEqual(["Soon!"]);
});

test("a lost acknowledgement is made up for by a further delivery, and answered once", async () => {
  await using stage = await openPlatforms({ adapters: [twist()], plugins: [pizza()] });
  await stage.control("/twist/faults", { on: "events", kind: "lost-answer" });
  await stage.say("pizza", { conversation: "support" });
  expect(await stage.answers(1, "support")).toEqual(["Pizza is on the way!"]);
  expect((await stage.deliveries())[0]!.attempts).toHaveLength(2);
});

test("a person lets the bot in by its pages, and takes it out again", async () => {
  await using stage = await openPlatforms({ adapters: [twist()], plugins: [pizza()] });
  const page = await stage.control<{ status: number; text: string }>("/twist/install", {});
  expect(page).toMatchObject({ status: 200, text: expect.stringContaining("It is connected") });
  await stage.control("/twist/uninstall", {});
  await stage.settle();
  expect((await stage.deliveries()).at(-1)).toMatchObject({ type: "uninstall", acknowledged: true });
  expect(stage.warnings).toEqual([]);
});

test("a mention is taken out of what a plugin reads, and a mention alone makes a thread's post a command", async () => {
  const echo = definePlugin({
    name: "echo",
    setup(bot) {
      bot.command("echo", (ctx) => ctx.reply(`<${ctx.args}>`));
    },
  })();
  await using stage = await openPlatforms({ adapters: [twist()], plugins: [echo] });
  await stage.say("@moe echo hi there", { conversation: "random" });
  await stage.say("echo not for the bot", { conversation: "random" });
  await stage.say("echo direct", { conversation: "dm" });
  expect(await stage.answers(1, "random")).toEqual(["<hi there>"]);
  expect(await stage.answers(1, "@ada")).toEqual(["<direct>"]);
});

test("answers are edited, deleted and reacted to whichever way they went out", async () => {
  const changes = definePlugin({
    name: "changes",
    setup(bot) {
      bot.hears("go", async (ctx) => {
        await ctx.react?.("eyes");
        const first = await ctx.reply("working");
        const second = await ctx.reply("scratch");
        await first.edit?.("still working");
        await first.edit?.("done");
        await second.delete?.();
        await ctx.reply({
          text: "report",
          attachments: [{ name: "a.txt", mimeType: "text/plain", data: Buffer.from("A") }],
        });
      });
    },
  })();
  await using stage = await openPlatforms({ adapters: [twist()], plugins: [changes] });
  for (const [where, shown] of [
    ["dm", "@ada"],
    ["random", "random"],
  ] as const) {
    const id = await stage.say("go", { conversation: where });
    expect(await stage.answers(2, shown)).toEqual(["done", "report"]);
    const messages = await stage.messages(shown);
    expect(messages.find((message) => message.id === id)!.reactions).toEqual([{ name: "👀", users: ["moe"] }]);
    expect(messages.at(-2)).toMatchObject({ text: "done", edited: true });
    const [file] = messages.at(-1)!.attachments;
    expect(file).toMatchObject({ name: "a.txt", mimeType: "text/plain" });
    expect(await (await fetch(file!.url)).text()).toBe("A");
  }
});

test("a button says its value in the name of whoever presses it", async () => {
  const asks = definePlugin({
    name: "asks",
    setup(bot) {
      bot.hears("ask", (ctx) =>
        ctx.reply({ text: "Sure?", buttons: [{ id: "yes", label: "Yes", value: "go ahead" }] }),
      );
      bot.hears("go ahead", (ctx) => ctx.reply("Going."));
    },
  })();
  await using stage = await openPlatforms({ adapters: [twist()], plugins: [asks] });
  await stage.say("ask", { conversation: "dm" });
  await stage.answers(1, "@ada");
  const { id, buttons } = (await stage.messages("@ada")).at(-1)!;
  expect(buttons).toEqual([{ id: "0", label: "Yes" }]);
  await stage.control("/twist/press", { id, button: "0", user: "ada", conversation: "@ada" });
  expect(await stage.answers(2, "@ada")).toEqual(["Sure?", "Going."]);
});
