import { isDeepStrictEqual } from "node:util";
import type { Event, WebhookRequest } from "../../core/index.ts";
import type { ContractCheck } from "./check.ts";
import { difference, ensure, ensureSame, shown } from "./expect.ts";
import { mutations, nonsense } from "./nonsense.ts";
import { openStage } from "./stage.ts";
import type { AdapterSubject, EventFixture } from "./subject.ts";

const SAYINGS = ["Where is my pizza?", "5 < 6 & 7 > 6, isn't it?", "日本 🍕 naïve", "a\nb"];

/** What an adapter makes of what comes in. */
export function hearingChecks(subject: AdapterSubject): readonly ContractCheck[] {
  const { fixtures } = subject;
  return [
    ...fixtures.map((fixture) => ({
      name: `takes ${fixture.name} for what it is`,
      run: () => takesFixture(subject, fixture),
    })),
    {
      name: "hears what people say, word for word",
      async run() {
        await using stage = await openStage(subject);
        for (const saying of SAYINGS) {
          await stage.say(saying);
          ensureSame(textOf(stage.received.at(-1)), saying, "The text of the event");
        }
        ensure(
          stage.received.length === SAYINGS.length,
          `${SAYINGS.length} messages made ${stage.received.length} events.`,
        );
      },
    },
    {
      name: "refuses what the platform has not sent, and stores nothing of it",
      async run() {
        await using stage = await openStage(subject, { handle: (ctx) => ctx.reply("It should not be said twice.") });
        const requests = await stage.say("Who goes there?");
        await stage.posts(1);
        const before = stage.received.length;
        const forged = requests.flatMap((request) => stage.platform.forge(request));
        ensure(forged.length > 0, "`forge` gave no request.");
        for (const [index, request] of forged.entries()) {
          const { status } = await stage.deliver(request);
          ensure(status >= 400 && status < 500, `Forged request ${index} was answered with ${status} instead of 4xx.`);
        }
        ensure(stage.received.length === before, "A forged request reached the bot.");
        await stage.posts(1);
      },
    },
    {
      name: "answers nonsense with less than 500, and stores nothing of it",
      async run() {
        await using stage = await openStage(subject);
        for (const [what, request] of nonsense(stage.platform)) {
          const { status } = await stage.deliver(request);
          ensure(status < 500, `${what} was answered with ${status}.`);
          ensure(stage.received.length === 0, `Of ${what} the bot heard ${shown(stage.received)}.`);
        }
        await stage.say("Are you still there?");
        ensure(stage.received.length > 0, "After nonsense the bot hears nothing more.");
      },
    },
    {
      name: "answers less than 500 whatever is wrong with a field",
      async run() {
        await using stage = await openStage(subject);
        for (const fixture of fixtures) {
          for (const [what, request] of mutations(fixture)) {
            const { status } = await stage.deliver(stage.platform.sign(request));
            ensure(status < 500, `${fixture.name} with ${what} was answered with ${status}.`);
          }
        }
      },
    },
  ];
}

async function takesFixture(subject: AdapterSubject, fixture: EventFixture): Promise<void> {
  await using stage = await openStage(subject);
  const first = await events(() => stage.platform.sign(fixture));
  ensure(
    first.length === fixture.events.length,
    `It made ${first.length} events instead of ${fixture.events.length}: ${shown(first)}.`,
  );
  for (const [index, expected] of fixture.events.entries()) {
    const wrong = difference(first[index], expected);
    ensure(wrong === undefined, `Of event ${index} ${wrong}.`);
    ensurePlain(first[index]!);
  }
  const again = await events(() => stage.platform.sign(fixture));
  ensureSame(again.map(keyOf), first.map(keyOf), "The key of the same event, delivered again,");

  async function events(request: () => WebhookRequest): Promise<readonly Event[]> {
    const before = stage.received.length;
    const { status } = await stage.deliver(request());
    ensure(status >= 200 && status < 300, `It was answered with ${status} instead of 2xx.`);
    return stage.received.slice(before);
  }
}

/** A job carries it over a restart. */
function ensurePlain(event: Event): void {
  const { raw: _, ...rest } = event;
  const stored: unknown = JSON.parse(JSON.stringify(rest));
  ensure(
    isDeepStrictEqual(stored, withoutAbsent(rest)),
    `The event is not plain JSON: ${shown(rest)} comes back from the storage as ${shown(stored)}.`,
  );
  ensure(
    Date.parse(event.sentAt) > 0 && event.sentAt.endsWith("Z"),
    `\`sentAt\` is ${shown(event.sentAt)}, which is not ISO 8601 in UTC.`,
  );
}

function withoutAbsent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const present = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(present.map(([key, field]) => [key, withoutAbsent(field)]));
}

const keyOf = ({ kind, id, key }: Event) => key ?? `${kind} ${id}`;
const textOf = (event: Event | undefined) => (event?.kind === "message" ? event.text : undefined);
