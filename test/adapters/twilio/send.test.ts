import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { twilio } from "../../../src/adapters/twilio/index.ts";
import { type Adapter, type Conversation, definePlugin, type Message, type Reply } from "../../../src/core/index.ts";
import { failure, openPlatforms, type PlatformStage } from "../stage.ts";
import { reply } from "./started.ts";

let stage: PlatformStage;
let adapter: Adapter;
/** Ada by SMS, and Grace by WhatsApp. */
let ada: Conversation;
let grace: Conversation;
let answer: Reply;
const heard: Message[] = [];

const answering = definePlugin({
  name: "answering",
  setup(bot) {
    bot.hears(/./, (ctx) => {
      heard.push(ctx.message);
      if (ctx.message.author.name === "ada") ada = ctx.message.conversation;
      if (ctx.message.author.name === "grace") grace = ctx.message.conversation;
      return ctx.reply(answer);
    });
  },
});

beforeEach(async () => {
  answer = "ok";
  adapter = twilio({ pace: false, timeout: "300ms" });
  stage = await openPlatforms({ adapters: [adapter], plugins: [answering()] });
  await stage.say("hi", { conversation: "whatsapp/grace" });
  await stage.say("hi");
  await stage.answers(1);
  await stage.answers(1, "whatsapp/grace");
  ada = { adapter: "twilio", account: await numberOfBot(), id: (await person("ada")).id, isDirect: true };
});

afterEach(() => stage[Symbol.asyncDispose]());

interface Overview {
  readonly conversations: readonly { readonly name: string; readonly id: string }[];
}

async function person(name: string) {
  const { platforms } = await stage.control<{ platforms: (Overview & { platform: string })[] }>("");
  return platforms.find(({ platform }) => platform === "twilio")!.conversations.find((each) => each.name === name)!;
}

async function numberOfBot(): Promise<string> {
  return grace.account!.replace("whatsapp:", "");
}

async function last(conversation = "ada") {
  return (await stage.messages(conversation)).at(-1)!;
}

const fault = (on: string, kind: string, times = 1) => stage.control("/twilio/faults", { on, kind, times });

test("a part of a long answer that may be out is not said again", async () => {
  const text = "x".repeat(1600);
  const long = reply({ text, buttons: [{ id: "menu", label: "Menu" }], since: Date.now() });
  const before = (await stage.messages("ada")).length;
  await fault("messages.create", "lost-answer");
  expect(await failure(adapter.send(ada, long))).toMatchObject({ maybeSent: true });
  expect(await adapter.find!(ada, long)).toBeUndefined();
  await adapter.send(ada, long);
  const texts = (await stage.messages("ada")).slice(before).map((message) => message.text);
  expect(texts).toEqual([text, "1. Menu"]);
});

test("an answer leaves from the number that was written to", async () => {
  await adapter.send(ada, reply());
  expect(await last()).toMatchObject({ text: "Hi Ada", self: true });
  await adapter.send(grace, reply());
  expect(await last("whatsapp/grace")).toMatchObject({ text: "Hi *Ada*", self: true });
});

test("where nobody spoke first, the sender of the options speaks", async () => {
  const { account: _, ...anew } = ada;
  await adapter.send(anew, reply({ text: "hello" }));
  expect((await last()).text).toBe("hello");
});

test("2,000 characters are two messages, in order and with nothing lost", async () => {
  answer = Array.from({ length: 400 }, (_, at) => String(at).padStart(4, "0")).join(" ");
  expect(answer).toHaveLength(1999);
  await stage.say("tell me");
  const [, ...parts] = await stage.answers(3);
  expect(parts).toHaveLength(2);
  expect(parts.join(" ")).toBe(answer);
});

test.each<[string, string]>([
  ["nothing but emoji", "👩‍👩‍👧‍👦🍕".repeat(500)],
  ["characters of SMS that count double", "[{€}] ".repeat(500)],
  ["marks that do not close", "**a _b_ `c [d](e ".repeat(250)],
])("no part of a long text is refused: %s", async (_, text) => {
  answer = text;
  await stage.say("tell me");
  const parts = (await stage.answers(3)).slice(1);
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(1600);
  const bare = (each: string) => each.replace(/[\s*_`]/g, "");
  expect(bare(parts.join(""))).toBe(bare(text));
});

test("control characters do not keep a text from arriving", async () => {
  await adapter.send(ada, reply({ text: "a\u0000b\u0007c\ud800 🍕" }));
  expect((await last()).text).toBe("abc� 🍕");
});

test("buttons are lines with numbers; what has no room beside the text comes after it", async () => {
  const buttons = [
    { id: "y", label: "Yes" },
    { id: "d", label: "Docs", url: "https://x.dev" },
  ];
  await adapter.send(ada, reply({ buttons }));
  expect((await last()).text).toBe("Hi Ada\n1. Yes\n2. Docs: https://x.dev");
  await adapter.send(ada, reply({ ref: "s.2.reply", text: "x".repeat(1590), buttons }));
  const texts = (await stage.messages("ada")).slice(-2).map(({ text }) => text);
  expect(texts.map(({ length }) => length <= 1600)).toEqual([true, true]);
  expect(texts.join("\n")).toBe(`${"x".repeat(1590)}\n1. Yes\n2. Docs: https://x.dev`);
});

test("a template goes as it is, in place of the text", async () => {
  await adapter.send(grace, reply({ native: { ContentSid: "HX1", ContentVariables: { 1: "Ada" }, To: "+1" } }));
  expect(await last("whatsapp/grace")).toMatchObject({ text: "HX1" });
  expect(await adapter.find!(grace, reply({ native: { ContentSid: "HX1" } }))).toBe("unknown");
});

describe("files", () => {
  const data = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const cat = { name: "cat ü.png", mimeType: "image/png", data };

  test("out: Twilio fetches them from the bot, which nobody can guess the address of", async () => {
    await adapter.send(ada, reply({ attachments: [cat] }));
    const { text, attachments } = await last();
    expect(text).toBe("Hi Ada");
    expect(attachments).toMatchObject([{ name: "cat ü.png", mimeType: "image/png" }]);
    const fetched = await fetch(attachments[0]!.url);
    expect(new Uint8Array(await fetched.arrayBuffer())).toEqual(data);
  });

  test("out: the same reply has the same address, and it shows a file without letting it run", async () => {
    const addresses: string[] = [];
    const far = { ...ada, id: "+33612345678" };
    for (let round = 0; round < 2; round++) {
      await adapter.send(far, reply({ attachments: [{ ...cat, mimeType: "text/html\r\nx: y" }] }));
      addresses.push(/http\S+/.exec((await last("+33612345678")).text)![0]);
    }
    expect(addresses[0]).toBe(addresses[1]);
    expect(addresses[0]).toMatch(/\/twilio\/media\?file=[0-9a-f]{64}$/);
    const { headers } = await fetch(addresses[0]!);
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("content-security-policy")).toContain("sandbox");
  });

  test("out: where there is no MMS, a text holds the address", async () => {
    const url = "https://x.dev/cat.png";
    await adapter.send(
      { ...ada, id: "+33612345678" },
      reply({ attachments: [{ name: "cat", mimeType: "image/png", url }] }),
    );
    expect(await last("+33612345678")).toMatchObject({ text: `Hi Ada\ncat: ${url}`, attachments: [] });
    await adapter.send(grace, reply({ attachments: [{ name: "cat", mimeType: "image/png", url }] }));
    expect((await last("whatsapp/grace")).attachments).toMatchObject([{ url }]);
  });

  test("out: what is too large or too many is named, and the text is not lost", async () => {
    const huge = { name: "huge.bin", mimeType: "application/zip", data: new Uint8Array(5_000_001) };
    const links = Array.from({ length: 11 }, (_, at) => ({
      name: `${at}.png`,
      mimeType: "image/png",
      url: `https://x.dev/${at}.png`,
    }));
    await adapter.send(ada, reply({ attachments: [huge, ...links] }));
    const { text, attachments } = await last();
    expect(text).toBe("Hi Ada\n[huge.bin]\n10.png: https://x.dev/10.png");
    expect(attachments).toHaveLength(10);
  });

  test("in: a person's picture is read with the account's credentials", async () => {
    const file = { name: "a.png", mimeType: "image/png", data: Buffer.from(data).toString("base64") };
    await stage.say("look", { files: [file] });
    await stage.answers(2);
    const [picture] = heard.at(-1)!.attachments;
    expect(picture).toMatchObject({ name: "image-1.png", mimeType: "image/png" });
    expect((await fetch(picture!.url!)).status).toBe(401);
    expect(new Uint8Array(await adapter.download!(picture!))).toEqual(data);
    expect(await failure(adapter.download!(picture!, { maxBytes: 255 }))).toMatchObject({ permanent: true });
  });
});

describe("a refusal", () => {
  test("21610 is remembered: the next message is not even tried", async () => {
    await stage.say("STOP");
    await stage.settle();
    await stage.control("/twilio/faults", { on: "messages.create", kind: "500", times: 1 });
    expect(await failure(adapter.send(ada, reply()))).toMatchObject({ permanent: true, maybeSent: false });
    expect(await stage.control("/twilio/faults")).toHaveLength(1);
    await stage.control("/twilio/say", { text: "START" });
    await stage.settle();
  });

  test.each<[string, (to: Conversation) => Conversation, RegExp]>([
    ["a number that is none", (to) => ({ ...to, id: "12" }), /21211.*country/],
    ["a foreign sender", (to) => ({ ...to, account: "+16505550000" }), /21606/],
    ["two channels", (to) => ({ ...to, id: `whatsapp:${to.id}` }), /21910.*whatsapp:/],
  ])("%s is final, says what to do, and shows no number", async (_, change, message) => {
    const error = await failure(adapter.send(change(ada), reply()));
    expect(error).toMatchObject({ code: "DELIVERY_FAILED", maybeSent: false, permanent: true });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain(ada.id);
  });

  test("too many requests are a pause of the account", async () => {
    await fault("messages.create", "429");
    expect(await failure(adapter.send(ada, reply()))).toMatchObject({ code: "RATE_LIMITED", scope: "account" });
  });

  test.each(["500", "timeout", "lost-answer"])("after a %s nobody knows whether it was sent", async (kind) => {
    await fault("messages.create", kind);
    expect(await failure(adapter.send(ada, reply()))).toMatchObject({ maybeSent: true, permanent: false });
  });
});

describe("a message in doubt", () => {
  test("is found when it got through, and not when it did not", async () => {
    await fault("messages.create", "500");
    await failure(adapter.send(ada, reply({ text: "one" })));
    expect(await adapter.find!(ada, reply({ text: "one" }))).toBeUndefined();
    await fault("messages.create", "lost-answer");
    await failure(adapter.send(ada, reply({ text: "two" })));
    expect(await adapter.find!(ada, reply({ text: "two" }))).toEqual({ id: (await last()).id, conversation: ada });
  });

  test("is not taken for another one with the same text", async () => {
    await adapter.send(ada, reply({ ref: "s.1.reply" }));
    await fault("messages.create", "500");
    await failure(adapter.send(ada, reply({ ref: "s.2.reply" })));
    expect(await adapter.find!(ada, reply({ ref: "s.2.reply" }))).toBeUndefined();
    await fault("messages.create", "lost-answer");
    await failure(adapter.send(ada, reply({ ref: "s.3.reply" })));
    expect(await adapter.find!(ada, reply({ ref: "s.3.reply" }))).toMatchObject({ id: (await last()).id });
  });

  test("is found behind a hundred others, and not what is older than the job", async () => {
    await fault("messages.create", "lost-answer");
    await failure(adapter.send(ada, reply({ text: "first" })));
    const { id } = await last();
    for (let round = 0; round < 100; round++) await adapter.send(ada, reply({ ref: `s.${round}`, text: "other" }));
    expect(await adapter.find!(ada, reply({ text: "first" }))).toMatchObject({ id });
    expect(await adapter.find!(ada, reply({ text: "first", since: Date.now() + 1_200_000 }))).toBeUndefined();
  });

  test("is answered once although the answer to the call was lost", async () => {
    await fault("messages.create", "lost-answer");
    await stage.say("again");
    expect(await stage.answers(2)).toEqual(["ok", "ok"]);
  });
});
