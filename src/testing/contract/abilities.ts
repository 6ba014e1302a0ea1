import type { Attachment, Message, SentReply } from "../../core/index.ts";
import type { ContractCheck } from "./check.ts";
import { ensure, ensureSame, shown } from "./expect.ts";
import { PNG } from "./png.ts";
import { openStage } from "./stage.ts";
import type { Ability, AdapterSubject } from "./subject.ts";

const MEMBERS = [
  "webhook",
  "edit",
  "delete",
  "react",
  "typing",
  "find",
  "threads",
  "mute",
  "download",
  "history",
  "user",
  "check",
] as const satisfies readonly Ability[];

/** Every optional member is absent or works. */
export function abilityChecks(subject: AdapterSubject): readonly ContractCheck[] {
  const declared: ContractCheck = {
    name: "has the abilities it is said to have, and no others",
    async run() {
      await using platform = await subject.open({ deliver: async () => ({ status: 503 }) });
      const there = MEMBERS.filter((member) => platform.adapter[member] !== undefined);
      const said = MEMBERS.filter((member) => subject.abilities.includes(member));
      ensureSame(there, said, "The list of its optional members");
      if (there.includes("webhook")) ensure(platform.adapter.paths.length > 0, "It has a `webhook` and no path.");
    },
  };
  return [declared, ...CHECKS.filter(([ability]) => subject.abilities.includes(ability)).map(toCheck)];

  function toCheck([, name, run]: AbilityCheck): ContractCheck {
    return { name, run: () => run(subject) };
  }
}

type AbilityCheck = readonly [Ability, string, (subject: AdapterSubject) => Promise<void>];

const CHECKS: readonly AbilityCheck[] = [
  [
    "edit",
    "changes what it has said",
    async (subject) => {
      await using stage = await openStage(subject, {
        async handle(ctx) {
          const sent = await ctx.reply("The oven is cold.");
          await sent.edit?.("The oven is **hot**.");
        },
      });
      await stage.say("How is the oven?");
      const [post] = await stage.posts(1);
      ensure(
        post!.text.includes("hot") && !post!.text.includes("cold"),
        `After the edit the post is ${shown(post!.text)}.`,
      );
    },
  ],
  [
    "delete",
    "takes back what it has said, twice without harm",
    async (subject) => {
      let sent: SentReply | undefined;
      await using stage = await openStage(subject, {
        async handle(ctx) {
          sent = await ctx.reply("I said nothing.");
          await sent.delete?.();
        },
      });
      await stage.say("What did you say?");
      await stage.posts(0);
      await stage.adapter.delete!({ id: sent!.id, conversation: sent!.conversation });
    },
  ],
  [
    "react",
    "adds an emoji to what somebody said, twice without harm",
    async (subject) => {
      const message = await heard(subject, async ({ adapter }, { id, conversation }) => {
        await adapter.react!({ id, conversation }, "thumbsup");
        await adapter.react!({ id, conversation }, "thumbsup");
      });
      ensure(message !== undefined, "Nobody spoke.");
    },
  ],
  [
    "typing",
    "shows that it is about to speak",
    async (subject) => {
      await using stage = await openStage(subject, {
        async handle(ctx) {
          await ctx.reply("Let me see.");
          await stage.adapter.typing!(ctx.message.conversation);
          await ctx.reply("There it is.");
        },
      });
      await stage.say("Where is my pizza?");
      await stage.posts(2);
    },
  ],
  [
    "history",
    "reads back what was said, the oldest first",
    async (subject) => {
      await heard(subject, async (stage, message) => {
        await stage.say("And then?");
        const since = Date.parse(message.sentAt) - 60_000;
        const texts: string[] = [];
        for await (const { text } of stage.adapter.history!(message.conversation, since)) texts.push(text);
        // Some platforms keep no history of public posts for a bot.
        const mayBeEmpty = !message.conversation.isDirect && texts.length === 0;
        ensure(
          mayBeEmpty || texts.includes(message.text),
          `In what it reads back, ${shown(texts)}, the message is missing.`,
        );
        ensure(
          !texts.includes("And then?") || texts.indexOf(message.text) < texts.indexOf("And then?"),
          `It reads back ${shown(texts)}, which is not the oldest first.`,
        );
      });
    },
  ],
  [
    "threads",
    "lists threads with their times and titles",
    async (subject) => {
      await heard(subject, async ({ adapter }, { conversation: { account } }) => {
        const query = { updatedFrom: 0, updatedTo: Date.now() + 60_000, ...(account !== undefined && { account }) };
        for await (const thread of adapter.threads!(query)) {
          if ("error" in thread) throw thread.error;
          ensure(
            thread.updatedAt >= query.updatedFrom && thread.updatedAt <= query.updatedTo,
            `A thread is of ${thread.updatedAt}.`,
          );
          ensureSame(thread.conversation.adapter, adapter.name, "The adapter of a thread");
        }
      });
    },
  ],
  [
    "user",
    "tells who a person is, and does not know everybody",
    async (subject) => {
      await heard(subject, async ({ adapter }, { author, conversation }) => {
        const user = await adapter.user!(author.id, conversation.account);
        ensureSame(user?.id, author.id, "The id of the person");
        ensure(user!.name !== "", "The person has no name.");
        const nobody = `${author.id.slice(0, -4)}0000`;
        ensureSame(await adapter.user!(nobody, conversation.account), undefined, "A person that does not exist");
      });
    },
  ],
  [
    "mute",
    "says so when an address leads to no thread",
    async (subject) => {
      await heard(subject, async ({ adapter }, { author, conversation: { account } }) => {
        const outcome = await adapter.mute!("https://example.com/nothing", { account, person: author.id });
        ensureSame(outcome, "no thread", "What became of it");
      });
    },
  ],
  [
    "download",
    "reads the bytes of a file that came in, unless it is too large",
    async (subject) => {
      await using stage = await openStage(subject);
      const { sendFile } = stage.platform;
      ensure(sendFile !== undefined, "The platform under test has no `sendFile`.");
      await sendFile({ name: "menu.png", data: PNG });
      await stage.settle();
      const messages = stage.received.filter((event): event is Message => event.kind === "message");
      const message = messages.find(({ attachments }) => attachments.length > 0);
      ensure(message !== undefined, `No event has a file: ${shown(messages)}.`);
      const [file] = message.attachments as readonly [Attachment];
      const { account } = message.conversation;
      const bytes = await stage.adapter.download!(file, { account });
      ensureSame(Buffer.from(bytes).toString("base64"), PNG.toString("base64"), "The content of the file");
      const refused = await stage.adapter.download!(file, { account, maxBytes: 3 }).then(
        () => undefined,
        (error: { permanent?: unknown }) => error.permanent,
      );
      ensureSame(refused, true, "Whether a file that is too large is refused for good");
    },
  ],
  [
    "check",
    "finds out whether it is set up right, also when the platform is away",
    async (subject) => {
      await using stage = await openStage(subject, { isBare: true });
      await stage.platform.fail("500", 3);
      for (const url of [stage.platform.url, undefined]) {
        let count = 0;
        for await (const finding of stage.adapter.check!({ url, now: Date.now })) {
          const { level, subject: about, message } = finding;
          count += 1;
          ensure(["ok", "warning", "error"].includes(level), `A finding has the level ${shown(level)}.`);
          ensure(
            about !== "" && /[.!?]$/.test(message),
            `A finding is no sentence about something: ${shown(finding)}.`,
          );
        }
        ensure(count > 0, "It finds nothing, neither good nor bad.");
      }
    },
  ],
];

/** Somebody speaks, and `act` gets the message. */
async function heard(
  subject: AdapterSubject,
  act: (stage: Awaited<ReturnType<typeof openStage>>, message: Message) => Promise<unknown>,
): Promise<Message> {
  await using stage = await openStage(subject);
  await stage.say("Is anybody there?");
  const message = stage.received.find((event): event is Message => event.kind === "message");
  ensure(message !== undefined, "The bot heard no message.");
  await act(stage, message);
  return message;
}
