import { inspect } from "node:util";
import { errorCode, type OutgoingReply } from "../../core/index.ts";
import type { ContractCheck } from "./check.ts";
import { ensure, ensureSame, shown } from "./expect.ts";
import { openStage } from "./stage.ts";
import type { AdapterSubject, BotSide } from "./subject.ts";

const answer = "Pizza is on the way!";
const nowhere: BotSide = { deliver: async () => ({ status: 503 }) };

/** How an adapter begins and ends, and what it keeps to itself. */
export function lifeChecks(subject: AdapterSubject): readonly ContractCheck[] {
  return [
    {
      name: "says what it is and what it allows",
      async run() {
        await using platform = await subject.open(nowhere);
        const { name, platform: kind, limits, paths, missing } = platform.adapter;
        ensure(/^[a-z][a-z0-9-]*$/i.test(name), `Its name is ${shown(name)}. Use letters, digits and hyphens.`);
        ensure(/^[a-z]+$/.test(kind), `Its platform is ${shown(kind)}. Use lower case.`);
        ensure(limits.textLength > 0 && limits.ackSeconds > 0, `Its limits are ${shown(limits)}.`);
        ensure(
          paths.every((path) => /^\/[^?#\s]*$/.test(path)),
          `Its paths are ${shown(paths)}. Begin them with a slash.`,
        );
        ensureSame(missing, [], "The list of credentials that are missing, though it is connected,");
      },
    },
    {
      name: "does not work before its start, and says so",
      async run() {
        await using platform = await subject.open(nowhere);
        const { adapter } = platform;
        const response = await adapter.webhook?.(platform.sign({ body: "{}" }));
        ensure((response?.status ?? 503) >= 500, `Before its start it answered the platform with ${response?.status}.`);
        const to = { adapter: adapter.name, id: "1", isDirect: false };
        const code = await adapter.send(to, REPLY).then(() => "nothing", errorCode);
        ensureSame(code, "ADAPTER_NOT_STARTED", "The error of a post before its start");
        await adapter.stop?.();
      },
    },
    {
      name: "stops twice without harm, and starts again",
      async run() {
        await using stage = await openStage(subject, { handle: (ctx) => ctx.reply(`You said: ${ctx.message.text}`) });
        const { adapter } = stage;
        await stage.say("Are you there?");
        await stage.posts(1);
        await adapter.stop?.();
        await adapter.stop?.();
        await adapter.start(stage.host());
        await stage.say("Are you back?");
        await stage.posts(2);
      },
    },
    {
      name: "shares nothing with another of its kind",
      async run() {
        await using first = await openStage(subject, { handle: (ctx) => ctx.reply("I am the first.") });
        await using second = await openStage(subject, { handle: (ctx) => ctx.reply("I am the second.") });
        await Promise.all([first.say("Who are you?"), second.say("Who are you?")]);
        ensureSame(
          (await first.posts(1)).map(({ text }) => text),
          ["I am the first."],
          "What the first has said",
        );
        ensureSame(
          (await second.posts(1)).map(({ text }) => text),
          ["I am the second."],
          "What the second has said",
        );
        await first.bot.stop();
        await second.say("Are you still there?");
        await second.posts(2);
      },
    },
    { name: "keeps secrets and messages to itself", run: () => keepsSecrets(subject) },
  ];
}

const REPLY: OutgoingReply = {
  ref: "contract",
  text: answer,
  attachments: [],
  buttons: [],
  visibility: "everyone",
  since: 0,
};

async function keepsSecrets(subject: AdapterSubject): Promise<void> {
  const word = "xyzzyplugh";
  await using stage = await openStage(subject, { handle: (ctx) => ctx.reply(`You said ${word}.`) });
  const { platform, adapter } = stage;
  const requests = await stage.say(`Do not tell: ${word}`);
  for (const request of requests.flatMap((each) => platform.forge(each))) await stage.deliver(request);
  await stage.deliver(platform.sign({ body: `{"${word}":` }));
  await platform.fail("500", 1);
  await stage.say(`And again: ${word}`);
  await platform.fail("timeout", 1);
  await stage.say(`And then: ${word}`);
  const findings: unknown[] = [];
  for await (const finding of adapter.check?.({ url: platform.url, now: Date.now }) ?? []) findings.push(finding);
  const letters = (await stage.storage.dead.list(10)).map(({ errors }) => errors);
  const places: readonly (readonly [string, string])[] = [
    ["the log", stage.lines.join("\n")],
    ["the errors of dead letters", inspect(letters, { depth: 10 })],
    ["its findings", inspect(findings, { depth: 10 })],
    ["its answers", stage.exchanges.map(({ response }) => bodyOf(response.body)).join("\n")],
  ];
  for (const [place, text] of places) {
    ensure(!text.includes(word), `The text of a message is in ${place}.`);
    for (const [index, secret] of platform.secrets.entries()) {
      ensure(!text.includes(secret), `\`secrets[${index}]\` is in ${place}.`);
    }
  }
  const events = inspect(stage.received, { depth: 20 });
  for (const [index, secret] of platform.secrets.entries()) {
    ensure(!events.includes(secret), `\`secrets[${index}]\` is in an event, and events are stored.`);
  }
}

const bodyOf = (body: string | Uint8Array | undefined) =>
  typeof body === "string" ? body : new TextDecoder().decode(body);
