import { expect, test } from "vitest";
import { createRandom, type Random } from "../random.ts";
import { openPlatformsCrashStage, type PlatformName } from "./platforms-stage.ts";
import { pause } from "./stage.ts";

const EACH = 8;
const KILLS = 8;

type Stage = Awaited<ReturnType<typeof openPlatformsCrashStage>>;

/** A place where somebody counts up, and where the answers are to be found. */
interface Talk {
  readonly platform: PlatformName;
  /** Goes before each number, so that no two texts are the same. */
  readonly tag: string;
  readonly said: object;
  readonly conversation: string;
  /** Put before each text. */
  readonly call?: string;
  /** Each message is a conversation of its own, so there is no order among the answers. */
  readonly isLoose?: boolean;
}

async function talksOf(stage: Stage): Promise<readonly Talk[]> {
  const people = (from: number, count: number) => Array.from({ length: count }, (_, n) => `p${from + n}`);
  const threads = await Promise.all(
    people(30, 4).map(async (user) => {
      const thread = await stage.say("twist", { user, text: `a thread of ${user}`, conversation: "general" });
      return { platform: "twist", tag: user, said: { user, conversation: "general", thread }, conversation: "general" };
    }),
  );
  const direct = (platform: "slack" | "twist" | "twitter", from: number): readonly Talk[] =>
    people(from, 5).map((user) => ({
      platform,
      tag: user,
      said: { user, conversation: `@${user}` },
      conversation: `@${user}`,
    }));
  const phone = (prefix: string, from: number): readonly Talk[] =>
    people(from, 4).map((user) => {
      const conversation = `${prefix}${user}`;
      return { platform: "twilio", tag: user, said: { user, conversation }, conversation };
    });
  return [
    ...direct("slack", 10),
    ...direct("twist", 20),
    ...(threads as readonly Talk[]),
    ...direct("twitter", 40),
    ...people(50, 3).map(
      (user): Talk => ({
        platform: "twitter",
        tag: user,
        said: { user, conversation: "timeline" },
        conversation: "timeline",
        call: "@moe ",
        isLoose: true,
      }),
    ),
    ...people(60, 5).map((user): Talk => ({ platform: "livechat", tag: user, said: { user }, conversation: user })),
    ...phone("", 70),
    ...phone("whatsapp/", 80),
  ];
}

/** What stands in an answer to every other message: two people may well be told the same. */
const SAME = -1;

/** The numbers of the answers, in the order in which they stand there. */
async function answersTo(stage: Stage, { platform, conversation, tag }: Talk): Promise<readonly number[]> {
  const texts = (await stage.messages(platform, conversation)).filter(({ self }) => self).map(({ text }) => text);
  return texts.flatMap((text) => {
    const found = new RegExp(`done ${tag}(?:-(\\d+))?$`).exec(text);
    return found === null ? [] : [found[1] === undefined ? SAME : Number(found[1])];
  });
}

/** The number in the answer to a message. */
function answerTo(n: number, { isLoose = false }: Talk): number {
  return isLoose || n % 2 === 1 ? n : SAME;
}

/** Are these answers all there? */
function holds(answers: readonly number[], wanted: readonly number[]): boolean {
  const count = (list: readonly number[], n: number) => list.filter((each) => each === n).length;
  return wanted.every((n) => count(answers, n) >= count(wanted, n));
}

/** Says it all, each message once the one before is through. @returns the numbers of the messages that were acknowledged */
async function talk(stage: Stage, { platform, tag, said, call = "" }: Talk): Promise<readonly number[]> {
  const acknowledged: number[] = [];
  for (let n = 0; n < EACH; n++) {
    const id = await stage.say(platform, { ...said, text: `${call}${tag}-${n}` });
    if (await stage.delivered(platform, id)) acknowledged.push(n);
  }
  return acknowledged;
}

async function killAgainAndAgain(stage: Stage, random: Random): Promise<void> {
  for (let n = 0; n < KILLS; n++) {
    await pause(50 + random.below(350));
    await stage.bot.kill();
  }
}

/** Who came into a LiveChat chat and has not left it again. */
async function stillInside(stage: Stage, chat: string): Promise<number> {
  const notes = (await stage.messages("livechat", chat)).map(({ text }) => text);
  const count = (end: string) => notes.filter((note) => note.endsWith(end)).length;
  return count("joined the chat.") - count("left the chat.");
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(50);
}

async function proveIt(stage: Stage, random: Random): Promise<void> {
  const talks = await talksOf(stage);
  const [, ...heard] = await Promise.all([
    killAgainAndAgain(stage, random),
    ...talks.map(async (each) => ({ each, acknowledged: await talk(stage, each) })),
  ]);
  for (const { each, acknowledged } of heard) {
    await until(async () => {
      const wanted = acknowledged.map((n) => answerTo(n, each));
      return holds(await answersTo(stage, each), wanted);
    });
  }
  const chats = talks.filter(({ platform }) => platform === "livechat").map(({ conversation }) => conversation);
  for (const chat of chats) await until(async () => (await stillInside(stage, chat)) === 0);
  await stage.bot.stop();

  for (const { each, acknowledged } of heard) {
    const answers = await answersTo(stage, each);
    const name = `${each.platform} ${each.conversation}`;
    const all = Array.from({ length: EACH }, (_, n) => answerTo(n, each));
    const redelivers = each.platform !== "twitter" && each.platform !== "twilio";
    if (redelivers) {
      expect(answers, name).toEqual(all);
      continue;
    }
    // What was stored and not acknowledged, since the process died in between, is answered all the same.
    const wanted = acknowledged.map((n) => answerTo(n, each));
    expect(holds(answers, wanted), `acknowledged ${wanted}, answered ${answers}: ${name}`).toBe(true);
    expect(holds(all, answers), `answered twice ${answers}: ${name}`).toBe(true);
    // One that was missed is read back, perhaps after a later one has come in.
    const told = answers.filter((n) => n !== SAME && acknowledged.includes(n));
    if (!each.isLoose) expect(told, `in order: ${name}`).toEqual(told.toSorted((a, b) => a - b));
  }
  for (const chat of chats) expect(await stillInside(stage, chat), chat).toBe(0);
  const audit = await stage.hobnob(["audit", "--json"]);
  expect(audit.code, audit.stdout + audit.stderr).toBe(0);
  expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, totals: { dead: 0, discarded: 0 } });
}

/** What goes wrong with the calls that post, on top of the kills. */
const TROUBLE: Readonly<Record<PlatformName, readonly string[]>> = {
  slack: ["chat.postMessage"],
  twist: ["url_callback", "comments/add", "conversation_messages/add"],
  twitter: ["createPosts", "createDirectMessagesByParticipantId"],
  livechat: ["add_user_to_chat", "send_event", "remove_user_from_chat"],
  twilio: ["messages.create"],
};

test("five platforms at once, killed again and again: every acknowledged message is answered, once, in order", {
  timeout: 120_000,
}, async () => {
  const seed = Date.now();
  console.log(`seed ${seed}`);
  await using stage = await openPlatformsCrashStage();
  await proveIt(stage, createRandom(seed));
});

test("the same while answers of the platforms get lost, calls fail, and some are too many", {
  timeout: 120_000,
}, async () => {
  const seed = Date.now();
  console.log(`seed ${seed}`);
  const random = createRandom(seed);
  await using stage = await openPlatformsCrashStage();
  for (const [platform, methods] of Object.entries(TROUBLE)) {
    for (let n = 0; n < 12; n++) {
      const fault = { on: random.pick(methods), kind: random.pick(["lost-answer", "500", "429"]), retryAfter: 0.5 };
      await stage.control(`/${platform}/faults`, fault);
    }
  }
  await proveIt(stage, random);
});
