import { HobnobError, type WebhookRequest } from "../../core/index.ts";
import type { ContractCheck } from "./check.ts";
import { ensure, ensureSame, pause, shown, until } from "./expect.ts";
import { ATTEMPTS, openStage, type Stage } from "./stage.ts";
import type { AdapterSubject, Trouble } from "./subject.ts";

const TIMES = 10;
/** More calls than any adapter makes for one post. */
const FOR_LONG = 100;
const answer = "Pizza is on the way!";

/** What an adapter does when storage, platform or network fail: nothing lost, nothing said twice. */
export function troubleChecks(subject: AdapterSubject): readonly ContractCheck[] {
  const checks = [...sendingChecks(subject)];
  if (subject.abilities.includes("webhook")) checks.unshift(...storingChecks(subject));
  if (subject.abilities.includes("uninstall")) checks.push(uninstallCheck(subject));
  return checks;
}

function storingChecks(subject: AdapterSubject): readonly ContractCheck[] {
  return [
    {
      name: "acknowledges an event only once it is stored",
      async run() {
        const stored = Promise.withResolvers<void>();
        let adding = 0;
        await using stage = await openStage(subject, {
          handle: (ctx) => ctx.reply(answer),
          async add(entry, storage) {
            adding += 1;
            await stored.promise;
            return storage.add(entry);
          },
        });
        const said = stage.platform.say("Where is my pizza?");
        await until(
          () => adding > 0,
          () => "The event did not reach the storage.",
        );
        // Long enough for an answer that does not wait.
        await pause(50);
        const isPatient = stage.underWay() > 0;
        stored.resolve();
        await said;
        ensure(isPatient, "The platform was answered while the event was not stored yet.");
        await stage.posts(1);
      },
    },
    {
      name: "asks for an event again that could not be stored, and takes it when it comes again",
      async run() {
        let isFull = true;
        await using stage = await openStage(subject, {
          handle: (ctx) => ctx.reply(answer),
          async add(entry, storage) {
            if (isFull) throw new HobnobError("STORAGE_FULL", "The disk is full.");
            return storage.add(entry);
          },
        });
        await stage.platform.say("Where is my pizza?");
        await until(
          () => stage.exchanges.length > 0,
          () => "The platform got no answer.",
        );
        const refused = stage.exchanges.find(({ response }) => response.status >= 500);
        ensure(refused, `The storage refused, and the platform was told ${shown(statuses(stage))} instead of 5xx.`);
        ensure((await stage.platform.posts()).length === 0, "An event that was not stored was answered.");
        isFull = false;
        const { status } = await stage.deliver(refused.request);
        ensure(status >= 200 && status < 300, `The event came again and was answered with ${status}.`);
        await stage.posts(1);
      },
    },
    {
      name: "answers once, however often the same request comes",
      async run() {
        await using stage = await openStage(subject, { handle: (ctx) => ctx.reply(answer) });
        const requests = await stage.say("Where is my pizza?");
        const again: WebhookRequest[] = Array.from({ length: TIMES }, () => requests).flat();
        const answers = await Promise.all(again.map(stage.deliver));
        const refused = answers.filter(({ status }) => status >= 300);
        ensure(refused.length === 0, `${refused.length} of ${answers.length} were not answered with 2xx.`);
        await stage.posts(1);
      },
    },
    {
      name: "does not answer itself",
      async run() {
        await using stage = await openStage(subject, { handle: (ctx) => ctx.reply(`You said: ${ctx.message.text}`) });
        await stage.say("Who is there?");
        await stage.posts(1);
        await stage.say("Who else?");
        await stage.posts(2);
      },
    },
  ];
}

function sendingChecks(subject: AdapterSubject): readonly ContractCheck[] {
  const canFind = subject.abilities.includes("find");
  return [
    {
      name: "waits when the platform wants a pause, and uses up no attempt",
      async run() {
        await using stage = await speakThrough("429");
        ensureSame(attempts(stage), [1], "The list of attempts");
        ensureSame(await outcomes(stage), [], "The list of posts in doubt");
      },
    },
    {
      name: "tries again when the platform has failed",
      async run() {
        await using _ = await speakThrough("500");
      },
    },
    {
      name: "tries again when the platform says nothing",
      async run() {
        await using _ = await speakThrough("timeout");
      },
    },
    {
      name: canFind
        ? "finds a post whose answer was lost, and does not say it again"
        : "says a post again whose answer was lost, and the ledger tells of it",
      async run() {
        await using stage = await openStage(subject, { handle: (ctx) => ctx.reply(`You said: ${ctx.message.text}`) });
        // The first answer may take more calls than the next.
        await stage.say("Are you there?");
        await stage.posts(1);
        // On a machine that is busy it may have come too late to be believed.
        const before = (await outcomes(stage)).length;
        await stage.platform.fail("lost-answer", 1);
        await stage.say("Where is my pizza?");
        await stage.posts(canFind ? 2 : 3);
        // None, where the adapter itself found out.
        const all = await outcomes(stage);
        const found = all.slice(0, all.length - before);
        if (!canFind || found.length > 0)
          ensureSame(found, [canFind ? "found" : "sent again"], "The list of posts in doubt");
      },
    },
    {
      name: "keeps a post that does not get through as a dead letter",
      async run() {
        await using stage = await openStage(subject, { handle: (ctx) => ctx.reply(answer) });
        await stage.platform.fail("500", FOR_LONG);
        await stage.say("Where is my pizza?");
        const letters = await stage.storage.dead.list(10);
        ensure(letters.length === 1, `There are ${letters.length} dead letters instead of one.`);
        const codes = letters[0]!.errors.map(({ code }) => code);
        ensureSame(codes, Array(ATTEMPTS).fill("DELIVERY_FAILED"), "The list of its errors");
        await stage.posts(0);
      },
    },
  ];

  async function speakThrough(trouble: Trouble): Promise<Stage> {
    const stage = await openStage(subject, { handle: (ctx) => ctx.reply(answer) });
    try {
      await stage.platform.fail(trouble, 1);
      await stage.say("Where is my pizza?");
      await stage.posts(1);
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }
}

function uninstallCheck(subject: AdapterSubject): ContractCheck {
  return {
    name: "falls silent when it is taken away, and speaks when it is back",
    async run() {
      await using stage = await openStage(subject, { handle: (ctx) => ctx.reply(`You said: ${ctx.message.text}`) });
      const requests = await stage.say("Where is my pizza?");
      await stage.posts(1);
      await stage.platform.uninstall!();
      await stage.settle();
      for (const request of requests) {
        const { status } = await stage.deliver(request);
        ensure(status < 500, `A request of a platform that it has left was answered with ${status}.`);
      }
      await stage.platform.install?.();
      await stage.say("Are you back?");
      const texts = (await stage.platform.posts()).map(({ text }) => text);
      ensure(
        texts.some((text) => text.includes("Are you back?")),
        `After it is back, people read ${shown(texts)}.`,
      );
    },
  };
}

const statuses = ({ exchanges }: Stage) => exchanges.map(({ response }) => response.status);

const attempts = ({ traces }: Stage) => traces.filter(({ stage }) => stage === "running").map(({ attempt }) => attempt);

/** The latest first. */
const outcomes = async ({ storage }: Stage) => (await storage.doubts(10)).map(({ outcome }) => outcome);
