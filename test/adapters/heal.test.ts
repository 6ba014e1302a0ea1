import { describe, expect, test } from "vitest";
import { livechat } from "../../src/adapters/livechat/index.ts";
import { slack } from "../../src/adapters/slack/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import type { Adapter, Message } from "../../src/core/index.ts";
import { openPlatformThatStays } from "./heal-stage.ts";

interface Case {
  readonly name: string;
  readonly create: () => Adapter;
  /** Where people speak. */
  readonly said: { readonly conversation?: string };
  readonly shown: string;
  /** They speak in the thread of the first message. */
  readonly inThread?: boolean;
  /** Put before each text. */
  readonly call?: string;
}

const cases: readonly Case[] = [
  { name: "Slack, in a channel", create: () => slack(), said: { conversation: "general" }, shown: "general" },
  {
    name: "Slack, in a thread",
    create: () => slack(),
    said: { conversation: "general" },
    shown: "general",
    inThread: true,
  },
  { name: "Slack, directly", create: () => slack(), said: { conversation: "@ada" }, shown: "@ada" },
  { name: "Twist, in a channel", create: () => twist(), said: { conversation: "general" }, shown: "general" },
  {
    name: "Twist, in a thread",
    create: () => twist(),
    said: { conversation: "general" },
    shown: "general",
    inThread: true,
  },
  { name: "Twist, directly", create: () => twist(), said: { conversation: "@ada" }, shown: "@ada" },
  {
    name: "X, in a thread",
    create: () => twitter(),
    said: { conversation: "timeline" },
    shown: "timeline",
    inThread: true,
    call: "@moe ",
  },
  { name: "X, directly", create: () => twitter(), said: { conversation: "@ada" }, shown: "@ada" },
  { name: "LiveChat", create: () => livechat(), said: {}, shown: "ada" },
];

describe.each(cases)("$name", ({ create, said, shown, inThread, call = "" }) => {
  async function open() {
    const there = await openPlatformThatStays(create);
    const storage = await there.storage();
    const bot = await there.start(storage);
    if (bot.bot.adapters[0]!.platform === "livechat") await there.control("install", {});
    let thread: string | undefined;
    const say = (text: string) => there.say({ ...said, ...(thread && { thread }), text: `${call}${text}` });
    const first = await say("pizza 1");
    if (inThread) thread = first;
    await bot.hears(1);
    return { there, storage, bot, say };
  }

  test("what was said while the bot was down is answered, once, in order", async () => {
    const { there, storage, bot, say } = await open();
    await using _ = there;
    await bot[Symbol.asyncDispose]();
    await say("nothing for it");
    await say("pizza 2");
    const last = await say("pizza 3");
    {
      await using again = await there.start(storage);
      await again.hears(2);
      // The platform may have sent it all the same, and the next start reads it once more.
      await there.control("redeliver", { id: last });
    }
    await using again = await there.start(storage);
    await say("pizza 4");
    await again.hears(1);
    expect((await there.answers(shown)).toSorted()).toEqual(["got 1", "got 2", "got 3", "got 4"]);
    const [ledger] = (await storage.ledger()).filter(({ plugin }) => plugin === "echo");
    expect(ledger).toMatchObject({ received: 4, done: 4 });
    expect(ledger!.duplicates).toBeGreaterThan(0);
  });

  test("a message that is read back is what its delivery would have brought", async () => {
    const { there, storage, bot, say } = await open();
    await using _ = there;
    await bot[Symbol.asyncDispose]();
    const id = await say("pizza 2");
    let healed: Message | undefined;
    {
      await using again = await there.start(storage);
      [healed] = await again.hears(1);
    }
    // A bot that knows of nothing, but for being installed.
    const other = await there.storage();
    for await (const key of storage.values.keys("adapter:")) {
      await other.values.set(key, (await storage.values.get(key))!);
    }
    await using fresh = await there.start(other);
    await there.control("redeliver", { id });
    const [delivered] = await fresh.hears(1);
    expect(comparable(healed!)).toEqual(comparable(delivered!));
  });
});

/** Without what is no part of a Twist's delivery (time, files), or only of that (an address for late answers). */
function comparable({ raw: _, sentAt: __, replyTo, permalink: ___, author, ...message }: Message): object {
  const { callback: ____, until: _____, thread: ______, ...note } = (replyTo ?? {}) as Record<string, unknown>;
  return { ...message, note, author: { id: author.id, isBot: author.isBot, isSelf: author.isSelf } };
}
