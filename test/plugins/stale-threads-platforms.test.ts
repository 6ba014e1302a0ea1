import { describe, expect, test } from "vitest";
import { livechat } from "../../src/adapters/livechat/index.ts";
import { slack } from "../../src/adapters/slack/index.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import type { Adapter } from "../../src/core/index.ts";
import { pizza } from "../../src/plugins/pizza/index.ts";
import { staleThreads } from "../../src/plugins/stale-threads/index.ts";
import { openPlatforms, type PlatformStage } from "../adapters/stage.ts";

const WAIT = "Getting stale threads. This will take a couple of seconds.";
const NOT_HERE = "I can't list threads here. Ask me on Twist or Slack.";
const LIST =
  /^Here are your stale threads:\s+\[Release plan\]\(\S+\) last updated on .+\s+\[Login is slow\]\(\S+\) last/;

const open = (adapter: Adapter, options = {}) =>
  openPlatforms({ adapters: [adapter], plugins: [pizza(), staleThreads(options)] });
const onTwist = () => open(twist({ timeout: 300, pace: false }));
const dm = { conversation: "dm" };
/** What the bot has said in the direct conversation, once it says no more. */
async function said(stage: PlatformStage): Promise<readonly string[]> {
  await stage.settle();
  return stage.answers(0, "dm");
}

describe("on Twist", () => {
  test("the waiting text comes, then the list, without what is closed, archived, another's or not for the asker", async () => {
    await using stage = await onTwist();
    await stage.say("stale threads", dm);
    const [wait, list, ...more] = await stage.answers(2, "dm");
    expect(wait).toBe(WAIT);
    expect(list).toMatch(LIST);
    expect(list).not.toMatch(/Lunch|old site|keyboards|Salaries/);
    expect(more).toEqual([]);
  });

  test("whoever lets the bot see with their eyes is shown nothing else, and unfollows for themselves", async () => {
    await using stage = await onTwist();
    await stage.control("/twist/install", {});
    await stage.say("stale threads", dm);
    const [, list = ""] = await stage.answers(2, "dm");
    expect(list).not.toContain("Salaries");
    await stage.say(`unfollow ${/\((https:[^)]+)\)/.exec(list)![1]}`, dm);
    expect((await stage.answers(3, "dm")).slice(2)).toEqual([expect.stringMatching(/^I have unfollowed the thread/)]);
  });

  test("a list in a thread comes as a comment there", async () => {
    await using stage = await onTwist();
    await stage.say("@moe stale threads");
    expect(await stage.answers(2, "general")).toEqual([WAIT, expect.stringMatching(LIST)]);
  });

  test.concurrent.each([
    ["url_callback", "429"],
    ["url_callback", "500"],
    ["url_callback", "timeout"],
    ["url_callback", "lost-answer"],
    ["channels/get", "429"],
    ["channels/get", "500"],
    ["channels/get", "timeout"],
    ["channels/get", "lost-answer"],
    ["threads/get", "429"],
    ["threads/get", "500"],
    ["threads/get", "timeout"],
    ["threads/get", "lost-answer"],
  ])("%s answers with %s: the same in the end", async (on, kind) => {
    await using stage = await onTwist();
    await stage.control("/twist/faults", { on, kind, retryAfter: 1 });
    await stage.say("stale threads", dm);
    expect(await stage.answers(2, "dm")).toEqual([WAIT, expect.stringMatching(LIST)]);
    expect(await said(stage)).toHaveLength(2);
  });

  test.concurrent.each(["duplicate", "timeout"])("an event with the fault %s: the same in the end", async (kind) => {
    await using stage = await onTwist();
    await stage.control("/twist/faults", { on: "events", kind });
    await stage.say("stale threads", dm);
    expect(await stage.answers(2, "dm")).toEqual([WAIT, expect.stringMatching(LIST)]);
    expect(await said(stage)).toHaveLength(2);
  });

  test("an acknowledgement that is lost takes the waiting text with it, and not the list", async () => {
    await using stage = await onTwist();
    await stage.control("/twist/faults", { on: "events", kind: "lost-answer" });
    await stage.say("stale threads", dm);
    expect(await stage.answers(1, "dm")).toEqual([expect.stringMatching(LIST)]);
    expect(await said(stage)).toHaveLength(1);
  });

  test("two events in the wrong order are both answered, once each", async () => {
    await using stage = await onTwist();
    await stage.control("/twist/faults", { on: "events", kind: "reorder" });
    await stage.say("stale threads", dm);
    await stage.say("hello", dm);
    const texts = await stage.answers(3, "dm");
    expect(texts.filter((text) => LIST.test(text))).toHaveLength(1);
    expect(texts.filter((text) => text.startsWith("Unknown command"))).toHaveLength(1);
    expect(texts).toHaveLength(3);
  });
});

describe("on Slack", () => {
  async function withThread(stage: PlatformStage) {
    const root = await stage.say("release <plan> & [more]");
    await stage.say("not yet", { user: "grace", thread: root });
    return root;
  }

  test("threads with answers are listed, until somebody marks them as closed", async () => {
    await using stage = await open(slack({ pace: false }));
    const root = await withThread(stage);
    await stage.say("stale threads 0 1", dm);
    const texts = await stage.answers(2, "dm");
    expect(texts[0]).toBe(WAIT);
    expect(texts[1]).toMatch(/release .*plan.*more.* last updated on /s);
    await stage.control("/slack/react", { id: root, name: "white_check_mark" });
    await stage.say("stale threads 0 1", dm);
    expect((await stage.answers(4, "dm")).at(-1)).toBe("You have no stale threads, congrats!");
  });

  test("threads that wait for somebody are those they take part in", async () => {
    await using stage = await open(slack({ pace: false }));
    await withThread(stage);
    await stage.say("stale threads asked 0 1", { user: "grace", conversation: "@grace" });
    expect((await stage.answers(2, "@grace"))[1]).toMatch(/^These threads are waiting for you:\s+.*release/s);
  });

  test("in a channel it has to be named, and answers in the thread of the question", async () => {
    await using stage = await open(slack({ pace: false }));
    await stage.say("stale threads");
    const question = await stage.say("@moe stale threads");
    await stage.answers(2, "general");
    const own = (await stage.messages("general")).filter(({ self }) => self);
    expect(own.map(({ text, thread }) => [text, thread])).toEqual([
      [WAIT, question],
      ["You have no stale threads, congrats!", question],
    ]);
  });

  test("what it does not understand it explains, and what it cannot it says", async () => {
    await using stage = await open(slack({ pace: false }));
    await stage.say("unfollow https://x.slack.com/archives/C1/p1", dm);
    await stage.say("hello", dm);
    const texts = await stage.answers(2, "dm");
    expect(texts).toContainEqual("I can't unfollow threads here.");
    expect(texts).toContainEqual(expect.stringMatching(/^Unknown command/));
  });

  test.each(["429", "500", "lost-answer"])("a post with the fault %s: the same in the end", async (kind) => {
    await using stage = await open(slack({ pace: false }));
    await stage.control("/slack/faults", { on: "chat.postMessage", kind, retryAfter: 1 });
    await stage.control("/slack/faults", { on: "events", kind: "duplicate" });
    await stage.say("stale threads", dm);
    expect(await stage.answers(2, "dm")).toEqual([WAIT, "You have no stale threads, congrats!"]);
    expect(await said(stage)).toHaveLength(2);
  });
});

describe.each([
  ["X", () => twitter(), "@ada"],
  ["LiveChat", () => livechat(), undefined],
  ["SMS", () => twilio({ pace: false }), undefined],
])("on %s", (_, adapter, conversation) => {
  const there = conversation === undefined ? {} : { conversation };

  test("one sentence says that there are no threads, also when the event comes twice", async () => {
    await using stage = await open(adapter());
    await stage.control(`/${stage.bot.adapters[0]!.platform}/faults`, { on: "events", kind: "duplicate" });
    await stage.say("Stale threads 5 30", there);
    expect(await stage.answers(1, conversation)).toEqual([NOT_HERE]);
  });

  test("what nobody understands is left to others", async () => {
    await using stage = await open(adapter());
    await stage.say("hello", there);
    await stage.say("unfollow https://twist.com/a/1/ch/1/t/1/", there);
    await stage.say("pizza", there);
    expect(await stage.answers(1, conversation)).toEqual(["Pizza is on the way!"]);
  });
});
