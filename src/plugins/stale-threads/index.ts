import { type Context, definePlugin, type Event, parseDuration } from "../../core/index.ts";
import { isTimeZone } from "./dates.ts";
import { findThreads } from "./find.ts";
import { options, type Reader } from "./options.ts";
import { argsOf, linkIn, type Question, readQuestion } from "./question.ts";
import { renderList } from "./render.ts";

export { maassi } from "./options.ts";

/**
 * Lists the threads that somebody began and nobody has answered for days, and lets people unfollow threads.
 *
 * @example
 * plugins: [staleThreads({ to: 30, timeZone: "reader", texts: maassi }, { on: ["twist"] })]
 */
export const staleThreads = definePlugin({
  name: "stale-threads",
  options,
  setup(bot, { texts, digest, unknown, patience, ...usual }) {
    const trouble = { ...PATIENT, unstored: texts.later, failed: (ctx: Context) => ctx.reply(texts.failed) };
    const listing = { ...trouble, timeout: parseDuration(patience)! + SENDING_MS };

    // Found once: what an attempt has begun to say, the next one goes on saying.
    const listFor = (ctx: Context<Event | undefined, unknown>, question: Question, person: string) =>
      ctx.once("list", async () => {
        const now = bot.now();
        const found = await findThreads(ctx, { ...question, person, now, patience: parseDuration(patience)! });
        const timeZone = usual.timeZone === "reader" ? await timeZoneOf(ctx, person) : usual.timeZone;
        return {
          text: renderList(found, { ...usual, ...question, texts, timeZone, now }),
          isEmpty: found.threads.length === 0 && found.unread.length === 0 && !found.isCut,
          isBotsView: found.threads.some(({ isBotsView }) => isBotsView),
        };
      });

    const question = (args: string) => readQuestion(args, usual);
    const isQuestion = (args: string) => typeof question(args) === "object";
    bot.command(
      "stale threads",
      async (ctx) => {
        const { text, isBotsView } = await listFor(ctx, question(ctx.args) as Question, ctx.event.author.id);
        await ctx.reply(text);
        if (isBotsView) await ctx.reply(texts.view);
      },
      {
        ...listing,
        name: "list",
        needs: "threads",
        ack: texts.wait,
        accepts: (event) => isQuestion(argsOf(event, ASK)),
      },
    );
    bot.command("stale threads", () => {}, {
      name: "bad window",
      needs: "threads",
      ack: texts.window,
      accepts: (event) => question(argsOf(event, ASK)) === "bad window",
    });
    // Heard, not commanded: where there are no threads people often cannot name the bot either.
    bot.hears(
      ASKED,
      async (ctx) => {
        if (!ctx.can("threads")) await ctx.reply({ text: texts.noThreads, visibility: "agents" });
      },
      { name: "no threads", accepts: (event) => question(argsOf(event, ASK)) !== undefined },
    );

    bot.command(
      "unfollow",
      async (ctx) => {
        const outcome = await ctx.mute!(linkIn(ctx.args)!, ctx.event.author.id);
        await ctx.reply(outcome === "no thread" ? texts.cannot : texts.unfollowed);
        if (outcome === "bot") await ctx.reply(texts.asBot);
      },
      {
        ...trouble,
        name: "unfollow",
        needs: "mute",
        accepts: (event) => linkIn(argsOf(event, UNFOLLOW)) !== undefined,
      },
    );
    bot.command("unfollow", () => {}, { name: "no link", needs: "mute", ack: texts.cannot });
    // No commands: nobody needs a slash command for these.
    bot.mention(() => {}, {
      name: "no unfollow",
      needs: "threads",
      ack: texts.noUnfollow,
      accepts: ({ text }) => UNFOLLOW.test(text.trim()),
    });
    bot.mention(() => {}, {
      name: "help",
      needs: "threads",
      ack: texts.help,
      accepts: ({ text }) => HELP.test(text.trim()),
    });
    if (unknown) bot.fallback(() => {}, { name: "unknown", needs: "threads", ack: texts.unknown });

    const tell = bot.job<Reader>(
      "digest",
      async (ctx) => {
        const { text, isEmpty, isBotsView } = await listFor(ctx, usual, ctx.payload.person);
        if (isEmpty) return;
        await ctx.reply(text);
        if (isBotsView) await ctx.reply(texts.view);
      },
      { ...PATIENT, timeout: listing.timeout },
    );
    if (digest === undefined) return;
    bot.every(
      digest.when,
      (ctx) => {
        for (const reader of digest.to) {
          const { person: _, account, ...place } = reader;
          ctx.defer(tell, reader, { conversation: { ...place, ...(account !== undefined && { account }) } });
        }
      },
      { name: "digests", timeZone: digest.timeZone },
    );
  },
});

const ASK = /^stale\s+threads/i;
const ASKED = /^\s*stale\s+threads(?:\s|$)/i;
const UNFOLLOW = /^unfollow(?!\S)/i;
const HELP = /^help$/i;
const SENDING_MS = 60_000;
// About a minute in all: longer nobody waits for a word.
const PATIENT = { attempts: 8, backoff: { factor: 2, max: "15s" } } as const;

async function timeZoneOf(ctx: Context<Event | undefined, unknown>, person: string): Promise<string> {
  const user = await ctx.user?.(person).catch(() => undefined);
  const { timeZone = "UTC" } = user ?? {};
  return isTimeZone(timeZone) ? timeZone : "UTC";
}
