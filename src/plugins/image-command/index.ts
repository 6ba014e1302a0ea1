import { randomInt } from "node:crypto";
import { resolve } from "node:path";
import {
  type Command,
  type Context,
  DeliveryError,
  definePlugin,
  type Event,
  fill,
  type Message,
  parseDuration,
} from "../../core/index.ts";
import { createGenerator } from "./generators/create.ts";
import { options } from "./options.ts";
import { createPeople } from "./people.ts";
import { createPictures, fileName } from "./pictures.ts";
import { readRequest, withoutQuotes, wordPattern } from "./request.ts";
import { LARGEST_SEED } from "./seed.ts";
import { hearWishes } from "./wishes.ts";

export type { DrawRequest } from "./generators/generator.ts";

/** What waits for a worker: small, all texts, and without the platform's own payload. */
export interface QueueItem {
  readonly msg_type: "tweet" | "dm";
  /** Id of the message that is answered. */
  readonly respond_id: string;
  readonly text: string;
  readonly user_id: string;
}

/**
 * Answers a message that holds a command word with a generated picture. What draws may be off for hours: requests wait in a
 * pool of their own, and are answered when a worker serves it.
 *
 * @example
 * plugins: [imageCommand({ generator: { kind: "command", program: "draw", args: ["--seed", "{seed}", "{file}"] } })]
 */
export const imageCommand = definePlugin({
  name: "image-command",
  options,
  setup(bot, given) {
    const { commands, texts, anyone, pool, attempts, maxBytes, atOnce } = given;
    const words = commands.map(({ word }) => word);
    const anyCommand = wordPattern(...words);
    const people = createPeople(bot.store, given.perPerson);
    const pictures = createPictures({
      generator: createGenerator(given.generator, maxBytes),
      folder: resolve(given.cacheDir),
      maxBytes,
      atOnce,
      timeout: parseDuration(given.timeout)!,
    });
    const list = commands.map(({ word, help }) => `• \`${word}\`: ${help}`).join("\n");
    async function failed({ event, reply }: Context<Event, unknown>) {
      if (!(await people.hasLeft(event))) await reply(texts.failed);
    }

    const draw = bot.job<QueueItem, Event>(
      "draw",
      async (ctx) => {
        const { event, signal, log } = ctx;
        if (await people.hasLeft(event)) return;
        const request = readRequest(ctx.payload.text, commands);
        if ("problem" in request) return ctx.reply(fill(texts[request.problem], { word: request.command.word }));
        const { wanted } = request;
        const seed = wanted.seed === "random" ? await ctx.once("seed", () => randomInt(LARGEST_SEED + 1)) : wanted.seed;
        await ctx.typing?.();
        const data = await pictures.get({ ...wanted, seed }, { signal, log });
        const picture = {
          name: fileName(wanted.prefix, seed),
          mimeType: "image/png",
          data,
          altText: fill(texts.alt, { seed }),
        };
        try {
          await ctx.reply({ text: texts.picture, attachments: [picture] });
        } catch (error) {
          if (!isRefusal(error, ctx.attempt >= attempts)) throw error;
          await ctx.reply(`${texts.picture} ${texts.noPicture}`);
        }
      },
      { pool, attempts, timeout: pictures.patience + SENDING_MS, failed },
    );

    async function ask(ctx: Context<Message | Command>) {
      const { event } = ctx;
      if (await people.hasLeft(event)) return;
      const text = textOf(event, anyCommand);
      const request = readRequest(text, commands);
      if (!(await people.mayAsk(event))) return ctx.reply(texts.tooMany);
      if ("problem" in request) return ctx.reply(fill(texts[request.problem], { word: request.command.word }));
      // A lane beside the handlers' own: nobody has to wait for a worker to be told something else.
      ctx.defer(draw, itemOf(event, text), { lane: placeOf(event) });
    }

    bot.hears(anyCommand, ask, {
      name: "ask",
      accepts: (message) => isMeant(message, anyone) && anyCommand.test(textOf(message, anyCommand)),
      failed,
    });
    // Messages were taken above; what is left are slash commands.
    bot.command(words, ask, { name: "slash", failed });

    hearWishes(bot, { people, options: given, list });
    if (!given.help) return;
    bot.fallback(
      async ({ message, reply }) => {
        if ((await people.hasLeft(message)) || !(await people.mayAsk(message))) return;
        await reply(fill(texts.help, { commands: list }));
      },
      // Where nobody has to name the bot, people speak with others.
      { accepts: ({ conversation }) => !anyone.includes(conversation.adapter) },
    );
  },
});

const SENDING_MS = 60_000;

function isMeant({ isMention, conversation }: Message, anyone: readonly string[]): boolean {
  return isMention || anyone.includes(conversation.adapter);
}

function textOf(event: Message | Command, anyCommand: RegExp): string {
  return event.kind === "command" ? `${event.name} ${event.text}` : withoutQuotes(event.text, anyCommand);
}

function itemOf({ id, author, conversation }: Event, text: string): QueueItem {
  return { msg_type: conversation.isDirect ? "dm" : "tweet", respond_id: id, text, user_id: author.id };
}

function placeOf({ conversation: { adapter, account = "", id, thread = "" } }: Event): string {
  return [adapter, account, id, thread].join("/");
}

/** The platform does not take the picture: the text must not be lost with it. */
function isRefusal(error: unknown, isLast: boolean): boolean {
  return error instanceof DeliveryError && !error.maybeSent && (error.permanent || isLast);
}
